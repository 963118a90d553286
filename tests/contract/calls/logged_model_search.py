"""logged-models/search."""

from typing import Any

from tests.contract.steps import UNREAD, Step, differs, experiment, model, patch, post, run


def three() -> list[Step]:
    """Models that differ in everything that a filter may ask for."""
    return [
        experiment(),
        run(),
        model("alpha", model_type="sklearn", source_run_id="$run", params=[{"key": "depth", "value": "3"}]),
        model("Beta", model_type="torch", tags=[{"key": "team", "value": "vision"}]),
        model("gamma", params=[{"key": "depth", "value": "5"}]),
        patch("logged-models/$alpha", model_id="$alpha", status="LOGGED_MODEL_READY"),
        *(
            post("runs/log-metric", run_id="$run", key=key, value=value, timestamp=1, model_id=f"${name}", **data)
            for name, key, value, data in (
                ("alpha", "acc", 0.9, {}),
                ("Beta", "acc", 0.5, {}),
                ("alpha", "loss", 0.1, {"dataset_name": "test", "dataset_digest": "d"}),
                ("Beta", "loss", 0.3, {"dataset_name": "train", "dataset_digest": "d"}),
            )
        ),
    ]


ANY_DIGEST = differs(200, "", "a dataset without a digest is any of that name; the genuine server finds none")
DOUBLE = differs(200, "", "double quotes are as good as single ones; the genuine server finds none")
STATUS = differs(200, "", "a status as the wire spells it is known, too")
NAME = [{"field_name": "name", "ascending": True}]


def search(condition: Any = "", **fields: Any) -> Step:
    return post(
        "logged-models/search", **{"experiment_ids": ["$experiment"], "filter": condition, "order_by": NAME} | fields
    )


def searches(*conditions: Any) -> list[Step]:
    return [search(condition) for condition in conditions]


def order(name: Any, **fields: Any) -> Step:
    return search(order_by=[{"field_name": name} | fields, *NAME])


SCENARIOS: dict[str, list[Step]] = {
    "logged models are found by what they are": [
        *three(),
        search('name = "alpha"', differs=DOUBLE),
        search("status = 'LOGGED_MODEL_READY'", differs=STATUS),
        *searches(
            "", "name = 'alpha'", "name != 'alpha'", "name LIKE '%a'", "name ILIKE 'b%'", "attributes.name = 'alpha'",
            "status = 'READY'", "status = 'PENDING'", "attributes.status != 'READY'",
            "model_type = 'sklearn'", "model_type LIKE 't%'", "source_run_id = '$run'", "model_id = '$alpha'",
            "attributes.model_id IN ('$alpha', '$Beta')", "model_id NOT IN ('$alpha')", "name IN ('alpha', 'gamma')",
            "creation_timestamp > 0", "creation_time > 0", "last_updated_timestamp < 5", "creation_timestamp != 1",
            "params.depth = '3'", "params.depth != '3'", "params.depth LIKE '%'", "params.depth IS NULL",
            "tags.team = 'vision'", "tags.team IS NOT NULL", "tags.team ILIKE 'V%'", "tag.team = 'vision'",
            "name = 'alpha' AND params.depth = '3'", "`name` = 'alpha'", "experiment_id = '0'",
        ),
    ],
    "logged models are found by their metrics": [
        *three(),
        *searches(
            "metrics.acc > 0.6", "metrics.acc >= 0.5", "metrics.acc = 0.9", "metrics.acc != 0.9", "metrics.never > 0",
            "metrics.acc > 0.1 AND metrics.loss < 0.2", "metrics.`acc` < 0.6", "metrics.acc > 0.6 AND name = 'alpha'",
        ),
        search("metrics.loss < 1", datasets=[{"dataset_name": "test", "dataset_digest": "d"}]),
        search("metrics.loss < 1", datasets=[{"datasetName": "test", "datasetDigest": "x"}]),
        search("metrics.loss < 1", datasets=[{"dataset_name": "test"}], differs=ANY_DIGEST),
        search("metrics.loss < 1", datasets=[{"dataset_name": "test"}, {"dataset_name": "train"}], differs=ANY_DIGEST),
        search("", datasets=[{"dataset_name": "test"}], differs=ANY_DIGEST),
        search("metrics.acc > 0", datasets=[{"dataset_name": "test"}]),
    ],
    "logged models are found by a filter that is wrong": [
        *three(),
        *searches(
            "nothing = 'a'", "name = alpha", "name > 'a'", "name =", "name", "= 'a'", "name = 'a' OR name = 'b'",
            "(name = 'a')", "metrics.acc = 'high'", "metrics.acc LIKE '1'", "params.depth = 3", "params.depth > '3'",
            "tags.team = vision", "status = READY", "status LIKE 'R%'", "creation_timestamp = 'noon'",
            "creation_timestamp LIKE '1'", "name = 'unclosed", "nothing.x = 'a'",
            "datasets.name = 'a'",
            "name = 'a'; DROP TABLE x", "params.depth IN ('3')", "tags.team IN ('vision')", "metrics.acc",
        ),
        search("model_id IN ()", differs=differs(400, "INVALID_PARAMETER_VALUE", "an empty list is a mistake")),
        search(5),
        search(["name = 'a'"]),
    ],
    "logged models are ordered": [
        *three(),
        order("name", ascending=False),
        order("name", ascending=True),
        order("metrics.acc", ascending=True),
        order("metrics.acc", ascending=False),
        order("metrics.acc"),
        order("metrics.loss", ascending=True, dataset_name="test"),
        order("metrics.loss", ascending=False, dataset_name="train", dataset_digest="d"),
        order("model_type", ascending=True),
        order("status", ascending=True),
        search(orderBy=[{"fieldName": "name", "ascending": False}], order_by=None),
        search(order_by=[]),
        search(order_by=None),
        order("creation_timestamp", ascending=True),
        order("creation_time", ascending=False),
        order("last_updated_timestamp", ascending=True),
    ],
    "logged models are ordered by what cannot be": [
        *three(),
        order("nothing"),
        order("params.depth"),
        order("tags.team"),
        order("metrics"),
        order(""),
        order(5),
        search(order_by=["name"]),
        search(order_by="name"),
        search(order_by=[{"ascending": True}]),
        search(order_by=[{"field_name": "name", "ascending": "yes"}], differs=UNREAD),
        order("name", dataset_name="test"),
        order("metrics.acc", dataset_digest="d"),
    ],
    "logged models come page by page": [
        *three(),
        search(max_results=2, save={"page": "next_page_token"}),
        search(max_results=2, page_token="$page"),
        search(max_results=3),
        search(max_results="2"),
        search(maxResults=1),
        search(max_results=0),
        search(max_results=-1, differs=differs(400, "INVALID_PARAMETER_VALUE", "the genuine server reads backwards")),
        search(max_results=51),
        search(max_results=100),
        search(max_results=101),
        search(max_results="many"),
        search(page_token="nonsense"),
        search(page_token=""),
        search(page_token=5),
    ],
    "logged models of several experiments": [
        *three(),
        experiment(name="$here second", save="second"),
        model("delta", experiment_id="$second"),
        search(experiment_ids=["$experiment", "$second"]),
        search(experiment_ids=["$second"]),
        search(experimentIds=["$second"], experiment_ids=None),
        search(experiment_ids=["999999"]),
        search(experiment_ids=[]),
        post("logged-models/search"),
        search(experiment_ids="0"),
        search(experiment_ids=["abc"]),
        search(experiment_ids=[5]),
    ],
}  # fmt: skip
