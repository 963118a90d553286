"""What the file MLmodel says of a model. It is read as data: nothing that it names is opened or imported."""

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any

from apps.tracking.content.safe_yaml import load_yaml
from apps.tracking.content.signatures import Signature, parse_signature
from mlregistry.errors import InvalidParameter
from mlregistry.printable import storable

LONGEST_SETTING = 1_000
LONGEST_METADATA = 64 * 1024
MOST_FLAVORS = 50

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class InputExample:
    """The example of an input that was saved with the model; paths are relative to the model."""

    artifact_path: str
    type: str
    serving_input_path: str


@dataclass(frozen=True, slots=True)
class MLmodel:
    """The known fields of an MLmodel file; texts that it lacks are empty.

    `flavors` has the plain settings of each flavor, such as `loader_module`, `model_path`, `python_version` or
    `sklearn_version`. `metadata` is the user's own, and empty if it is large.
    """

    flavors: dict[str, dict[str, Scalar]]
    signature: Signature | None = None
    input_example: InputExample | None = None
    model_uuid: str = ""
    run_id: str = ""
    model_id: str = ""
    artifact_path: str = ""
    utc_time_created: str = ""
    mlflow_version: str = ""
    model_size_bytes: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As a JSON field keeps it."""
        return asdict(self)


def parse_mlmodel(raw: bytes) -> MLmodel:
    """Read an MLmodel file; `InvalidParameter` if it is none."""
    given = load_yaml(raw, "MLmodel")
    if not isinstance(given, dict):
        raise InvalidParameter("MLmodel is no mapping of fields; MLflow writes flavors, signature and others into it.")
    size = given.get("model_size_bytes")
    return MLmodel(
        flavors=_flavors(given.get("flavors")),
        signature=parse_signature(given.get("signature")),
        input_example=_input_example(given.get("saved_input_example_info")),
        model_uuid=_text(given.get("model_uuid")),
        run_id=_text(given.get("run_id")),
        model_id=_text(given.get("model_id")),
        artifact_path=_text(given.get("artifact_path")),
        utc_time_created=_text(given.get("utc_time_created")),
        mlflow_version=_text(given.get("mlflow_version")),
        model_size_bytes=size if isinstance(size, int) else None,
        metadata=_metadata(given.get("metadata")),
    )


def _flavors(given: object) -> dict[str, dict[str, Scalar]]:
    if not isinstance(given, dict) or len(given) > MOST_FLAVORS:
        raise InvalidParameter(
            f"MLmodel must have flavors: a mapping of at most {MOST_FLAVORS} names to their settings."
        )
    flavors: dict[str, dict[str, Scalar]] = {}
    for name, settings in given.items():
        if not isinstance(name, str) or not isinstance(settings, dict | None):
            raise InvalidParameter("A flavor in MLmodel is no mapping of settings.")
        flavors[storable(name)] = {
            storable(str(key)): _plain(value) for key, value in (settings or {}).items() if _is_setting(value)
        }
    return flavors


def _is_setting(value: object) -> bool:
    return isinstance(value, int | float | None) or (isinstance(value, str) and len(value) <= LONGEST_SETTING)


def _input_example(given: object) -> InputExample | None:
    if not isinstance(given, dict):
        return None
    return InputExample(
        _text(given.get("artifact_path")), _text(given.get("type")), _text(given.get("serving_input_path"))
    )


def _metadata(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {}
    metadata = _plain(given)
    return metadata if len(json.dumps(metadata)) <= LONGEST_METADATA else {}


def _text(value: object) -> str:
    """A field that is a text; YAML may have taken it for a number or a time."""
    text = "" if value is None or isinstance(value, dict | list) else str(value)
    return storable(text[:LONGEST_SETTING])


def _plain(value: object) -> Any:
    """What YAML gave, as JSON has it: times are texts, and so are numbers that JSON does not know."""
    match value:
        case dict():
            return {storable(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [_plain(item) for item in value]
        case bool() | int() | None:
            return value
        case float() if math.isfinite(value):
            return value
    return storable(str(value))
