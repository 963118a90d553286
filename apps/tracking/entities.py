"""What clients log, as the wire has it: parts of requests that services take as they are."""

from mlregistry.wire.schema import Int64, Required, Schema


class Metric(Schema, kw_only=True):
    key: Required
    value: float
    timestamp: Int64
    step: Int64 = 0
    dataset_name: str = ""
    dataset_digest: str = ""
    model_id: str = ""
    run_id: str = ""


class Param(Schema, kw_only=True):
    key: Required
    value: str = ""


class Tag(Schema, kw_only=True):
    key: Required
    value: str = ""


class InputTag(Schema, kw_only=True):
    key: str
    value: str


class Dataset(Schema, kw_only=True):
    name: str
    digest: str
    source_type: str
    source: str
    schema: str = ""
    profile: str = ""


class DatasetInput(Schema, kw_only=True):
    dataset: Dataset
    tags: list[InputTag] = []


class ModelInput(Schema, kw_only=True):
    model_id: Required


class ModelOutput(Schema, kw_only=True):
    model_id: Required
    step: Int64 = 0


class DatasetFilter(Schema, kw_only=True):
    dataset_name: str = ""
    dataset_digest: str = ""


class ModelOrder(Schema, kw_only=True):
    field_name: Required
    ascending: bool = True
    dataset_name: str = ""
    dataset_digest: str = ""
