"""Where the pages of jobs are, below /admin/."""

from django.urls import path

from apps.jobs.pages import jobs, verification

urlpatterns = [
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/cancel/", jobs.cancel, name="job-cancel"),
    path("audit/verify/", verification.verify, name="audit-verify"),
]
