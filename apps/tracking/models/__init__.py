"""The rows of tracking. Times are milliseconds since 1970 (UTC), as on the wire."""

from apps.tracking.models.artifacts import ArtifactFile, Seal
from apps.tracking.models.datasets import Dataset, DatasetInput, InputTag
from apps.tracking.models.experiments import Experiment, ExperimentTag, ExperimentTeamGrant, ExperimentUserGrant
from apps.tracking.models.logged_models import (
    LoggedModel,
    LoggedModelMetric,
    LoggedModelParam,
    LoggedModelTag,
    ModelInput,
    ModelOutput,
)
from apps.tracking.models.metrics import LatestMetric, Metric, MetricKey
from apps.tracking.models.runs import Param, Run, RunTag
from apps.tracking.models.saved_views import SavedView

__all__ = [
    "ArtifactFile",
    "Dataset",
    "DatasetInput",
    "Experiment",
    "ExperimentTag",
    "ExperimentTeamGrant",
    "ExperimentUserGrant",
    "InputTag",
    "LatestMetric",
    "LoggedModel",
    "LoggedModelMetric",
    "LoggedModelParam",
    "LoggedModelTag",
    "Metric",
    "MetricKey",
    "ModelInput",
    "ModelOutput",
    "Param",
    "Run",
    "RunTag",
    "SavedView",
    "Seal",
]
