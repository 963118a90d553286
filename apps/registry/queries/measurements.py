"""What was measured of a version, for those who judge it: the server asks for itself, so nobody's permissions apply."""

import math
import sys
from dataclasses import dataclass

from apps.registry.models import ModelVersion
from apps.tracking.choices import Lifecycle
from apps.tracking.models import LatestMetric, LoggedModelMetric

MOST = 10_000
"""Points of one metric of one logged model; the newest count."""


@dataclass(frozen=True, slots=True)
class Measurement:
    value: float
    dataset: str = ""
    """Its name and digest, where it was measured on one that was named."""

    @property
    def is_a_figure(self) -> bool:
        """Clients write infinity as the largest number there is."""
        return math.isfinite(self.value) and abs(self.value) < sys.float_info.max


def measurements_of(version: ModelVersion, metric: str, *, dataset: str = "") -> list[Measurement]:
    """The last value of a metric: of the logged model on each data set, or else of the run. Two queries at most.

    A run may have made several models, so what was logged of this very one comes first. With `dataset`, only what was
    measured on data sets of that name counts, whatever their digest.
    """
    return _of_the_model(version, metric, dataset) or ([] if dataset else _of_the_run(version, metric))


def _of_the_model(version: ModelVersion, metric: str, dataset: str) -> list[Measurement]:
    if not version.logged_model_id:
        return []
    points = LoggedModelMetric.objects.filter(
        model__model_id=version.logged_model_id, model__lifecycle_stage=Lifecycle.ACTIVE, key=metric
    )
    if dataset:
        points = points.filter(dataset_name=dataset)
    latest: dict[str, Measurement] = {}
    rows = points.order_by("-step", "-timestamp", "-pk").values_list(
        "value", "is_nan", "dataset_name", "dataset_digest"
    )
    for value, is_nan, name, digest in rows[:MOST]:
        on = f"{name} ({digest})" if digest else name
        latest.setdefault(on, Measurement(math.nan if is_nan else value, on))
    return list(latest.values())


def _of_the_run(version: ModelVersion, metric: str) -> list[Measurement]:
    if not version.run_id:
        return []
    found = LatestMetric.objects.filter(
        run__uuid=version.run_id, run__lifecycle_stage=Lifecycle.ACTIVE, key__name=metric
    ).values_list("value", "is_nan")
    return [Measurement(math.nan if is_nan else value) for value, is_nan in found]
