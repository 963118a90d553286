"""The list of experiments: those with the latest activity first, and what is known of each in one statement."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest

from apps.accounts.models import User
from apps.tracking.choices import STAGES_OF_VIEW, Lifecycle
from apps.tracking.models import Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.levels import Level
from mlregistry.wire.keyset import Page, Term, fetch_page
from mlregistry.wire.schema import ViewType

NOTE_TAG = "mlflow.note.content"
MOST_COUNTED = 10_000
"""Runs of an experiment; beyond, it has "10,000+"."""
SHOWN_OF_A_NOTE = 300
ORDERS = ("activity", "name", "created")


@dataclass(frozen=True, slots=True)
class Summary:
    runs: int
    running: int
    last_start: int | None
    last_user: str
    note: str

    @property
    def is_more(self) -> bool:
        return self.runs > MOST_COUNTED

    @property
    def shown(self) -> int:
        return min(self.runs, MOST_COUNTED)


def list_experiments(
    user: User, *, words: str, view: ViewType, order: str, limit: int, page_token: str
) -> Page[Experiment]:
    """Experiments that the user may read whose name holds `words`, with the `level` that the user has on each."""
    experiments = EXPERIMENT_GRANTS.filter(Experiment.objects.filter(lifecycle_stage__in=STAGES_OF_VIEW[view]), user)
    experiments = EXPERIMENT_GRANTS.annotate(experiments, user)
    if words:
        experiments = experiments.filter(name__icontains=words)
    terms = {
        "name": [Term("name", str), Term("id", int)],
        "created": [Term("creation_time", int, ascending=False), Term("id", int, ascending=False)],
    }.get(order, [Term("active", int, ascending=False), Term("id", int, ascending=False)])
    question = ["experiment-list", words, view, order]
    return fetch_page(_with_activity(experiments), terms=terms, limit=limit, token=page_token, question=question)


def editable_experiments(user: User, *, words: str) -> QuerySet[Experiment]:
    """Active experiments that the user may write to whose name holds `words`, those with the latest activity first."""
    active = Experiment.objects.filter(name__icontains=words.replace("\0", ""), lifecycle_stage=Lifecycle.ACTIVE)
    editable = EXPERIMENT_GRANTS.filter(active, user, at_least=Level.EDIT)
    return _with_activity(editable).order_by(F("active").desc(), "-pk")


def _with_activity(experiments: "QuerySet[Experiment]") -> "QuerySet[Experiment]":
    """With `active`: when its newest run began, or it was changed itself."""
    newest = Run.objects.filter(experiment=OuterRef("pk"), lifecycle_stage=Lifecycle.ACTIVE).order_by("-start_time")
    started = Coalesce(Subquery(newest.values("start_time")[:1]), 0)
    return experiments.annotate(active=Greatest(started, "last_update_time"))


def summaries(experiments: Iterable[int]) -> dict[int, Summary]:
    """What the list says of these experiments. Runs are counted no further than `MOST_COUNTED`, from an index."""
    pks = list(experiments)
    if not pks:
        return {}
    runs = "FROM tracking_run r WHERE r.experiment_id = e.id AND r.lifecycle_stage = 'active'"
    newest = f"(SELECT r.id {runs} ORDER BY r.start_time DESC, r.uuid LIMIT 1)"
    note = (
        f"(SELECT SUBSTR(t.value, 1, {SHOWN_OF_A_NOTE}) FROM tracking_experimenttag t"  # noqa: S608  no user's words
        f" WHERE t.experiment_id = e.id AND t.key = '{NOTE_TAG}')"
    )
    statement = (
        f"SELECT e.id, (SELECT COUNT(*) FROM (SELECT 1 {runs} LIMIT {MOST_COUNTED + 1}) c),"  # noqa: S608  likewise
        f" (SELECT COUNT(*) FROM (SELECT r.status {runs} ORDER BY r.start_time DESC, r.uuid LIMIT 100) c"
        " WHERE c.status = 'RUNNING'),"
        f" n.start_time, n.user_id, n.created_by, {note}"
        f" FROM tracking_experiment e LEFT JOIN tracking_run n ON n.id = {newest}"
        f" WHERE e.id IN ({', '.join(['%s'] * len(pks))})"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, pks)
        return {
            pk: Summary(count, running, started, user or owner or "", note or "")
            for pk, count, running, started, user, owner, note in cursor.fetchall()
        }
