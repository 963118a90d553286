"""runs/log-batch: metrics, parameters and tags at once, all or nothing."""

from typing import Any

from tests.contract.steps import CAMEL, FOLLOWS, UNREAD, Step, differs, experiment, get, post, run

RUN_NOW = get("runs/get", run_id="$run")
ONE_METRIC = [{"key": "m", "value": 1, "timestamp": 1, "step": 0}]


def batch(**fields: Any) -> Step:
    return post("runs/log-batch", **{"run_id": "$run"} | fields)


def metrics(count: int, key: str = "m") -> list[dict[str, Any]]:
    return [{"key": key, "value": i, "timestamp": i, "step": i} for i in range(count)]


def point(value: Any, **fields: Any) -> dict[str, Any]:
    return {"key": "m", "value": value, "timestamp": 1} | fields


def pairs(count: int, start: str = "p") -> list[dict[str, str]]:
    return [{"key": f"{start}{i:03}", "value": str(i)} for i in range(count)]


SCENARIOS: dict[str, list[Step]] = {
    "a batch is logged and read": [
        experiment(),
        run(),
        batch(metrics=metrics(3), params=pairs(2), tags=pairs(2, "t")),
        RUN_NOW,
        get("metrics/get-history", run_id="$run", metric_key="m"),
        batch(),
        batch(metrics=[], params=[], tags=[]),
        batch(metrics=None, differs=differs(200, "", "null is as good as left out; the genuine server fails")),
        RUN_NOW,
        post("runs/log-batch", runId="$run", tags=[{"key": "camel", "value": "1"}], differs=CAMEL),
    ],
    "a batch at its limits": [
        experiment(),
        run(),
        batch(metrics=metrics(1000)),
        batch(params=pairs(100)),
        batch(tags=pairs(100, "t")),
        batch(metrics=metrics(800, "n"), params=pairs(100, "q"), tags=pairs(100, "u")),
        RUN_NOW,
        get("metrics/get-history", run_id="$run", metric_key="m", max_results=3),
    ],
    "a batch over its limits": [
        experiment(),
        run(),
        batch(metrics=metrics(1001), says=True),
        batch(params=pairs(101), says=True),
        batch(tags=pairs(101, "t"), says=True),
        batch(metrics=metrics(900), params=pairs(60), tags=pairs(41, "t"), says=True),
        batch(tags=[{"key": f"t{i}", "value": "v" * 8000} for i in range(100)] + pairs(5), says=True),
        batch(metrics=[{"key": "k" * 240 + str(i), "value": i, "timestamp": i} for i in range(1000)]),
        batch(params=[{"key": f"p{i}", "value": "v" * 6000} for i in range(100)], tags=pairs(100, "x" * 240)),
        RUN_NOW,
    ],
    "a batch over a million characters": [
        experiment(),
        run(),
        batch(
            tags=[{"key": f"t{i}", "value": "v" * 8000} for i in range(100)],
            params=[{"key": f"p{i}", "value": "v" * 6000} for i in range(40)],
            says=True,
        ),
        RUN_NOW,
    ],
    "a batch with a wrong part leaves nothing": [
        experiment(),
        run(),
        batch(metrics=[*ONE_METRIC, {"key": "", "value": 1, "timestamp": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"key": "k" * 251, "value": 1, "timestamp": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"key": "../up", "value": 1, "timestamp": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"value": 1, "timestamp": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"key": "n", "timestamp": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": 1}], says=True),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": None, "timestamp": 1}]),
        batch(metrics=ONE_METRIC, params=[{"key": "", "value": "1"}], says=True),
        batch(metrics=ONE_METRIC, params=[{"key": "p", "value": "v" * 6001}], says=True),
        batch(metrics=ONE_METRIC, params=[{"key": "k" * 251, "value": "1"}], says=True),
        batch(metrics=ONE_METRIC, params=[{"key": "p", "value": 5}]),
        batch(metrics=ONE_METRIC, tags=[{"key": "", "value": "1"}], says=True),
        batch(metrics=ONE_METRIC, tags=[{"key": "t", "value": "v" * 8001}], says=True),
        batch(metrics=ONE_METRIC, tags=[{"key": "k" * 251, "value": "1"}], says=True),
        batch(metrics=ONE_METRIC, tags=[{"key": 5, "value": "1"}]),
        RUN_NOW,
    ],
    "a batch with a part that cannot be read leaves nothing": [
        experiment(),
        run(),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": "high", "timestamp": 1}], differs=UNREAD),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": 1, "timestamp": "now"}], differs=UNREAD),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": 1, "timestamp": 1, "step": "x"}], differs=UNREAD),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": [1], "timestamp": 1}], differs=UNREAD),
        batch(metrics=[*ONE_METRIC, {"key": "n", "value": True, "timestamp": 1}], differs=UNREAD),
        get("runs/get", run_id="$run", differs=FOLLOWS),
    ],
    "a batch of the wrong shape": [
        experiment(),
        run(),
        batch(metrics="many", says=True),
        batch(metrics={"key": "m"}, says=True),
        batch(metrics=["m"], says=True),
        batch(params="p", says=True),
        batch(params=["p"]),
        batch(tags="t", says=True),
        batch(tags=[["a", "b"]]),
        batch(tags=[None]),
        post("runs/log-batch", metrics=ONE_METRIC, says=True),
        batch(run_id="", metrics=ONE_METRIC, says=True),
        batch(run_id=5, metrics=ONE_METRIC, says=True),
        batch(run_id="0" * 32, metrics=ONE_METRIC, says=True),
        batch(run_id="0" * 32),
        batch(run_uuid="$run", run_id=None, metrics=ONE_METRIC),
        RUN_NOW,
    ],
    "a batch that repeats keys": [
        experiment(),
        run(),
        batch(params=[{"key": "p", "value": "1"}, {"key": "p", "value": "1"}], says=True),
        batch(params=[{"key": "p", "value": "1"}, {"key": "p", "value": "2"}], says=True),
        batch(tags=[{"key": "t", "value": "1"}, {"key": "t", "value": "2"}]),
        batch(metrics=[{"key": "m", "value": v, "timestamp": 1, "step": 0} for v in (1, 3, 2, 3)]),
        RUN_NOW,
        get("metrics/get-history", run_id="$run", metric_key="m"),
    ],
    "a batch with latest values in no order": [
        experiment(),
        run(),
        batch(
            metrics=[
                {"key": "m", "value": v, "timestamp": t, "step": s} for v, t, s in ((1, 1, 9), (2, 5, 9), (3, 9, 2))
            ]
        ),
        RUN_NOW,
        batch(metrics=[{"key": "m", "value": 4, "timestamp": 9, "step": 8}]),
        RUN_NOW,
        batch(metrics=[{"key": "m", "value": 5, "timestamp": 5, "step": 9}]),
        RUN_NOW,
        batch(metrics=[{"key": "m", "value": "NaN", "timestamp": 6, "step": 9}]),
        RUN_NOW,
        batch(metrics=[{"key": "m", "value": "Infinity", "timestamp": 6, "step": 9}]),
        RUN_NOW,
        get("metrics/get-history", run_id="$run", metric_key="m"),
    ],
    "a batch in many spellings": [
        experiment(),
        run(),
        batch(metrics=[{"key": "text", "value": "0.5", "timestamp": "7", "step": "3"}]),
        batch(
            metrics=[
                {"key": "nan", "value": "NaN", "timestamp": 1},
                {"key": "inf", "value": "-Infinity", "timestamp": 1},
            ]
        ),
        batch(
            metrics=[
                {"key": "model", "value": 1, "timestamp": 1, "modelId": "", "datasetName": "d", "datasetDigest": "x"}
            ]
        ),
        batch(metrics=[{"key": "unknown", "value": 1, "timestamp": 1, "colour": "red"}]),
        batch(params=[{"key": "no value"}], tags=[{"key": "no value"}]),
        RUN_NOW,
        batch(metrics=[{"key": "bare", "value": float("nan"), "timestamp": 1}]),
        get("runs/get", run_id="$run", differs=differs(200, "", "the genuine server reads a bare NaN as 0 at time 0")),
    ],
}
