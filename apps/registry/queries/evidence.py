"""What was measured of versions, as far as whoever asks may read the runs and logged models that they came from."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from apps.accounts.models import User
from apps.registry.models import ModelVersion
from apps.tracking.choices import PRESENT
from apps.tracking.models import LatestMetric, LoggedModel, LoggedModelMetric, Param, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS

MOST = 2_000
"""Metrics that are read for a page; what is beyond, the run's own page shows."""
COLUMNS = 3
"""Metrics that a table of versions has room for."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a version came from, and what was measured there."""

    run: Run | None = None
    logged_model: LoggedModel | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    model_metrics: list[LoggedModelMetric] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)


def evidence_of(user: User, version: ModelVersion) -> Evidence:
    """Five queries at most; nothing of what the user may not read."""
    run = _runs(user, [version]).get(version.run_id)
    model = _logged_model(user, version)
    return Evidence(
        run=run,
        logged_model=model,
        metrics=_metrics([run.pk]).get(run.pk, {}) if run else {},
        model_metrics=_latest(model) if model else [],
        params=dict(Param.objects.filter(run=run).order_by("key").values_list("key", "value")[:MOST]) if run else {},
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics of many versions, as a table has them."""

    keys: list[str]
    values: dict[int, list[float | None]]
    """By the primary key of the version, in the order of `keys`."""
    runs: dict[str, Run]
    """By the id that versions name them with."""


def measured(user: User, versions: Collection[ModelVersion]) -> Measured:
    """The metrics that most of these versions' runs have. Two queries, however many versions."""
    runs = _runs(user, versions)
    by_run = _metrics([run.pk for run in runs.values()])
    common = Counter(key for metrics in by_run.values() for key in metrics)
    keys = sorted(key for key, _ in sorted(common.items(), key=lambda item: (-item[1], item[0]))[:COLUMNS])
    values = {}
    for version in versions:
        run = runs.get(version.run_id)
        metrics = by_run.get(run.pk, {}) if run else {}
        values[version.pk] = [metrics.get(key) for key in keys]
    return Measured(keys, values, runs)


def _runs(user: User, versions: Collection[ModelVersion]) -> dict[str, Run]:
    uuids = {version.run_id for version in versions if version.run_id}
    if not uuids:
        return {}
    found = Run.objects.filter(uuid__in=uuids, lifecycle_stage__in=PRESENT).select_related("experiment")
    return {run.uuid: run for run in EXPERIMENT_GRANTS.filter(found, user, via="experiment")}


def _metrics(runs: Collection[int]) -> dict[int, dict[str, float]]:
    rows = LatestMetric.objects.filter(run__in=runs).order_by("key__name")
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for run, key, value, is_nan in rows.values_list("run_id", "key__name", "value", "is_nan")[:MOST]:
        found[run][key] = float("nan") if is_nan else value
    return found


def _logged_model(user: User, version: ModelVersion) -> LoggedModel | None:
    if not version.logged_model_id:
        return None
    found = LoggedModel.objects.filter(model_id=version.logged_model_id, lifecycle_stage__in=PRESENT)
    return EXPERIMENT_GRANTS.filter(found, user, via="experiment").first()


def _latest(model: LoggedModel) -> list[LoggedModelMetric]:
    """The last point of each metric on each data set."""
    points = LoggedModelMetric.objects.filter(model=model).order_by("-step", "-timestamp", "-pk")[:MOST]
    latest: dict[tuple[str, str, str], LoggedModelMetric] = {}
    for point in points:
        latest.setdefault((point.key, point.dataset_name, point.dataset_digest), point)
    return [latest[key] for key in sorted(latest)]
