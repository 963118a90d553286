"""runs/search: the filter language."""

from typing import Any

from tests.contract.steps import Step, differs, experiment, post, run

DATASET = {"name": "iris", "digest": "d1", "source_type": "local", "source": "{}"}


def tags(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def three() -> list[Step]:
    """Runs that differ in everything that a filter may ask for."""
    return [
        experiment(),
        run("alpha", user_id="ada", tags=tags(team="vision", note="it's")),
        run("Beta", start_time=2000, tags=tags(team="Speech")),
        run("gamma_1", start_time=3000),
        post(
            "runs/log-batch",
            run_id="$alpha",
            metrics=[{"key": "acc", "value": 0.9, "timestamp": 1}, {"key": "a b", "value": 1, "timestamp": 1}],
            params=tags(depth="3", kind="Tree"),
        ),
        post(
            "runs/log-batch",
            run_id="$Beta",
            metrics=[{"key": "acc", "value": 0.5, "timestamp": 1}, {"key": "nan", "value": "NaN", "timestamp": 1}],
            params=[*tags(depth="5", kind="forest"), {"key": "max depth", "value": "7"}],
        ),
        post(
            "runs/log-inputs",
            run_id="$alpha",
            datasets=[{"dataset": DATASET, "tags": [{"key": "mlflow.data.context", "value": "training"}]}],
        ),
        post("runs/log-inputs", run_id="$Beta", datasets=[{"dataset": DATASET | {"name": "wine", "digest": "d2"}}]),
        post("runs/update", run_id="$alpha", status="FINISHED", end_time=9000),
    ]


def search(condition: Any, **fields: Any) -> Step:
    given = {"experiment_ids": ["$experiment"], "filter": condition, "order_by": ["attributes.start_time"]}
    return post("runs/search", **given | fields)


def searches(*conditions: Any, says: bool = False) -> list[Step]:
    return [search(condition, says=says) for condition in conditions]


SCENARIOS: dict[str, list[Step]] = {
    "runs are found by metrics": [
        *three(),
        *searches(
            "metrics.acc > 0.5", "metrics.acc >= 0.5", "metrics.acc < 0.9", "metrics.acc <= 0.9",
            "metrics.acc = 0.9", "metrics.acc != 0.9", "metric.acc > 0", "metrics.acc > .5", "metrics.acc > -1",
            "metrics.acc > 5e-1", "metrics.acc > 1E-1", "metrics.`acc` > 0.6", 'metrics."acc" > 0.6',
            "metrics.`a b` = 1",
            'metrics."a b" = 1.0', "metrics.never > 0", "metrics.acc>0.6", "METRICS.acc > 0.6", "metrics.ACC > 0.6",
            "metrics.nan = 'NaN'", "metrics.acc > 0.4 AND metrics.acc < 0.6", "metrics.acc > 0.4 and metrics.acc < 0.6",
        ),
    ],
    "runs are found by parameters": [
        *three(),
        *searches(
            "params.depth = '3'", 'params.depth = "3"', "params.depth != '3'", "param.depth = '3'",
            "parameter.depth = '3'", "parameters.depth = '3'", "params.kind LIKE 'T%'", "params.kind LIKE 't%'",
            "params.kind ILIKE 't%'", "params.kind ILIKE '%R%'", "params.kind LIKE '_ree'", "params.`max depth` = '7'",
            'params."max depth" = "7"', "params.kind IS NULL", "params.kind IS NOT NULL", "params.`max depth` IS NULL",
            "params.kind is not null", "params.never = '1'", "params.never != '1'", "params.KIND = 'Tree'",
            "params.kind LIKE 'Tree' AND params.depth = '3'", "params.kind like '%'",
        ),
    ],
    "runs are found by tags": [
        *three(),
        *searches(
            "tags.team = 'vision'", "tag.team = 'vision'", "tags.team != 'vision'", "tags.team LIKE '%i%'",
            "tags.team LIKE 's%'", "tags.team ILIKE 's%'", "tags.team IS NULL", "tags.team IS NOT NULL",
            'tags.note = "it\'s"', "tags.`team` = 'vision'", "tags.mlflow.runName = 'alpha'",
            "tags.`mlflow.runName` = 'alpha'", 'tags."mlflow.runName" LIKE "%a"', "tags.never = 'x'",
            "tags.TEAM = 'vision'",
            "tags.team = ''", "tags.team = 'vision' AND params.depth = '3' AND metrics.acc > 0.1",
        ),
    ],
    "runs are found by attributes": [
        *three(),
        *searches(
            "attributes.status = 'FINISHED'", "attribute.status = 'RUNNING'", "attr.status != 'RUNNING'",
            "run.status = 'FINISHED'", "status = 'FINISHED'", "attributes.status LIKE 'FIN%'",
            "attributes.status ILIKE 'fin%'", "attributes.run_name = 'alpha'", "run_name LIKE '%a'",
            "attributes.run_name ILIKE 'B%'", "attributes.run_name != 'alpha'", "attributes.`run name` = 'alpha'",
            "attributes.`Run name` = 'alpha'", 'attributes."Run Name" = "alpha"', "attributes.run_id = '$alpha'",
            "run_id != '$alpha'", "attributes.run_id LIKE '$alpha'", "attributes.user_id = 'ada'", "user_id != 'ada'",
            "attributes.start_time > 1000", "attributes.start_time >= 2000", "start_time = 3000", "start_time != 3000",
            "attributes.end_time = 9000", "end_time < 9001", "attributes.created > 1500", "attributes.Created = 2000",
            "attributes.artifact_uri LIKE '%$alpha%'", "artifact_uri != 'x'", "attributes.run_name LIKE 'gamma__'",
        ),
    ],
    "runs are found in lists": [
        *three(),
        *searches(
            "attributes.run_id IN ('$alpha', '$Beta')", "run_id IN ('$alpha')", "run_id NOT IN ('$alpha')",
            "attributes.run_id in ('$alpha','$Beta')", "run_id not in ('$alpha', 'nobody')", 'run_id IN ("$alpha")',
            "datasets.name IN ('iris', 'wine')", "datasets.digest NOT IN ('d1')", "dataset.name in ('iris')",
        ),
    ],
    "runs are found by datasets": [
        *three(),
        *searches(
            "datasets.name = 'iris'", "dataset.name = 'iris'", "datasets.name != 'iris'", "datasets.name LIKE '%i%'",
            "datasets.name ILIKE 'IR%'", "datasets.digest = 'd1'", "datasets.context = 'training'",
            "datasets.context = 'testing'", "datasets.name = 'iris' AND datasets.context = 'training'",
            "datasets.name = 'wine' AND datasets.context = 'training'", "dataset.digest LIKE 'd%'",
        ),
    ],
    "runs are found by quotes of every form": [
        *three(),
        *searches(
            "tags.team='vision'", "tags.team = 'vision'   ", "\ttags.team\n=\n'vision'", "tags.`team`='vision'",
            "`tags`.`team` = 'vision'", "tags.team = 'vision' AND", "tags.team = ''''", "tags.team = 'a\\'b'",
            "tags.team = 'vi%sion'", "tags.note = 'it''s'", 'tags.team = "vision"', "tags.'team' = 'vision'",
            "tags.team = `vision`", "'tags'.team = 'vision'", "tags.team = 'vision';", "tags.team == 'vision'",
            "", "   ", None,
        ),
    ],
    "a wrong filter is refused": [
        *three(),
        *searches(
            "metrics.acc > 'high'", "metrics.acc > high", "metrics.acc LIKE '1'", "metrics.acc IS NULL",
            "metrics.acc IN (1, 2)", "params.depth = 3", "params.depth > '3'", "params.depth = three",
            "params.depth IN ('3')", "tags.team > 'a'", "tags.team = vision", "tags.team = 5", "tags.team IN ('a')",
            "attributes.nothing = 'x'", "nothing = 'x'", "nothing.at = 'x'", "attributes.status > 'A'",
            "attributes.status = RUNNING", "attributes.start_time = 'noon'", "attributes.start_time LIKE '1%'",
            "attributes.run_name IN ('alpha')", "attributes.lifecycle_stage = 'active'",
            "attributes.experiment_id = '0'",
            "datasets.nothing = 'x'", "datasets.name > 'x'", "datasets.name = iris", "attributes.status IN ('RUNNING')",
            "run_id IN ()", "run_id IN ('a'", "run_id IN 'a'", "run_id IN (1)", "run_id IN ('a' 'b')",
            "run_id IN ('a',)",
        ),
    ],
    "a filter that is no filter is refused": [
        *three(),
        *searches(
            "metrics.acc", "metrics.acc >", "> 1", "metrics.acc > 1 AND", "AND metrics.acc > 1",
            "metrics.acc > 1 AND AND metrics.acc > 2", "metrics.acc > 1 OR metrics.acc < 2", "(metrics.acc > 1)",
            "NOT metrics.acc > 1", "metrics.acc > 1, metrics.acc < 2", "metrics.acc > 1 metrics.acc < 2",
            "metrics.acc => 1", "metrics.acc > > 1", "metrics > 1", ".acc > 1", "metrics.acc > 1 --",
            "params.depth = 'unclosed", 'params.depth = "unclosed', "params.`depth = '3'", "params.depth = 'a' 'b'",
            "1 = 1", "'a' = 'a'", "metrics.acc BETWEEN 0 AND 1", "tags.team LIKE", "tags.team IS", "tags.team IS NOT",
            "tags.team NOT NULL", "tags.team NOT LIKE 'a'", "; DROP TABLE runs", "metrics.acc > 1; DROP TABLE runs",
            "select * from runs", "*", "%", "'", '"', "`", "(", ")", "metrics.acc > 1e999",
        ),
        search("metrics. > 1", differs=differs(400, "INVALID_PARAMETER_VALUE", "no metric is called ''")),
        search(5),
        search(["metrics.acc > 1"]),
        search({"a": 1}),
        search(True),
    ],
    "numbers are compared as they are written": [
        *three(),
        *searches(
            "metrics.acc = 0.90", "metrics.acc = 9e-1", "metrics.acc = +0.9", "metrics.acc > -0.0", "metrics.acc > 0x1",
            "metrics.acc > 1_000", "metrics.acc > NaN", "metrics.acc > Infinity", "metrics.acc < 1.",
            "start_time = 1000.0",
            "start_time > 1e3", "start_time > -5", "start_time > 99999999999999999999", "end_time = 0.5",
        ),
    ],
}  # fmt: skip
