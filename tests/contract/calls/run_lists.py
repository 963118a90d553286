"""runs/search: order, pages, views, and which experiments."""

from typing import Any

from tests.contract.steps import UNREAD, Step, experiment, post, run


def runs() -> list[Step]:
    """Five runs with metrics and parameters that tie, are missing or are no number."""
    points = {"a": 3, "b": 1, "c": "NaN", "d": 3}
    kinds = {"a": "x", "b": "y", "c": "x", "e": "10"}
    steps = [experiment(), *(run(name, start_time=1000 + number // 2) for number, name in enumerate("abcde"))]
    steps += [
        post("runs/log-metric", run_id=f"${name}", key="m", value=value, timestamp=1) for name, value in points.items()
    ]
    steps += [post("runs/log-parameter", run_id=f"${name}", key="p", value=value) for name, value in kinds.items()]
    return [*steps, post("runs/set-tag", run_id="$b", key="t", value="z")]


def search(**fields: Any) -> Step:
    return post("runs/search", **{"experiment_ids": ["$experiment"]} | fields)


def ordered(*keys: str) -> Step:
    """Ties are broken by a last key: the genuine server leaves them to its database."""
    return search(order_by=[*keys, "attributes.run_name ASC"])


SEVERAL = {
    "filter": "metrics.m != 7 AND params.p != '10' AND tags.t IS NULL",
    "order_by": ["metrics.m DESC", "attributes.run_name ASC"],
}

SCENARIOS: dict[str, list[Step]] = {
    "runs are ordered by metrics, parameters and tags": [
        *runs(),
        ordered("metrics.m"),
        ordered("metrics.m ASC"),
        ordered("metrics.m DESC"),
        ordered("metric.m desc"),
        ordered("metrics.`m` DESC"),
        ordered("metrics.never DESC"),
        ordered("params.p ASC"),
        ordered("params.p DESC"),
        ordered("parameters.p"),
        ordered("tags.t ASC"),
        ordered("tag.t DESC"),
        ordered("tags.mlflow.runName DESC"),
        ordered('params."p" ASC', "metrics.m DESC"),
        ordered("params.p", "metrics.m ASC", "tags.t"),
        search(orderBy=["attributes.run_name DESC"]),
        search(order_by=["attributes.run_name DESC", "metrics.m"]),
    ],
    "runs that several conditions let pass are ordered and paged alike": [
        *runs(),
        *(
            search(filter=condition, order_by=[*keys, "attributes.run_name ASC"])
            for condition in (
                "metrics.m != 7 AND params.p != '10'",
                "metrics.m >= 1 AND params.p = 'x' AND tags.t IS NULL",
            )
            for keys in (["metrics.m DESC"], ["metrics.m"], ["params.p"], ["start_time", "metrics.m"], ["tags.t DESC"])
        ),
        search(**SEVERAL, max_results=1, save={"page": "next_page_token"}),
        search(**SEVERAL, max_results=1, page_token="$page"),
    ],
    "runs are ordered by attributes": [
        *runs(),
        post("runs/update", run_id="$b", status="FINISHED", end_time=5000),
        post("runs/update", run_id="$d", status="FAILED", end_time=4000),
        ordered("attributes.start_time DESC"),
        ordered("start_time ASC"),
        ordered("attribute.start_time"),
        ordered("attributes.end_time ASC"),
        ordered("attributes.end_time DESC"),
        ordered("attributes.status"),
        ordered("attr.status DESC"),
        ordered("run.start_time DESC"),
        ordered("attributes.Created ASC"),
        ordered("attributes.`start_time` DESC"),
        search(order_by=["run_name DESC"]),
        search(order_by=["attributes.`Run Name` ASC"]),
        search(order_by=["attributes.run_name ASC"]),
        search(order_by=["attributes.run_name"], max_results=2),
    ],
    "runs are ordered by what cannot be": [
        *runs(),
        search(order_by=["nothing"]),
        search(order_by=["attributes.nothing"]),
        search(order_by=["metrics.m SIDEWAYS"]),
        search(order_by=["metrics.m ASC DESC"]),
        search(order_by=["metrics.m,params.p"]),
        search(order_by=[""]),
        search(order_by=["metrics"]),
        search(order_by=["m"]),
        search(order_by=["datasets.name"]),
        search(order_by=["metrics.m; DROP TABLE runs"]),
        search(order_by=["'metrics.m'"]),
        search(order_by=["metrics.m DESC NULLS LAST"]),
        search(order_by=[5]),
        search(order_by="metrics.m"),
        search(order_by={"a": 1}),
    ],
    "runs come page by page": [
        *runs(),
        search(order_by=["attributes.run_name"], max_results=2, save={"page": "next_page_token"}),
        search(order_by=["attributes.run_name"], max_results=2, page_token="$page", save={"page": "next_page_token"}),
        search(order_by=["attributes.run_name"], max_results=2, page_token="$page"),
        search(order_by=["metrics.m DESC", "attributes.run_name"], max_results=3, save={"page": "next_page_token"}),
        search(order_by=["metrics.m DESC", "attributes.run_name"], max_results=3, page_token="$page"),
        search(order_by=["params.p ASC", "attributes.run_name"], max_results=3, save={"page": "next_page_token"}),
        search(order_by=["params.p ASC", "attributes.run_name"], max_results=3, page_token="$page"),
        search(order_by=["attributes.run_name"], max_results=5),
        search(order_by=["attributes.run_name"], max_results="3"),
        search(order_by=["attributes.run_name"], maxResults=1),
        search(order_by=["attributes.run_name"], max_results=50000),
        search(order_by=["attributes.run_name"], page_token=""),
    ],
    "runs come in pages that cannot be": [
        *runs(),
        search(max_results=50001),
        search(max_results=-1),
        search(max_results="many", says=True),
        search(max_results=2.5, differs=UNREAD),
        search(max_results=[1]),
        search(max_results=10**12),
        search(page_token="nonsense"),
        search(page_token=5, differs=UNREAD),
        search(page_token="e30="),
    ],
    "runs are seen by their state": [
        *runs(),
        post("runs/delete", run_id="$b"),
        search(order_by=["attributes.run_name"]),
        search(order_by=["attributes.run_name"], run_view_type="ACTIVE_ONLY"),
        search(order_by=["attributes.run_name"], run_view_type="DELETED_ONLY"),
        search(order_by=["attributes.run_name"], run_view_type="ALL"),
        search(order_by=["attributes.run_name"], run_view_type=2),
        search(order_by=["attributes.run_name"], runViewType="ALL"),
        search(run_view_type="SOME", differs=UNREAD),
        search(run_view_type=9, differs=UNREAD),
        search(run_view_type=["ALL"], differs=UNREAD),
        post("experiments/delete", experiment_id="$experiment"),
        search(order_by=["attributes.run_name"]),
        search(order_by=["attributes.run_name"], run_view_type="DELETED_ONLY"),
    ],
    "runs of several experiments": [
        *runs(),
        experiment(name="$here second", save="second"),
        run("f", experiment_id="$second", start_time=500),
        search(experiment_ids=["$experiment", "$second"], order_by=["attributes.run_name"]),
        search(experiment_ids=["$second"], order_by=["attributes.run_name"]),
        search(experiment_ids=["$second", "$second"], order_by=["attributes.run_name"]),
        search(experimentIds=["$second"], experiment_ids=None),
        search(experiment_ids=["$second", "999999"]),
        search(experiment_ids=["999999"]),
    ],
    "runs of experiments that cannot be": [
        search(experiment_ids=[]),
        post("runs/search"),
        search(experiment_ids=["abc"]),
        search(experiment_ids=[""]),
        search(experiment_ids="0"),
        search(experiment_ids=[None], differs=UNREAD),
        search(experiment_ids=[["0"]], differs=UNREAD),
        search(experiment_ids={"a": 1}),
    ],
    "runs in no given order come newest first": [
        experiment(),
        run("early", start_time=1),
        run("late", start_time=3),
        run("middle", start_time=2),
        search(),
        search(max_results=2, save={"page": "next_page_token"}),
        search(max_results=2, page_token="$page"),
    ],
}
