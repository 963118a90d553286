"""logged-models: create, get, finalize, delete, tags, params, artifacts."""

from typing import Any

from tests.contract.steps import (
    CAMEL,
    EMPTY_KEY,
    FOLLOWS,
    LIMIT,
    MODEL,
    UNREAD,
    Step,
    delete,
    differs,
    experiment,
    get,
    model,
    patch,
    post,
    run,
)

NO_RUN = differs(404, "RESOURCE_DOES_NOT_EXIST", "every id is looked up: it must be there, and the caller's to read")
AGREE = differs(400, "INVALID_PARAMETER_VALUE", "the id of the URL counts, and the body may name no other")
IN_URL = differs(200, "", "the id of the URL is enough")
GONE = differs(404, "RESOURCE_DOES_NOT_EXIST", "the genuine server goes on changing what is deleted")
NAN = differs(200, "", "the genuine server reads a model's NaN as 0")
NO_MODEL = "m-" + "0" * 32
MODEL_NOW = get("logged-models/$model")


def pairs(count: int) -> list[dict[str, str]]:
    return [{"key": f"p{i:03}", "value": str(i)} for i in range(count)]


def create(**fields: Any) -> Step:
    return post("logged-models", **{"experiment_id": "$experiment"} | fields)


def tag(**fields: Any) -> Step:
    return patch("logged-models/$model/tags", **{"model_id": "$model"} | fields)


def log(**fields: Any) -> Step:
    return post("logged-models/$model/params", **{"model_id": "$model"} | fields)


SCENARIOS: dict[str, list[Step]] = {
    "a logged model is created and read": [
        experiment(),
        run(),
        model(
            model_type="sklearn",
            source_run_id="$run",
            params=[{"key": "depth", "value": "3"}],
            tags=[{"key": "team", "value": "vision"}],
        ),
        MODEL_NOW,
        get("runs/get", run_id="$run"),
        create(name="same"),
        create(name="same"),
        create(name="unknown", colour="red"),
        post("logged-models", experimentId="$experiment", name="camel", sourceRunId="$run", differs=CAMEL),
    ],
    "a logged model without a name": [
        experiment(),
        create(without=("name",), save=MODEL),  # drawn at random
        create(name="", without=("name",)),
        get("logged-models/$model", without=("name",)),
    ],
    "a logged model is created wrongly": [
        experiment(),
        run(),
        post("logged-models", name="x", says=True),
        post("logged-models", experiment_id="", name="x", says=True),
        post("logged-models", experiment_id="999999", name="x", says=True),
        post("logged-models", experiment_id="abc", name="x"),
        post("logged-models", experiment_id=5, name="x"),
        create(name=5, says=True),
        create(name="a/b", says=True),
        create(name="a:b", says=True),
        create(name="a.b", says=True),
        create(name="a%b", says=True),
        create(name="a'b", says=True),
        create(name='a"b', says=True),
        create(name="n" * 501, differs=LIMIT),
        create(name="x", model_type=5),
        create(name="x", params="a"),
        create(name="x", params=["a"], differs=UNREAD),
        create(name="x", params=[{"key": "", "value": "1"}], differs=EMPTY_KEY),
        create(name="x", params=[{"key": "k" * 251, "value": "1"}], differs=LIMIT),
        create(name="x", params=[{"key": "k", "value": "v" * 6001}], differs=LIMIT),
        create(name="x", params=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
        create(name="x", tags={"a": "1"}),
        create(name="x", tags=[{"key": "", "value": "1"}], differs=EMPTY_KEY),
        create(name="x", tags=[{"key": "k" * 251, "value": "1"}], differs=LIMIT),
        create(name="x", tags=[{"key": "k", "value": "v" * 8001}], differs=LIMIT),
        create(name="x", source_run_id="0" * 32, differs=NO_RUN),
        create(name="x", source_run_id=5),
    ],
    "a logged model in a deleted experiment": [
        experiment(),
        model(),
        post("experiments/delete", experiment_id="$experiment"),
        create(name="x", says=True),
        MODEL_NOW,
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_READY"),
        patch("logged-models/$model/tags", model_id="$model", tags=[{"key": "a", "value": "1"}]),
        post("logged-models/search", experiment_ids=["$experiment"]),
    ],
    "a logged model that is not there": [
        get(f"logged-models/{NO_MODEL}", says=True),
        get("logged-models/no-such-model", says=True),
        get("logged-models/m%27x", says=True),
        patch(f"logged-models/{NO_MODEL}", model_id=NO_MODEL, status="LOGGED_MODEL_READY", says=True),
        delete(f"logged-models/{NO_MODEL}", says=True),
        patch(f"logged-models/{NO_MODEL}/tags", model_id=NO_MODEL, tags=[{"key": "a", "value": "1"}], says=True),
        delete(f"logged-models/{NO_MODEL}/tags/a", says=True),
        post(f"logged-models/{NO_MODEL}/params", model_id=NO_MODEL, params=[{"key": "a", "value": "1"}], says=True),
        get(f"logged-models/{NO_MODEL}/artifacts/directories", says=True),
    ],
    "a logged model is finalized": [
        experiment(),
        model(),
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_READY"),
        MODEL_NOW,
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_UPLOAD_FAILED"),
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_PENDING"),
        patch("logged-models/$model", model_id="$model", status=2),
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_STATUS_UNSPECIFIED"),
        MODEL_NOW,
    ],
    "a logged model is finalized wrongly": [
        experiment(),
        model(),
        patch("logged-models/$model", model_id="$model", says=True),
        patch("logged-models/$model", model_id="$model", status="READY", differs=UNREAD),
        patch("logged-models/$model", model_id="$model", status=""),
        patch("logged-models/$model", model_id="$model", status=99, differs=UNREAD),
        patch("logged-models/$model", model_id="$model", status=["LOGGED_MODEL_READY"]),
        patch("logged-models/$model", model_id="$model", status=None),
        patch("logged-models/$model", model_id=NO_MODEL, status="LOGGED_MODEL_READY", differs=AGREE),
        patch("logged-models/$model", status="LOGGED_MODEL_READY", differs=IN_URL),
    ],
    "a logged model is deleted": [
        experiment(),
        run(),
        model(source_run_id="$run"),
        post("runs/outputs", run_id="$run", models=[{"model_id": "$model", "step": 1}]),
        delete("logged-models/$model"),
        MODEL_NOW,
        delete("logged-models/$model", differs=GONE),
        patch("logged-models/$model", model_id="$model", status="LOGGED_MODEL_READY", differs=GONE),
        patch("logged-models/$model/tags", model_id="$model", tags=[{"key": "a", "value": "1"}], differs=GONE),
        post("logged-models/$model/params", model_id="$model", params=[{"key": "a", "value": "1"}], differs=GONE),
        post("logged-models/search", experiment_ids=["$experiment"]),
        get("runs/get", run_id="$run"),
    ],
    "a logged model is tagged": [
        experiment(),
        model(tags=[{"key": "old", "value": "1"}]),
        patch(
            "logged-models/$model/tags",
            model_id="$model",
            tags=[{"key": "team", "value": "vision"}, {"key": "old", "value": "2"}],
        ),
        patch("logged-models/$model/tags", model_id="$model", tags=[]),
        patch("logged-models/$model/tags", model_id="$model", tags=[{"key": "empty", "value": ""}]),
        patch("logged-models/$model/tags", model_id="$model", tags=[{"key": "a b.c-d_e", "value": "v" * 8000}]),
        patch("logged-models/$model/tags", model_id="$model", tags=[{"key": "with id", "value": "1"}]),
        MODEL_NOW,
        delete("logged-models/$model/tags/team"),
        delete("logged-models/$model/tags/a%20b.c-d_e"),
        MODEL_NOW,
        delete("logged-models/$model/tags/team", says=True),
        delete("logged-models/$model/tags/never", says=True),
    ],
    "a logged model is tagged wrongly": [
        experiment(),
        model(),
        tag(),
        tag(tags="a", says=True),
        tag(tags=[{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]),
        MODEL_NOW,
        tag(tags=["a"], differs=UNREAD),
        tag(tags=[{"key": 5, "value": "1"}], differs=UNREAD),
        tag(tags=[{"key": "", "value": "1"}], differs=EMPTY_KEY),
        tag(tags=[{"value": "1"}], differs=EMPTY_KEY),
        tag(tags=[{"key": "k" * 251, "value": "1"}], differs=LIMIT),
        tag(tags=[{"key": "k", "value": "v" * 8001}], differs=LIMIT),
        get("logged-models/$model", differs=FOLLOWS),
    ],
    "a logged model's parameters": [
        experiment(),
        model(params=[{"key": "depth", "value": "3"}]),
        post("logged-models/$model/params", model_id="$model", params=pairs(100)),
        MODEL_NOW,
        post("logged-models/$model/params", model_id="$model", params=[{"key": "new", "value": "1"}]),
        post("logged-models/$model/params", model_id="$model", params=[{"key": "depth", "value": "3"}]),
        post("logged-models/$model/params", model_id="$model", params=[{"key": "depth", "value": "5"}]),
        post("logged-models/$model/params", model_id="$model", params=[]),
        MODEL_NOW,
    ],
    "a logged model's parameters that cannot be": [
        experiment(),
        model(),
        log(),
        log(params="a", says=True),
        log(params=[{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
        log(params=["a"], differs=UNREAD),
        log(params=[{"key": "n", "value": 5}], differs=UNREAD),
        log(params=[{"key": "", "value": "1"}], differs=EMPTY_KEY),
        log(params=[{"key": "k" * 251, "value": "1"}], differs=LIMIT),
        log(params=[{"key": "v", "value": "v" * 6001}], differs=LIMIT),
        get("logged-models/$model", differs=FOLLOWS),
    ],
    "a logged model's metrics": [
        experiment(),
        run(),
        model(),
        post("runs/log-metric", run_id="$run", key="acc", value=0.5, timestamp=1, model_id="$model"),
        post("runs/log-metric", run_id="$run", key="acc", value=0.7, timestamp=2, step=1, model_id="$model"),
        post(
            "runs/log-batch",
            run_id="$run",
            metrics=[
                {
                    "key": "acc",
                    "value": 0.9,
                    "timestamp": 3,
                    "model_id": "$model",
                    "dataset_name": "test",
                    "dataset_digest": "d",
                },
                {"key": "other", "value": 1, "timestamp": 3},
            ],
        ),
        MODEL_NOW,
        post("runs/log-metric", run_id="$run", key="loss", value="NaN", timestamp=3, model_id="$model"),
        get("logged-models/$model", differs=NAN),
        post("runs/delete", run_id="$run"),
        get("logged-models/$model", differs=NAN),
    ],
}
