"""Where the pages of notices are, below /admin/."""

from django.urls import path

from apps.notices.pages import notices, preferences

urlpatterns = [
    path("notices/", notices.notices, name="notices"),
    path("notices/bell/", notices.bell, name="notices-bell"),
    path("notices/read/", notices.read_all, name="notices-read"),
    path("notices/<int:pk>/read/", notices.read, name="notice-read"),
    path("account/notices/", preferences.preferences, name="notice-preferences"),
    path("account/notices/choose/", preferences.choose, name="notice-preferences-choose"),
]
