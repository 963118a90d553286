"""Reading one run."""

from typing import NamedTuple

from django.db import connection

from apps.accounts.grants import check_level
from apps.accounts.models import User
from apps.tracking.choices import PRESENT, Lifecycle
from apps.tracking.models import Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level


class RunRow(NamedTuple):
    """What writing to a run needs to know of it."""

    pk: int
    uuid: str
    experiment_id: int
    lifecycle_stage: str
    level: int

    @property
    def is_active(self) -> bool:
        return self.lifecycle_stage == Lifecycle.ACTIVE


def run_to_write(user: User, run_id: str, *, at_least: Level = Level.EDIT) -> RunRow:
    """The active run of that id, for someone who may write to it. One query made by hand: every log call comes here."""
    row = run_row(user, run_id, at_least=at_least)
    if not row.is_active:
        raise InvalidParameter(
            f"The run {row.uuid} must be in the 'active' state. Current state is {row.lifecycle_stage}."
        )
    return row


def run_row(user: User, run_id: str, *, at_least: Level) -> RunRow:
    """The run of that id, active or deleted. Absent and hidden look the same."""
    with connection.cursor() as cursor:
        cursor.execute(_run_sql(), {"run": run_id, "user": user.pk})
        found = cursor.fetchone()
    level = found[4] if found else Level.NO_PERMISSIONS
    check_level(level, at_least=at_least, absent=_absent(run_id), subject=f"run {run_id}")
    return RunRow(*found)


def get_run(user: User, run_id: str, *, at_least: Level = Level.READ) -> Run:
    runs = Run.objects.filter(uuid=run_id, lifecycle_stage__in=PRESENT)
    absent, subject = _absent(run_id), f"run {run_id}"
    return EXPERIMENT_GRANTS.demand(runs, user, at_least=at_least, via="experiment", absent=absent, subject=subject)


def _absent(run_id: str) -> str:
    return f"Run with id={run_id} not found"


def _run_sql() -> str:
    level = EXPERIMENT_GRANTS.level_sql("run.experiment_id")
    return (
        f"SELECT run.id, run.uuid, run.experiment_id, run.lifecycle_stage, {level} "  # noqa: S608  no user's words in it
        f"FROM tracking_run run WHERE run.uuid = %(run)s AND run.lifecycle_stage <> '{Lifecycle.PURGING}'"
    )
