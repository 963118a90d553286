"""Reading jobs: people see those they asked for, administrators all."""

from datetime import timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.jobs.choices import State
from apps.jobs.models import Job
from mlregistry.errors import NotFound

BIGINT = 2**63
LATELY = timedelta(days=3)
AMONG_NEWEST = 5_000
"""Where failures are looked for: no index knows them, and older ones are no news."""
BULKY = ("payload", "log", "result")


def jobs_visible_to(user: User) -> QuerySet[Job]:
    if user.is_superuser or user.has_perm("jobs.view_job"):
        return Job.objects.all()
    return Job.objects.filter(user_id=user.pk)


def get_job(user: User, pk: int) -> Job:
    """Absent and somebody else's look the same."""
    found = jobs_visible_to(user).filter(pk=pk).first() if pk < BIGINT else None
    if found is None:
        raise NotFound(f"There is no job {pk}.")
    return found


def may_cancel(user: User, job: Job) -> bool:
    return user.pk == job.user_id or user.has_perm("jobs.cancel_job")


def may_take_file(user: User, job: Job) -> bool:
    """What a job left for whoever asked is theirs, though others may watch the job."""
    return user.is_superuser or user.pk == job.user_id


def failed_lately(condition: Q) -> QuerySet[Job]:
    newest = Job.objects.aggregate(newest=Max("pk"))["newest"] or 0
    failed = Q(pk__gt=newest - AMONG_NEWEST, state=State.FAILED, finished_at__gt=timezone.now() - LATELY)
    return Job.objects.filter(failed, condition).defer(*BULKY).order_by("-pk")
