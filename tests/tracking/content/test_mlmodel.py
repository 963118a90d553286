"""MLmodel as the genuine MLflow writes it, and as nobody should."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from apps.tracking.content.mlmodel import InputExample, parse_mlmodel
from mlregistry.errors import InvalidParameter
from tests.registry.content.genuine_models import (
    REQUIREMENTS,
    LogisticRegression,
    mlflow,
    save_python_function,
    unheeded_warnings,
)

with unheeded_warnings():
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType, Array, Map, Object, Property


def _saved(folder: Path, **options: Any) -> bytes:
    return (save_python_function(folder, loader_module="some_module", **options) / "MLmodel").read_bytes()


def test_a_scikit_learn_model_of_the_genuine_mlflow(tmp_path: Path) -> None:
    data = pd.DataFrame({"length": [1.0, 2.0], "count": [1, 2]})
    model = LogisticRegression().fit(data, [0, 1])
    with unheeded_warnings():
        mlflow.sklearn.save_model(
            model,
            str(tmp_path / "model"),
            serialization_format="pickle",
            signature=mlflow.models.infer_signature(data, np.array([0, 1])),
            input_example=data,
            pip_requirements=REQUIREMENTS,
            metadata={"owner": "ada", "tested": True},
        )

    found = parse_mlmodel((tmp_path / "model/MLmodel").read_bytes())

    assert found.flavors["python_function"]["loader_module"] == "mlflow.sklearn"
    assert found.flavors["python_function"]["model_path"] == "model.pkl"
    assert found.flavors["sklearn"]["serialization_format"] == "pickle"
    assert found.flavors["sklearn"]["sklearn_version"]
    assert found.signature is not None
    assert found.signature.inputs == [
        {"name": "length", "type": "double", "required": True},
        {"name": "count", "type": "long", "required": True},
    ]
    assert found.signature.outputs == [
        {"name": "", "type": "tensor", "required": True, "dtype": "int64", "shape": [-1]}
    ]
    assert found.input_example == InputExample("input_example.json", "dataframe", "serving_input_example.json")
    assert found.metadata == {"owner": "ada", "tested": True}
    assert found.mlflow_version == mlflow.__version__
    assert found.model_size_bytes is not None
    assert len(found.model_uuid) == 32
    assert found.utc_time_created.startswith("20")
    assert json.loads(json.dumps(found.as_json())) == found.as_json()


def test_a_python_function_with_every_kind_of_type(tmp_path: Path) -> None:
    schema = Schema(
        [
            ColSpec(DataType.string, "text"),
            ColSpec(DataType.datetime, "when", required=False),
            ColSpec(Array(DataType.long), "ids"),
            ColSpec(Map(Array(DataType.double)), "scores"),
            ColSpec(Object([Property("a", DataType.string), Property("b", DataType.binary, required=False)]), "thing"),
            ColSpec(AnyType(), "whatever", required=False),
        ]
    )
    params = ParamSchema(
        [
            ParamSpec("temperature", DataType.double, 0.5),
            ParamSpec("words", DataType.string, ["a"], shape=(-1,)),
            ParamSpec("limit", DataType.double, float("inf")),
            ParamSpec("options", Object([Property("a", DataType.string)]), {"a": "b"}),
        ]
    )
    outputs = Schema([TensorSpec(np.dtype("float32"), (-1, 3), "scores")])

    found = parse_mlmodel(_saved(tmp_path / "model", signature=ModelSignature(schema, outputs, params)))

    assert found.signature is not None
    assert [(column["name"], column["type"], column["required"]) for column in found.signature.inputs] == [
        ("text", "string", True),
        ("when", "datetime", False),
        ("ids", "array(long)", True),
        ("scores", "map(array(double))", True),
        ("thing", "object(a: string, b?: binary)", True),
        ("whatever", "any", False),
    ]
    assert found.signature.outputs == [
        {"name": "scores", "type": "tensor", "required": True, "dtype": "float32", "shape": [-1, 3]}
    ]
    assert found.signature.params == [
        {"name": "temperature", "type": "double", "required": False, "default": 0.5, "shape": None},
        {"name": "words", "type": "string", "required": False, "default": ["a"], "shape": [-1]},
        {"name": "limit", "type": "double", "required": False, "default": "Infinity", "shape": None},
        {"name": "options", "type": "object(a: string)", "required": False, "default": {"a": "b"}, "shape": None},
    ]


def test_metadata_that_repeats_itself_is_read(tmp_path: Path) -> None:
    """The genuine MLflow writes an alias where the same list stands twice."""
    shared = ["a", "b"]

    raw = _saved(tmp_path / "model", metadata={"first": shared, "second": shared})

    assert b"*id001" in raw
    assert parse_mlmodel(raw).metadata == {"first": ["a", "b"], "second": ["a", "b"]}


def test_unknown_fields_and_settings_that_are_not_plain_are_left_out() -> None:
    found = parse_mlmodel(b"flavors: {f: {a: 1, env: {conda: x}, code: null}}\nsecret: 1\nrun_id: abc\n")

    assert found.flavors == {"f": {"a": 1, "code": None}}
    assert found.run_id == "abc"
    assert "secret" not in found.as_json()


def test_large_metadata_is_left_out() -> None:
    found = parse_mlmodel(json.dumps({"flavors": {}, "metadata": {"long": "x" * 70_000}}).encode())

    assert found.metadata == {}


def test_values_that_databases_refuse_are_changed() -> None:
    found = parse_mlmodel(
        rb'{"flavors": {"a\0b": {"x": .nan, "y": 0.5, "at": 2024-01-01}}, "metadata": {"\0": ["\0", .inf, 2024-01-01]}}'
    )

    assert found.flavors == {"a\ufffdb": {"x": "nan", "y": 0.5}}
    assert found.metadata == {"\ufffd": ["\ufffd", "inf", "2024-01-01"]}


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no mapping of fields"),
        (b"- a\n- b\n", "no mapping of fields"),
        (b"{a: [}", "not valid YAML: line 1"),
        (b"\x80\x04K\x01.", "not valid YAML"),
        (b"flavors: {}\nx: !!python/object/apply:os.system [touch /tmp/x]\n", "not valid YAML: line 2"),
        (b"flavors: {}\nx: !!timestamp soon\n", "not valid YAML"),
        (b"flavors: {}\nx: 2024-13-45\n", "not valid YAML"),
        (b"a: 1\n---\nb: 1\n", "not valid YAML"),
        (b"run_id: x\n", "must have flavors"),
        (b"flavors: [sklearn]\n", "must have flavors"),
        (b"flavors: {sklearn: model.pkl}\n", "no mapping of settings"),
        (b"flavors: {}\nsignature: yes\n", "no mapping of inputs"),
        (b"flavors: {}\nsignature: {inputs: '[{'}\n", "inputs of the signature in MLmodel are not JSON"),
        (b"flavors: {}\nsignature: {inputs: 7}\n", "inputs of the signature in MLmodel are not JSON"),
        (b"flavors: {}\nsignature: {outputs: '7'}\n", "not a list of objects"),
        (b"flavors: {}\nsignature: {params: '[{}]'}\n", "has no type"),
        (b'flavors: {}\nsignature: {inputs: \'[{"type": "tensor"}]\'}\n', "has no tensor-spec"),
        (b'flavors: {}\nsignature: {params: \'[{"type": "long", "shape": [null]}]\'}\n', "no list of whole numbers"),
        (b"flavors: {}\nsignature: {inputs: '" + b"[" * 100_000 + b"'}\n", "not JSON"),
        (b"flavors: {}\nx: " + b"a" * 1_100_000, "has 1,100,015 bytes; it can have 1,048,576"),
        (b"flavors: {}\nx: " + b"[" * 40 + b"]" * 40, "nested more than 32 deep"),
        (b"flavors: {}\nx: [" + b"1," * 120_000 + b"]", "more than 100,000 values"),
        (b"flavors: {}\nx: &a [*a]\n", "alias for something that it is a part of"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidParameter, match=says):
        parse_mlmodel(raw)


def test_a_type_that_is_nested_too_deep_is_refused() -> None:
    column: dict[str, Any] = {"type": "double"}
    for _ in range(40):
        column = {"type": "array", "items": column}

    with pytest.raises(InvalidParameter, match="nested more than 32 deep"):
        parse_mlmodel(json.dumps({"flavors": {}, "signature": {"inputs": json.dumps([column])}}).encode())


def test_a_bomb_of_aliases_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 9)]

    with pytest.raises(InvalidParameter, match="counting each alias as what it names"):
        parse_mlmodel("\n".join(["flavors: {}", *lines]).encode())
