"""runs/log-parameter, set-tag, delete-tag, log-model."""

from typing import Any

from tests.contract.steps import CAMEL, NO_RUN_ID, Step, experiment, get, post, run

RUN_NOW = get("runs/get", run_id="$run")


def param(key: Any, value: Any, **fields: Any) -> Step:
    return post("runs/log-parameter", **{"run_id": "$run", "key": key, "value": value} | fields)


def tag(key: Any, value: Any, **fields: Any) -> Step:
    return post("runs/set-tag", **{"run_id": "$run", "key": key, "value": value} | fields)


def untag(key: Any, **fields: Any) -> Step:
    return post("runs/delete-tag", **{"run_id": "$run", "key": key} | fields)


SCENARIOS: dict[str, list[Step]] = {
    "a parameter is logged and read": [
        experiment(),
        run(),
        param("depth", "3"),
        param("a/b c.d-e_f:g", "any key"),
        param("empty", ""),
        param("K" * 250, "long key"),
        param("long", "v" * 6000),
        param("unicode", "ünï 数 🚀"),
        param("lines", "a\nb\tc"),
        post("runs/log-parameter", run_uuid="$run", key="uuid", value="1"),
        post("runs/log-parameter", run_id="$run", key="no value"),
        RUN_NOW,
        post("runs/log-parameter", runId="$run", key="camel", value="1", differs=CAMEL),
    ],
    "a parameter is never changed": [
        experiment(),
        run(),
        param("depth", "3"),
        param("depth", "3"),
        param("depth", "5", says=True),
        param("depth", ""),
        param("Depth", "5"),
        post("runs/log-batch", run_id="$run", params=[{"key": "depth", "value": "3"}]),
        post("runs/log-batch", run_id="$run", params=[{"key": "depth", "value": "5"}], says=True),
        post(
            "runs/log-batch",
            run_id="$run",
            params=[{"key": "new", "value": "1"}, {"key": "depth", "value": "5"}],
            metrics=[{"key": "m", "value": 1, "timestamp": 1}],
            tags=[{"key": "t", "value": "1"}],
        ),
        RUN_NOW,
    ],
    "a parameter is logged wrongly": [
        experiment(),
        run(),
        post("runs/log-parameter", key="p", value="1", says=True),
        post("runs/log-parameter", run_id="$run", value="1", says=True),
        param("", "1", says=True),
        param("p", "v" * 6001, says=True),
        param("k" * 251, "1", says=True),
        param("p", 1, says=True),
        param("p", ["1"]),
        param("p", None),
        param(5, "1", says=True),
        param("../up", "1", says=True),
        param("/root", "1"),
        param("a?b", "1", says=True),
        param("p", "1", run_id="0" * 32, says=True),
        param("p", "1", run_id=""),
        RUN_NOW,
    ],
    "a tag is set and read": [
        experiment(),
        run(),
        tag("team", "vision"),
        tag("team", "speech"),
        tag("empty", ""),
        tag("a/b c.d-e_f:g", "any key"),
        tag("K" * 250, "long key"),
        tag("long", "v" * 8000),
        tag("unicode", "ünï 数 🚀"),
        post("runs/set-tag", run_uuid="$run", key="uuid", value="1"),
        post("runs/set-tag", run_id="$run", key="no value"),
        RUN_NOW,
        post("runs/set-tag", runId="$run", key="camel", value="1", differs=CAMEL),
    ],
    "a tag is set wrongly": [
        experiment(),
        run(),
        post("runs/set-tag", key="t", value="1", says=True),
        post("runs/set-tag", run_id="$run", value="1", says=True),
        tag("", "1", says=True),
        tag("t", "v" * 8001, says=True),
        tag("k" * 251, "1", says=True),
        tag("t", 1, says=True),
        tag("t", {"a": 1}),
        tag(5, "1", says=True),
        tag("../up", "1", says=True),
        tag("a?b", "1", says=True),
        tag("t", "1", run_id="0" * 32, says=True),
        RUN_NOW,
    ],
    "a tag is deleted": [
        experiment(),
        run(),
        tag("team", "vision"),
        tag("other", "1"),
        untag("team"),
        RUN_NOW,
        untag("team", says=True),
        untag("never", says=True),
        untag("", says=True),
        untag(5, says=True),
        post("runs/delete-tag", run_id="$run", says=True),
        post("runs/delete-tag", key="other", says=True),
        post("runs/delete-tag", run_uuid="$run", key="other", differs=NO_RUN_ID),
        untag("other", run_id="0" * 32, says=True),
        RUN_NOW,
        post("runs/delete-tag", runId="$run", key="other", differs=CAMEL),
    ],
    "the model of an older client is logged": [
        experiment(),
        run(),
        post(
            "runs/log-model",
            run_id="$run",
            model_json='{"run_id": "$run", "artifact_path": "model", "utc_time_created": "2026-01-01 00:00:00.000000",'
            ' "flavors": {"sklearn": {"pickled_model": "model.pkl"}}, "mlflow_version": "2.22.0"}',
        ),
        RUN_NOW,
        post(
            "runs/log-model",
            run_id="$run",
            model_json='{"run_id": "$run", "artifact_path": "second", "utc_time_created": "2026-01-02 00:00:00.000000",'
            ' "flavors": {"python_function": {"loader_module": "mlflow.sklearn"}}, "model_uuid": "abc"}',
        ),
        RUN_NOW,
    ],
    "the model of an older client is logged wrongly": [
        experiment(),
        run(),
        post("runs/log-model", model_json="{}"),
        post("runs/log-model", run_id="$run", says=True),
        post("runs/log-model", run_id="$run", model_json="", says=True),
        post("runs/log-model", run_id="$run", model_json="{", says=True),
        post("runs/log-model", run_id="$run", model_json="{}"),
        post("runs/log-model", run_id="$run", model_json='{"artifact_path": "m"}'),
        post("runs/log-model", run_id="$run", model_json="[]"),
        post("runs/log-model", run_id="$run", model_json=5),
        post(
            "runs/log-model",
            run_id="0" * 32,
            model_json='{"run_id": "x", "artifact_path": "m", "utc_time_created": "2026", "flavors": {}}',
        ),
        RUN_NOW,
    ],
}
