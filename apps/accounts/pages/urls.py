"""Where the pages of accounts are, below /admin/."""

from django.urls import path

from apps.accounts.pages import access, account, people, person, teams, tokens

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/teams/", teams.teams, name="teams"),
    path("people/teams/<int:pk>/", teams.team, name="team"),
    path("people/teams/<int:pk>/add/", teams.add_member, name="team-add"),
    path("people/teams/<int:pk>/remove/", teams.remove_member, name="team-remove"),
    path("people/<int:pk>/", person.person, name="person"),
    path("people/<int:pk>/switch/", person.switch, name="person-switch"),
    path("account/", account.account, name="account"),
    path("account/preferences/", account.preferences, name="account-preferences"),
    path("account/tokens/", tokens.make, name="token-make"),
    path("account/tokens/<int:pk>/revoke/", tokens.revoke, name="token-revoke"),
    path("access/<str:kind>/<int:pk>/", access.access, name="access"),
    path("access/<str:kind>/<int:pk>/give/", access.give, name="access-give"),
    path("access/<str:kind>/<int:pk>/take/", access.take, name="access-take"),
]
