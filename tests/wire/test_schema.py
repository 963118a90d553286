"""Requests are decoded as protobuf decodes them, by the fast way and the slow way alike."""

import json
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.tracking.api import schemas
from mlregistry.errors import InvalidParameter
from mlregistry.wire import schema as wire
from mlregistry.wire.schema import Empty, decode_body, decode_query

RUN = {"run_id": "r"}


def decoded(schema: type[Any], body: Any, **path: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decode_body(schema, raw, path)


def refusal(schema: type[Any], body: Any, **path: str) -> str:
    with pytest.raises(InvalidParameter) as refused:
        decoded(schema, body, **path)
    assert refused.value.message.isprintable(), "whatever was sent, the answer can be shown"
    return refused.value.message


def test_an_empty_body_is_an_empty_object() -> None:
    for raw in (b"", b"  \n", b"{}", b"null"):
        assert decoded(schemas.CreateRun, raw) == schemas.CreateRun()


def test_fields_nobody_knows_are_ignored_at_every_depth() -> None:
    body = {"run_id": "r", "later": {"a": [1]}, "metrics": [{"key": "k", "value": 1, "timestamp": 2, "unit": "s"}]}
    assert decoded(schemas.LogBatch, body).metrics[0].key == "k"


def test_camel_case_is_understood_at_every_depth() -> None:
    body = {"runId": "r", "metrics": [{"key": "k", "value": 1, "timestamp": 2, "datasetName": "d"}]}
    assert decoded(schemas.LogBatch, body).metrics[0].dataset_name == "d"


def test_both_spellings_of_a_field_are_refused() -> None:
    assert refusal(schemas.LogBatch, {"run_id": "r", "runId": "q"}) == (
        "Request specifies both 'run_id' and 'runId'; provide only one of them."
    )


@pytest.mark.parametrize("value", [12, "12", 12.0, "12.0", "1.2e1"])
def test_whole_numbers_may_be_strings_or_end_in_zero(value: Any) -> None:
    assert decoded(schemas.CreateRun, {"start_time": value}).start_time == 12


@pytest.mark.parametrize(
    "value", [1.5, "x", "", " 1", True, [], {}, 2**63, "9" * 30, float("nan"), float("inf"), 1e300]
)
def test_what_is_no_64_bit_number_is_refused(value: Any) -> None:
    assert "for parameter 'start_time'" in refusal(schemas.CreateRun, {"start_time": value})


@pytest.mark.parametrize(
    ("spelled", "value"),
    [
        (b"NaN", "nan"),
        (b'"NaN"', "nan"),
        (b"Infinity", "inf"),
        (b'"-Infinity"', "-inf"),
        (b"-Infinity", "-inf"),
        (b'"1e3"', "1000.0"),
        (b"1e400", "inf"),
        (b'"1e400"', "inf"),
        (b"7", "7.0"),
    ],
)
def test_doubles_take_the_spellings_of_json_python_and_protobuf(spelled: bytes, value: str) -> None:
    raw = b'{"run_id":"r","key":"k","timestamp":1,"value":' + spelled + b"}"
    assert str(decoded(schemas.LogMetric, raw).value) == value


def test_enums_go_by_name_or_number() -> None:
    for sent in ("FINISHED", 3):
        assert decoded(schemas.UpdateRun, {**RUN, "status": sent}).status == "FINISHED"
    assert decoded(schemas.FinalizeLoggedModel, {"model_id": "m", "status": 2}).status == "LOGGED_MODEL_READY"
    for sent in ("DONE", 0, 6, -1, 10**30, True):
        assert "for parameter 'status'" in refusal(schemas.UpdateRun, {**RUN, "status": sent})


def test_null_is_absent() -> None:
    assert decoded(schemas.LogBatch, {"run_id": "r", "metrics": None, "tags": [{"key": "k", "value": None}]}) == (
        decoded(schemas.LogBatch, {"run_id": "r", "tags": [{"key": "k"}]})
    )


def test_what_is_missing_is_named_with_its_place() -> None:
    assert refusal(schemas.LogBatch, {}).startswith("Missing value for required parameter 'run_id'.")
    assert refusal(schemas.LogBatch, {"run_id": ""}).startswith("Missing value for required parameter 'run_id'.")
    said = refusal(schemas.LogBatch, {"run_id": "r", "metrics": [{"key": "k", "timestamp": 1}]})
    assert said.startswith("Missing value for required parameter 'metrics[0].value'.")


def test_what_is_wrong_is_shown_with_its_place() -> None:
    said = refusal(schemas.LogBatch, {"run_id": "r", "metrics": [{"key": "k", "value": "high", "timestamp": 1}]})
    assert said.startswith("Invalid value \"high\" for parameter 'metrics[0].value' supplied")


@pytest.mark.parametrize("body", [[], "text", 5, True, '"deep"'])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    assert refusal(schemas.CreateRun, body)


def test_json_encoded_twice_is_understood() -> None:
    assert decoded(schemas.CreateRun, json.dumps({"run_name": "a"})).run_name == "a"


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'{"run_name": "a"} x',
        b"{'run_name': 'a'}",
        b'{"run_name": "\xff"}',
        b'{"run_name": "\x00"}',
        b"\xff\xfe",
        b"\x00" * 8,
        b'{"start_time": ' + b"9" * 5000 + b"}",
        b'{"a":' * 100_000,
        b'{"tags":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"tags":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"tags":' + b'[{"key":' * 450 + b"1" + b"}]" * 450 + b"}",
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_broken_and_bottomless_bodies_are_refused(raw: bytes) -> None:
    assert refusal(schemas.CreateRun, raw)


@pytest.mark.parametrize("spelled", ["\\u0000", "a\\u0000b", "\\ud800", "\\udc00x"])
def test_text_that_no_database_keeps_is_refused_wherever_it_is(spelled: str) -> None:
    text = f'"{spelled}"'.encode()
    for raw in (b'{"run_name":%s}', b'{"tags":[{"key":%s}]}', b'{"tags":[{"key":"k","value":%s}]}'):
        assert "holds" in refusal(schemas.CreateRun, raw % text)


def test_text_may_hold_anything_else() -> None:
    for text in ("\\u0000", "é", "\U0001f600", "\u2028", "\x01", "\x7f", "￿"):
        raw = json.dumps({"run_name": text}).encode()
        assert decoded(schemas.CreateRun, raw).run_name == text


def test_of_repeated_keys_the_last_counts() -> None:
    assert decoded(schemas.CreateRun, b'{"run_name":"a","run_name":"b"}').run_name == "b"
    assert decoded(schemas.CreateRun, b'{"run_name":"a","x":1,"run_name":"b"}').run_name == "b"


def test_the_path_wins_and_may_not_be_contradicted() -> None:
    assert decoded(schemas.OfLoggedModel, {}, model_id="m").model_id == "m"
    assert decoded(schemas.OfLoggedModel, {"model_id": "m"}, model_id="m").model_id == "m"
    for other in ("q", 5, None, []):
        said = refusal(schemas.OfLoggedModel, {"model_id": other}, model_id="m")
        assert said.startswith("'model_id' is 'm' in the URL")
    assert "both" in refusal(schemas.OfLoggedModel, {"modelId": "q"}, model_id="m")


def test_a_query_is_decoded_by_the_same_rules() -> None:
    assert decode_query(schemas.GetLoggedModel, QueryDict("model_id=m&allow_deleted=true&x=1"), {}).allow_deleted
    assert decode_query(schemas.GetMetricHistoryBulk, QueryDict("run_id=a&run_id=b"), {}).run_id == ["a", "b"]
    assert decode_query(schemas.OfLoggedModel, QueryDict("model_id=a&model_id=b"), {}).model_id == "a"
    for query in ("model_id=%00", "model_id=", "model_id=m&allow_deleted=perhaps", ""):
        with pytest.raises(InvalidParameter):
            decode_query(schemas.GetLoggedModel, QueryDict(query), {})


def test_an_empty_request_takes_anything() -> None:
    assert decoded(Empty, {"a": {"b": "\0"}}) == Empty()


TEXT = st.text(max_size=4)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-5, 5),
    st.floats(),
    TEXT,
    st.sampled_from(["1", "1.0", "NaN", "inf", "1e3", "FINISHED", "ALL", "1_0", " 1", "٣"]),
)
NAMES = st.sampled_from(
    ["run_id", "runId", "key", "value", "timestamp", "step", "metrics", "params", "tags", "status", "model_id", "x"]
)
VALUES = st.recursive(
    SCALARS, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(NAMES, deeper, max_size=5), max_leaves=12
)
METRICS = st.lists(
    st.fixed_dictionaries({"key": TEXT, "value": SCALARS, "timestamp": SCALARS}, optional={"step": SCALARS}), max_size=3
)
BODIES = st.one_of(
    st.dictionaries(NAMES, VALUES, max_size=6),
    st.fixed_dictionaries({"run_id": TEXT}, optional={"metrics": METRICS, "params": VALUES, "status": SCALARS}),
    st.fixed_dictionaries({"run_id": TEXT, "key": TEXT, "value": SCALARS, "timestamp": SCALARS}),
)


@settings(max_examples=400, deadline=None)
@given(
    schema=st.sampled_from([schemas.LogBatch, schemas.LogMetric, schemas.UpdateRun, schemas.SearchRuns]), body=BODIES
)
@example(schema=schemas.LogMetric, body={"run_id": "r", "key": "k", "value": "1_0", "timestamp": "1e3"})
def test_the_fast_way_and_the_slow_way_agree(schema: type[Any], body: dict[str, Any]) -> None:
    raw = json.dumps(body).encode()

    def outcome(decode: Any) -> str:
        try:
            return repr(decode())
        except InvalidParameter as refused:
            return refused.message

    slow = outcome(lambda: wire.convert(schema, json.loads(raw)))
    assert outcome(lambda: decode_body(schema, raw, {})) == slow
