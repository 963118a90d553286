"""runs/log-inputs, runs/outputs, experiments/search-datasets."""

from typing import Any

from tests.contract.steps import BOTH_PREFIXES, CAMEL, FOLLOWS, UNREAD, Step, differs, experiment, get, model, post, run

RUN_NOW = get("runs/get", run_id="$run")
TWICE = differs(200, "", "said twice is said once, as for inputs; the genuine server lets its database complain")
NO_MODEL = differs(404, "RESOURCE_DOES_NOT_EXIST", "every id is looked up: it must be there, and the caller's to read")
SEARCH = "/ajax-api/2.0/mlflow/experiments/search-datasets"


def dataset(name: str = "iris", digest: str = "d1", context: str = "", **fields: Any) -> dict[str, Any]:
    tags = [{"key": "mlflow.data.context", "value": context}] if context else []
    given = {"name": name, "digest": digest, "source_type": "local", "source": '{"uri": "iris.csv"}'}
    return {"dataset": given | fields, "tags": tags}


def log(*datasets: Any, **fields: Any) -> Step:
    return post("runs/log-inputs", **{"run_id": "$run", "datasets": list(datasets)} | fields)


def without(field: str) -> dict[str, Any]:
    given = dataset()
    del given["dataset"][field]
    return given


SCENARIOS: dict[str, list[Step]] = {
    "a dataset is logged and read": [
        experiment(),
        run(),
        log(dataset(context="training", schema='{"a": "long"}', profile='{"num_rows": 5}')),
        log(dataset("wine", "d2", source_type="http")),
        RUN_NOW,
        post("runs/search", experiment_ids=["$experiment"]),
        log(dataset(context="training")),
        log(dataset(context="testing")),
        RUN_NOW,
        log(dataset(digest="d9", context="training")),
        RUN_NOW,
        post("runs/log-inputs", runId="$run", datasets=[{"dataset": dataset("camel", sourceType="x")["dataset"]}]),
        post("runs/log-inputs", run_id="$run"),
        log(),
        RUN_NOW,
    ],
    "datasets are logged many at once": [
        experiment(),
        run(),
        run("second"),
        log(*(dataset(f"set{i}", f"d{i}") for i in range(20))),
        log(*(dataset(f"set{i}", f"d{i}") for i in range(3)), run_id="$second"),
        log(dataset("same"), dataset("same")),
        RUN_NOW,
        get("runs/get", run_id="$second"),
    ],
    "a dataset at its limits": [
        experiment(),
        run(),
        log(dataset("n" * 500, "d" * 36)),
        log(dataset("n" * 501), says=True),
        log(dataset(digest="d" * 37), says=True),
        log(dataset(source="s" * 65536), says=True),
        log(dataset(schema="s" * 1048576), says=True),
        log({"dataset": dataset()["dataset"], "tags": [{"key": "k" * 256, "value": "1"}]}, says=True),
        log({"dataset": dataset()["dataset"], "tags": [{"key": "k", "value": "v" * 501}]}, says=True),
        log(*(dataset(f"set{i}") for i in range(1001))),
        RUN_NOW,
    ],
    "a dataset is logged wrongly": [
        experiment(),
        run(),
        post("runs/log-inputs", run_id="$run", datasets="iris", says=True),
        post("runs/log-inputs", datasets=[dataset()], says=True),
        log(dataset(), run_id="", says=True),
        log(dataset(), run_id="0" * 32, says=True),
        RUN_NOW,
        post("runs/delete", run_id="$run"),
        log(dataset()),
        RUN_NOW,
    ],
    "a dataset with parts that cannot be read": [
        experiment(),
        run(),
        log(without("name"), differs=UNREAD),
        log(without("digest"), differs=UNREAD),
        log(without("source_type"), differs=UNREAD),
        log(without("source"), differs=UNREAD),
        log({"tags": []}, differs=UNREAD),
        log({}, differs=UNREAD),
        log("iris", differs=UNREAD),
        log(None, differs=UNREAD),
        log(dataset(name=5), differs=UNREAD),
        log({"dataset": dataset()["dataset"], "tags": [{"value": "1"}]}, differs=UNREAD),
        log({"dataset": dataset()["dataset"], "tags": "a"}, differs=UNREAD),
        get("runs/get", run_id="$run", differs=FOLLOWS),
    ],
    "a dataset with little in it": [
        experiment(),
        run(),
        log(dataset(name="")),
        log(dataset(digest="")),
        log({"dataset": dataset()["dataset"], "tags": [{"key": "", "value": "1"}]}),
        RUN_NOW,
    ],
    "models go into and come out of runs": [
        experiment(),
        run(),
        model(),
        model("second"),
        post("runs/log-inputs", run_id="$run", models=[{"model_id": "$model"}]),
        post("runs/outputs", run_id="$run", models=[{"model_id": "$second", "step": 3}]),
        RUN_NOW,
        post("runs/outputs", run_id="$run", models=[{"model_id": "$second", "step": 3}], differs=TWICE),
        post("runs/outputs", run_id="$run", models=[{"model_id": "$second", "step": 4}], differs=TWICE),
        post("runs/log-inputs", run_id="$run", models=[{"model_id": "$model"}]),
        post("runs/outputs", run_id="$run", models=[{"model_id": "$model"}]),
        RUN_NOW,
        get("logged-models/$model"),
        post("runs/outputs", runId="$run", models=[{"modelId": "$model", "step": "1"}], differs=CAMEL),
    ],
    "models that cannot go into or come out of runs": [
        experiment(),
        run(),
        model(),
        post("runs/outputs", run_id="$run", says=True),
        post("runs/outputs", run_id="$run", models=[], says=True),
        post("runs/outputs", models=[{"model_id": "$model", "step": 1}], says=True),
        post("runs/outputs", run_id="0" * 32, models=[{"model_id": "$model", "step": 1}], says=True),
        post("runs/outputs", run_id="$run", models="$model"),
        post("runs/outputs", run_id="$run", models=["$model"], differs=UNREAD),
        post("runs/outputs", run_id="$run", models=[{"model_id": "$model", "step": "first"}], differs=UNREAD),
        post("runs/outputs", run_id="$run", models=[{"model_id": "m-" + "0" * 32, "step": 1}], differs=NO_MODEL),
        post("runs/log-inputs", run_id="$run", models=[{"model_id": "m-" + "0" * 32}], differs=NO_MODEL),
        post("runs/log-inputs", run_id="$run", models=[{}], differs=UNREAD),
        post("runs/log-inputs", run_id="$run", models="$model"),
        post("runs/outputs", run_id="$run", models=[{"step": 1}]),
    ],
    "datasets of experiments are listed": [
        experiment(),
        run(),
        experiment(name="$here second", save="second"),
        run("other", experiment_id="$second"),
        log(dataset(context="training"), dataset("wine", "d2", context="testing")),
        log(dataset(context="validation")),
        log(dataset("digits", "d3"), run_id="$other"),
        post(SEARCH, experiment_ids=["$experiment"]),
        post(SEARCH, experiment_ids=["$second"]),
        post("experiments/search-datasets", experiment_ids=["$experiment"], differs=BOTH_PREFIXES),
        post(SEARCH, experimentIds=["$second"]),
        post(SEARCH, experiment_ids=["999999"]),
        post("runs/delete", run_id="$other"),
        post(SEARCH, experiment_ids=["$second"]),
    ],
    "datasets of experiments that cannot be": [
        post(SEARCH, says=True),
        post(SEARCH, experiment_ids=[], says=True),
        post(SEARCH, experiment_ids="0"),
        post(SEARCH, experiment_ids=[str(i) for i in range(21)], says=True),
        post(SEARCH, experiment_ids=["abc"]),
        post(SEARCH, experiment_ids=[0]),
        post(SEARCH, experiment_ids={"a": 1}),
        post(SEARCH, experiment_ids=[None]),
    ],
}
