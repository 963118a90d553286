"""Where the pages of the record are, below /admin/."""

from django.urls import path

from apps.audit.pages import export, record

urlpatterns = [
    path("audit/", record.record, name="audit"),
    path("audit/<int:sequence>/", record.entry, name="audit-entry"),
    path("audit/export/", export.export, name="audit-export"),
    path("audit/verifier/", export.verifier, name="audit-verifier"),
]
