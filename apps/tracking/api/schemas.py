"""Requests of the tracking calls, field by field as in the wire's catalogue."""

from apps.tracking.choices import LoggedModelStatus, RunStatus
from apps.tracking.entities import DatasetFilter, DatasetInput, Metric, ModelInput, ModelOrder, ModelOutput, Param, Tag
from mlregistry.wire.schema import Int32, Int64, Required, Schema, ViewType, missing


class CreateExperiment(Schema, kw_only=True):
    name: Required
    artifact_location: str = ""
    tags: list[Tag] = []


class GetExperiment(Schema, kw_only=True):
    experiment_id: Required


class GetExperimentByName(Schema, kw_only=True):
    experiment_name: Required


class SearchExperiments(Schema, kw_only=True):
    max_results: Int64 | None = None
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: ViewType = ViewType.ACTIVE_ONLY


class DeleteExperiment(Schema, kw_only=True):
    experiment_id: Required


class RestoreExperiment(Schema, kw_only=True):
    experiment_id: Required


class UpdateExperiment(Schema, kw_only=True):
    experiment_id: Required
    new_name: Required


class SetExperimentTag(Schema, kw_only=True):
    experiment_id: Required
    key: Required
    value: str = ""


class DeleteExperimentTag(Schema, kw_only=True):
    experiment_id: Required
    key: Required


class SearchDatasets(Schema, kw_only=True):
    experiment_ids: list[str] = []


class CreateRun(Schema, kw_only=True):
    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: Int64 = 0
    tags: list[Tag] = []


class OfRun(Schema, kw_only=True):
    """A request about one run; clients older than MLflow 1.0 call its id `run_uuid`."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def run(self) -> str:
        """The id that counts, where both are given: the one that is authorised and used."""
        run_id = self.run_id or self.run_uuid
        if not run_id:
            raise missing("run_id")
        return run_id


class UpdateRun(OfRun, kw_only=True):
    status: RunStatus | None = None
    end_time: Int64 | None = None
    run_name: str = ""


class DeleteRun(Schema, kw_only=True):
    run_id: Required


class RestoreRun(Schema, kw_only=True):
    run_id: Required


class GetRun(OfRun, kw_only=True):
    pass


class LogMetric(OfRun, kw_only=True):
    key: Required
    value: float
    timestamp: Int64
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogParam(OfRun, kw_only=True):
    key: Required
    value: str = ""


class SetTag(OfRun, kw_only=True):
    key: Required
    value: str = ""


class DeleteTag(Schema, kw_only=True):
    run_id: Required
    key: Required


class LogBatch(Schema, kw_only=True):
    run_id: Required
    metrics: list[Metric] = []
    params: list[Param] = []
    tags: list[Tag] = []


class LogModel(Schema, kw_only=True):
    run_id: Required
    model_json: Required


class LogInputs(Schema, kw_only=True):
    run_id: Required
    datasets: list[DatasetInput] = []
    models: list[ModelInput] = []


class LogOutputs(Schema, kw_only=True):
    run_id: Required
    models: list[ModelOutput]


class SearchRuns(Schema, kw_only=True):
    experiment_ids: list[str] = []
    filter: str = ""
    run_view_type: ViewType = ViewType.ACTIVE_ONLY
    max_results: Int32 = 1000
    order_by: list[str] = []
    page_token: str = ""


class GetMetricHistory(OfRun, kw_only=True):
    metric_key: Required
    page_token: str = ""
    max_results: Int32 | None = None


class GetMetricHistoryBulk(Schema, kw_only=True):
    run_id: list[str] = []
    metric_key: str | None = None
    max_results: Int32 | None = None


class GetMetricHistoryBulkInterval(Schema, kw_only=True):
    run_ids: list[str] = []
    metric_key: Required
    start_step: Int32 | None = None
    end_step: Int32 | None = None
    max_results: Int32 | None = None


class CreateLoggedModel(Schema, kw_only=True):
    experiment_id: Required
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Param] = []
    tags: list[Tag] = []


class GetLoggedModel(Schema, kw_only=True):
    model_id: Required
    allow_deleted: bool = False


class OfLoggedModel(Schema, kw_only=True):
    model_id: Required


class FinalizeLoggedModel(OfLoggedModel, kw_only=True):
    status: LoggedModelStatus


class SetLoggedModelTags(OfLoggedModel, kw_only=True):
    tags: list[Tag] = []


class DeleteLoggedModelTag(OfLoggedModel, kw_only=True):
    tag_key: Required


class LogLoggedModelParams(OfLoggedModel, kw_only=True):
    params: list[Param] = []


class SearchLoggedModels(Schema, kw_only=True):
    experiment_ids: list[str]
    filter: str = ""
    datasets: list[DatasetFilter] = []
    max_results: Int32 = 0
    order_by: list[ModelOrder] = []
    page_token: str = ""
