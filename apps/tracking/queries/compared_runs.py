"""Reading runs that somebody wants to see side by side."""

import re
from collections.abc import Collection, Sequence

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.tracking.choices import PRESENT, Lifecycle
from apps.tracking.models import Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.prefixes import begins_with

SEARCHED = 10_000
"""The newest runs, among which a name is looked for: no index answers what a name holds."""
_RUN_ID = re.compile(r"[\w-]{1,32}", re.ASCII)
_BEGINNING_OF_ID = re.compile(r"[0-9a-f]{6,32}")


def compared_runs(user: User, run_ids: Sequence[str]) -> list[Run]:
    """Those of the runs that are there and that the user may read, in the order of `run_ids`."""
    wanted = [run_id for run_id in run_ids if _RUN_ID.fullmatch(run_id)]
    runs = Run.objects.filter(uuid__in=wanted, lifecycle_stage__in=PRESENT).select_related("experiment")
    found = {run.uuid: run for run in EXPERIMENT_GRANTS.filter(runs, user, via="experiment")}
    return [found[run_id] for run_id in wanted if run_id in found]


def runs_to_add(user: User, words: str, *, beside: Sequence[Run], without: Collection[str], most: int) -> list[Run]:
    """Runs to compare with those `beside`: by how their id begins, or by a part of their name in those experiments."""
    readable = EXPERIMENT_GRANTS.filter(
        Run.objects.filter(lifecycle_stage=Lifecycle.ACTIVE), user, via="experiment"
    ).exclude(uuid__in=without)
    found: list[Run] = []
    for runs in (_by_id(readable, words), _by_name(readable, words, {run.experiment_id for run in beside})):
        found += runs.select_related("experiment").order_by("-start_time")[: most - len(found)]
    return list({run.pk: run for run in found}.values())


def _by_id(runs: QuerySet[Run], words: str) -> QuerySet[Run]:
    return runs.filter(begins_with("uuid", words)) if _BEGINNING_OF_ID.fullmatch(words) else runs.none()


def _by_name(runs: QuerySet[Run], words: str, experiments: Collection[int]) -> QuerySet[Run]:
    if not experiments:
        return runs.none()
    newest = runs.filter(experiment__in=experiments).order_by("-start_time").values("pk")[:SEARCHED]
    return Run.objects.filter(Q(pk__in=newest), name__icontains=words)
