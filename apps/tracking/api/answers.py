"""What the tracking calls answer with, field by field as in the wire's catalogue."""

import msgspec

from apps.tracking.choices import LoggedModelStatus, RunStatus
from apps.tracking.entities import DatasetInput, ModelInput, ModelOutput, Param, Tag
from mlregistry.wire.answers import Answer, Double


class Experiment(Answer, kw_only=True):
    experiment_id: str
    name: str
    artifact_location: str = ""
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    workspace: str
    tags: list[Tag] = []


class ExperimentAnswer(Answer, kw_only=True):
    experiment: Experiment


class ExperimentCreated(Answer, kw_only=True):
    experiment_id: str


class ExperimentPage(Answer, kw_only=True):
    experiments: list[Experiment] = []
    next_page_token: str = ""


class DatasetSummary(Answer, kw_only=True):
    experiment_id: str
    name: str
    digest: str
    context: str = ""


class DatasetSummaries(Answer, kw_only=True):
    dataset_summaries: list[DatasetSummary] = []


class RunInfo(Answer, kw_only=True):
    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: RunStatus
    start_time: int
    end_time: int | msgspec.UnsetType = msgspec.UNSET
    artifact_uri: str
    lifecycle_stage: str


class Point(Answer, kw_only=True):
    """One value of a metric."""

    key: str
    value: Double
    timestamp: int
    step: int = 0


class PointOfRun(Point, kw_only=True):
    run_id: str


class PointOfModel(Point, kw_only=True):
    dataset_name: str = ""
    dataset_digest: str = ""
    model_id: str
    run_id: str


class RunData(Answer, kw_only=True):
    metrics: list[Point] = []
    """The latest point of each metric."""
    params: list[Param] = []
    tags: list[Tag] = []


class RunInputs(Answer, kw_only=True):
    dataset_inputs: list[DatasetInput] = []
    model_inputs: list[ModelInput] = []


class RunOutputs(Answer, kw_only=True):
    model_outputs: list[ModelOutput] = []


class Run(Answer, kw_only=True):
    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs | msgspec.UnsetType = msgspec.UNSET


class RunAnswer(Answer, kw_only=True):
    run: Run


class RunInfoAnswer(Answer, kw_only=True):
    run_info: RunInfo


class RunPage(Answer, kw_only=True):
    runs: list[Run] = []
    next_page_token: str = ""


class History(Answer, kw_only=True):
    metrics: list[Point] = []
    next_page_token: str = ""


class Histories(Answer, kw_only=True):
    metrics: list[PointOfRun] = []


class LoggedModelInfo(Answer, kw_only=True):
    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: LoggedModelStatus
    model_type: str = ""
    source_run_id: str = ""
    tags: list[Tag] = []


class LoggedModelData(Answer, kw_only=True):
    params: list[Param] = []
    metrics: list[PointOfModel] = []


class LoggedModel(Answer, kw_only=True):
    info: LoggedModelInfo
    data: LoggedModelData


class LoggedModelAnswer(Answer, kw_only=True):
    model: LoggedModel


class LoggedModelPage(Answer, kw_only=True):
    models: list[LoggedModel] = []
    next_page_token: str = ""


class Features(Answer, kw_only=True):
    gateway: bool


class ServerInfo(Answer, kw_only=True):
    store_type: str
    workspaces_enabled: bool
    trace_archival_enabled: bool
    multipart_uploads_enabled: bool
    multipart_downloads_enabled: bool
    presigned_upload_run_id_supported: bool
    presigned_upload_model_id_supported: bool
    features_enabled: Features
