"""What the page of a run shows of it and of what is around it."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from apps.accounts.models import User
from apps.tracking.choices import PRESENT, Lifecycle
from apps.tracking.models import DatasetInput, LatestMetric, LoggedModel, ModelInput, ModelOutput, Run, RunTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.run_search import DATASET_CONTEXT_TAG

PARENT_TAG = "mlflow.parentRunId"
SYSTEM_METRICS = "system/"
LONGEST_SCHEMA = 60_000
MOST_COLUMNS = 60
FEW = 50


@dataclass(frozen=True, slots=True)
class TakenDataset:
    """A dataset that a run took, as far as a page shows it."""

    name: str
    digest: str
    context: str
    source: str
    source_type: str
    columns: list[tuple[str, str]] = field(default_factory=list)
    """Names and types, where the schema is one of columns."""
    facts: list[tuple[str, Any]] = field(default_factory=list)
    """Plain values of its profile, such as the number of rows."""


def latest_metrics(run: Run) -> list[tuple[str, LatestMetric]]:
    """Each metric's last point, by key."""
    rows = LatestMetric.objects.filter(run=run).select_related("key").order_by("key__name")
    return [(row.key.name, row) for row in rows]


def metric_keys(runs: list[int]) -> list[str]:
    """What any of the runs logged, by name."""
    keys = LatestMetric.objects.filter(run__in=runs).order_by("key__name").values_list("key__name", flat=True)
    return list(keys.distinct())


def params_of(run: Run) -> list[tuple[str, str]]:
    return list(run.params.order_by("key").values_list("key", "value"))


def tags_of(run: Run) -> dict[str, str]:
    return dict(run.tags.order_by("key").values_list("key", "value"))


def datasets_of(run: Run) -> list[TakenDataset]:
    """Without what is too long for a page: a schema may have a megabyte, a profile sixteen."""
    inputs = DatasetInput.objects.filter(run=run).select_related("dataset").prefetch_related("tags").order_by("pk")
    inputs = inputs.defer("dataset__schema", "dataset__profile").annotate(
        schema=Left("dataset__schema", LONGEST_SCHEMA), profile=Left("dataset__profile", LONGEST_SCHEMA)
    )
    return [_taken(row) for row in inputs]


def models_of(user: User, run: Run) -> tuple[list[LoggedModel], list[LoggedModel]]:
    """The logged models that the run took, and those that it made, as far as `user` may read them."""
    readable = EXPERIMENT_GRANTS.filter(
        LoggedModel.objects.filter(lifecycle_stage=Lifecycle.ACTIVE), user, via="experiment"
    ).order_by("pk")
    taken = readable.filter(pk__in=ModelInput.objects.filter(run=run).values("model"))
    made = Q(pk__in=ModelOutput.objects.filter(run=run).values("model")) | Q(source_run_id=run.uuid)
    return list(taken), list(readable.filter(made))


def parent_of(user: User, tags: dict[str, str]) -> Run | None:
    if PARENT_TAG not in tags:
        return None
    runs = Run.objects.filter(uuid=tags[PARENT_TAG], lifecycle_stage__in=PRESENT)
    return EXPERIMENT_GRANTS.filter(runs, user, via="experiment").first()


def children_of(run: Run) -> list[Run]:
    """The runs of the same experiment that say it is their parent; one more than `FEW` if there are more."""
    says_so = RunTag.objects.filter(run=OuterRef("pk"), key=PARENT_TAG, value=run.uuid)
    return list(_neighbours(run).filter(Exists(says_so)).order_by("-start_time", "uuid")[: FEW + 1])


def others_like(run: Run, words: str) -> list[Run]:
    """Runs of the same experiment by a part of their name, or how their id begins; the newest first."""
    found = _neighbours(run).exclude(pk=run.pk)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(uuid__startswith=words))
    return list(found.order_by("-start_time", "uuid")[:20])


def readable_among(user: User, uuids: list[str]) -> list[Run]:
    """Those of the runs that `user` may read, in the order in which they are named."""
    runs = Run.objects.filter(uuid__in=uuids, lifecycle_stage__in=PRESENT)
    found = {run.uuid: run for run in EXPERIMENT_GRANTS.filter(runs, user, via="experiment")}
    return [found[uuid] for uuid in dict.fromkeys(uuids) if uuid in found]


def _neighbours(run: Run) -> QuerySet[Run]:
    return Run.objects.filter(experiment=run.experiment_id, lifecycle_stage=Lifecycle.ACTIVE)


def _taken(row: Any) -> TakenDataset:
    tags = {tag.key: tag.value for tag in row.tags.all()}
    dataset = row.dataset
    return TakenDataset(
        dataset.name,
        dataset.digest,
        tags.get(DATASET_CONTEXT_TAG, ""),
        _place(dataset.source),
        dataset.source_type,
        _columns(row.schema),
        _facts(row.profile),
    )


def _place(source: str) -> str:
    """The address that a source names, or all of it."""
    said = _json(source)
    if isinstance(said, dict):
        return str(next((said[key] for key in ("uri", "url", "path", "delta_table_name") if said.get(key)), source))
    return source


def _columns(schema: str) -> list[tuple[str, str]]:
    said = _json(schema)
    listed = said.get("mlflow_colspec") if isinstance(said, dict) else None
    columns = [column for column in listed if isinstance(column, dict)] if isinstance(listed, list) else []
    return [(str(column.get("name", "")), str(column.get("type", ""))) for column in columns[:MOST_COLUMNS]]


def _facts(profile: str) -> list[tuple[str, Any]]:
    said = _json(profile)
    plain = said.items() if isinstance(said, dict) else ()
    return [(str(key), value) for key, value in plain if isinstance(value, str | int | float)][:FEW]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
