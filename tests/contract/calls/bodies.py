"""Whatever the call: bodies that are no JSON, the wrong type or method, both prefixes; and the small calls."""

from tests.contract.steps import CAMEL, IN_DEFAULT, METHOD, NO_CALL, UNREAD, Step, experiment, get, post, run, send

POSTS = [
    "experiments/create", "experiments/search", "experiments/delete", "experiments/restore", "experiments/update",
    "experiments/set-experiment-tag", "experiments/delete-experiment-tag", "runs/create", "runs/update",
    "runs/delete", "runs/restore", "runs/log-metric", "runs/log-parameter", "runs/set-tag", "runs/delete-tag",
    "runs/search", "runs/log-batch", "runs/log-model", "runs/log-inputs", "runs/outputs", "logged-models",
    "logged-models/search",
]  # fmt: skip
BROKEN = [b"{", b'{"a": }', b"nonsense", b"[]", b"[1, 2]", b"\xff\xfe"]
GETS = [
    "experiments/get", "experiments/get-by-name", "runs/get", "metrics/get-history",
    "metrics/get-history-bulk-interval", "artifacts/list",
]  # fmt: skip


SEARCHES_ALL = "runs/search"


def wrong_bodies(path: str) -> list[Step]:
    # The genuine search takes what it cannot read for a search in no experiment at all.
    unread = UNREAD if path == SEARCHES_ALL else None
    nothing = IN_DEFAULT if path == "runs/create" else None
    return [
        *(send("POST", path, body, differs=unread) for body in BROKEN),
        send("POST", path, b'"text"'),
        send("POST", path, b"5"),
        send("POST", path, b"null", differs=nothing),
        send("POST", path, b"", differs=nothing),
        send("POST", path, b"{}", kind="text/plain"),
        send("POST", path, b"a=1", kind="application/x-www-form-urlencoded"),
        send("POST", path, b"{}", kind="application/json; charset=utf-8", differs=nothing),
        send("POST", path, b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}"),
    ]


SCENARIOS: dict[str, list[Step]] = {
    **{f"{path} with a body that is none": wrong_bodies(path) for path in POSTS},
    "the wrong method": [
        *(send("GET", path, differs=METHOD) for path in POSTS if "search" not in path),
        *(send("POST", path, b"{}", differs=METHOD) for path in GETS),
        *(send("PUT", path, b"{}", differs=METHOD) for path in POSTS),
        *(send("DELETE", path, differs=METHOD) for path in GETS),
    ],
    "a call that is not there": [
        get("experiments/nothing", differs=NO_CALL),
        post("runs/create/", differs=NO_CALL),
        get("/api/9.0/mlflow/runs/get", differs=NO_CALL),
        get("/api/2.0/mlflow", differs=NO_CALL),
    ],
    "the same calls under the browser's prefix": [
        step.at("ajax-api")
        for step in (
            experiment(),
            get("experiments/get", experiment_id="$experiment"),
            get("experiments/get-by-name", experiment_name="$here"),
            post("experiments/search", max_results=5, filter="name = '$here'"),
            run(),
            post("runs/log-metric", run_id="$run", key="m", value=1, timestamp=1),
            post("runs/log-batch", run_id="$run", params=[{"key": "p", "value": "1"}]),
            get("runs/get", run_id="$run"),
            post("runs/search", experiment_ids=["$experiment"]),
            get("metrics/get-history", run_id="$run", metric_key="m"),
            get("artifacts/list", run_id="$run"),
            post("runs/delete", run_id="$run"),
            get("runs/get", run_id="0" * 32, says=True),
        )
    ],
    "a read with its fields in a JSON body": [
        experiment(),
        run(),
        send("GET", "experiments/get", {"experiment_id": "$experiment"}),
        send("GET", "experiments/get-by-name", {"experiment_name": "$here"}),
        send("GET", "runs/get", {"run_id": "$run"}),
        send("GET", "runs/get", {"runId": "$run"}, differs=CAMEL),
        send("GET", "runs/get", {"run_id": 5}),
        send("GET", "metrics/get-history", {"run_id": "$run", "metric_key": "m"}),
    ],
    "the same field in two spellings": [
        experiment(),
        run(),
        post("runs/delete", run_id="$run", runId="$run"),
        post("experiments/get", experiment_id="$experiment", differs=METHOD),
        get("runs/get", run_id=["$run", "0" * 32]),
        send("POST", "runs/log-parameter", b'{"run_id": "x", "run_id": "y", "key": "p", "value": "1"}'),
    ],
    "the server says that it is well and what it speaks": [
        get("/health"),
        get("/version"),
        get("/api/3.0/mlflow/server-info", without=("store_type", "features_enabled")),  # whose store it is
        get("/ajax-api/3.0/mlflow/server-info", without=("store_type", "features_enabled")),
        send("HEAD", "/health"),
    ],
}
