"""registered-models/search and model-versions/search: filters, orders, pages, prompts."""

from tests.contract.calls.model_versions import WITHOUT
from tests.contract.calls.registered_models import create, version
from tests.contract.steps import Step, experiment, get, post, run

MINE = "name LIKE '$here%'"
IS_PROMPT = "mlflow.prompt.is_prompt"


def models(filter: str = MINE, **fields: object) -> Step:  # noqa: A002  the wire's own word
    return get("registered-models/search", filter=filter, without=WITHOUT, **fields)


def versions(filter: str = MINE, **fields: object) -> Step:  # noqa: A002  the wire's own word
    return get("model-versions/search", filter=filter, without=WITHOUT, **fields)


SOME = [
    create("$here-a", tags=[{"key": "team", "value": "vision"}, {"key": "tier", "value": "1"}]),
    create("$here-B", tags=[{"key": "team", "value": "speech"}]),
    create("$here-c_d", tags=[{"key": "odd key", "value": "it's"}], description="third"),
    create("$here-p", tags=[{"key": IS_PROMPT, "value": "true"}]),
]
SOME_VERSIONS = [
    experiment(),
    run(),
    *SOME,
    version("$here-a", tags=[{"key": "q", "value": "good"}]),
    version("$here-a", source="runs:/$run/model", run_id="$run"),
    version("$here-B", source="s3://bucket/B", tags=[{"key": "q", "value": "bad"}]),
    version("$here-p", source="dummy-source", tags=[{"key": IS_PROMPT, "value": "true"}]),
    version("$here-a"),
    post("model-versions/transition-stage", name="$here-a", version="3", stage="Production", without=WITHOUT),
]
WRONG = [
    "name",
    "name =",
    "name = $here",
    "name > 'a'",
    "name = 'a' OR name = 'b'",
    "nam = 'a'",
    "description = 'a'",
    "attribute.nam = 'a'",
    "metrics.x = 1",
    "tags.team > 'a'",
    "tags.team IN ('a')",
    "tags.team = 5",
    "tags.team",
    "name IN ()",
    "name IN 'a'",
    "name IN (1)",
    "creation_timestamp > 5",
]

SCENARIOS: dict[str, list[Step]] = {
    "models are found": [
        *SOME,
        models(),
        models("name = '$here-a'"),
        models("attribute.name = '$here-a'"),
        models("name != '$here-a' AND name LIKE '$here%'"),
        models("name LIKE '$here-b'"),
        models("name ILIKE '$here-b'"),
        models("name LIKE '$here-c%'"),
        models("name IN ('$here-a', '$here-B')"),
        models("name NOT IN ('$here-a') AND name LIKE '$here%'"),
        models(f"{MINE} AND tags.team = 'vision'"),
        models(f"{MINE} AND tag.team != 'vision'"),
        models(f"{MINE} AND tags.team ILIKE 'SPE%'"),
        models(f"{MINE} AND tags.team LIKE 'SPE%'"),
        models(f'{MINE} AND tags.`odd key` = "it\'s"'),
        models(f"{MINE} AND tags.team = 'vision' AND tags.tier = '1'"),
        models(f"{MINE} AND tags.team = 'vision' AND tags.tier = '2'"),
        get("registered-models/search", max_results=1000, filter="name = '$here-a'", without=WITHOUT),
    ],
    "prompts are found where they are asked for": [
        *SOME,
        models(f"{MINE} AND tags.`{IS_PROMPT}` = 'true'"),
        models(f"{MINE} AND tags.`{IS_PROMPT}` = 'false'"),
        models(f"{MINE} AND tags.`{IS_PROMPT}` != 'true'"),
        models(f"{MINE} AND tags.`{IS_PROMPT}` != 'false'"),
        models("name = '$here-p'"),
        versions(f"{MINE} AND tags.`{IS_PROMPT}` = 'true'"),
    ],
    "models are ordered and paged": [
        *SOME,
        models(order_by=["name DESC"]),
        models(order_by=["name ASC"]),
        models(order_by=["last_updated_timestamp DESC", "name"]),
        models(order_by=["timestamp"]),
        models(order_by=["name", "name DESC"]),
        models(order_by=["creation_timestamp"]),
        models(order_by=["colour"]),
        models(order_by=["name SIDEWAYS"]),
        models(max_results=2),
        models(max_results=1, order_by=["name DESC"]),
        models(max_results=1001),
        models(max_results="x"),
        models(page_token="nonsense"),
    ],
    "model filters that fail": [models(wrong) for wrong in WRONG],
    "versions are found": [
        *SOME_VERSIONS,
        versions(),
        versions("name = '$here-a'"),
        versions("name = '$here-a' AND version_number = 2"),
        versions("name = '$here-a' AND version_number > '1'"),
        versions("name = '$here-a' AND version_number != 1"),
        versions("name IN ('$here-a', '$here-B')"),
        versions("run_id = '$run'"),
        versions("run_id IN ('$run')"),
        versions(f"{MINE} AND run_id != '$run'"),
        versions(f"{MINE} AND source_path = 's3://bucket/B'"),
        versions(f"{MINE} AND source_path LIKE 's3://%'"),
        versions(f"{MINE} AND tags.q = 'good'"),
        versions(f"{MINE} AND tags.q != 'good'"),
        versions(f"{MINE} AND tags.q ILIKE 'B%'"),
        versions("name = '$here-p'"),
        versions("name = '$here-nowhere'"),
    ],
    "versions are ordered and paged": [
        *SOME_VERSIONS,
        versions(order_by=["version_number ASC"]),
        versions(order_by=["version_number DESC", "name DESC"]),
        versions(order_by=["name ASC", "version_number ASC"]),
        versions(order_by=["creation_timestamp ASC", "name", "version_number"]),
        versions(order_by=["last_updated_timestamp ASC", "name", "version_number"]),
        versions(order_by=["run_id"]),
        versions(order_by=["name", "name"]),
        versions(max_results=2, order_by=["name", "version_number"]),
        versions(max_results=0),
        versions(max_results=-1),
        versions(max_results=200_001),
        versions(page_token="nonsense"),
    ],
    "version filters that fail": [
        versions(wrong)
        for wrong in (
            *WRONG,
            "version_number = 'x'",
            "version_number LIKE '1'",
            "version_number = 1.5",
            "source_path IN ('a')",
            "run_id > 'a'",
            "current_stage = 'Production'",
        )
    ],
}
