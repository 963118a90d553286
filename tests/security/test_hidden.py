"""What is hidden stays hidden, whichever way it is asked for (SECURITY.md E4, E5, E6, E11, E12, E14)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import User
from apps.accounts.services import people, teams
from apps.registry.models import RegisteredModel
from apps.registry.permissions import MODEL_GRANTS
from apps.tracking.models import Experiment, Metric, Param, Run, RunTag
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.levels import Level
from tests.security import world as worlds
from tests.security.callers import PASSWORD, Answer, Caller, by_token
from tests.security.operations import operations
from tests.security.recipes import RECIPES, Call, filled
from tests.security.statements import counted
from tests.security.world import BY, World

pytestmark = pytest.mark.once  # who may see what on each database, test_authorisation asks

WIRE = "/api/2.0/mlflow"
ABSENT = {
    "experiment": "987654",
    "retired": "987655",
    "experiment_name": "never-made",
    "run": "0" * 32,
    "deleted_run": "1" * 32,
    "model": "m-" + "0" * 32,
    "registered": "never-registered",
    "registered_id": "987656",
    "served": "never-served",
    "image": "987657",
    "deployment": "never-deployed",
    "idle_deployment": "never-deployed-either",
    "proxied_folder": "987654/" + "0" * 32 + "/artifacts",
    "proxied_file": "987654/" + "0" * 32 + "/artifacts/notes.txt",
}
ABOUT_OBJECTS = [
    recipe for recipe, fields in RECIPES.items() if any(f"${name}" in json.dumps(fields) for name in ABSENT)
]
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)


@dataclass
class Side:
    """A team of one, and what is its own."""

    user: User
    caller: Caller
    names: dict[str, str]

    def send(self, recipe: str, **changes: Any) -> Answer:
        return self.caller.send(filled(recipe, self.names, **changes))

    def post(self, path: str, body: dict[str, Any] | bytes, query: dict[str, Any] | None = None) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.caller.send(Call("POST", f"{WIRE}/{path}", query or {}, raw))

    def get(self, path: str, **query: Any) -> Answer:
        return self.caller.send(Call("GET", f"{WIRE}/{path}", query))


@pytest.fixture
def sides(db: None, tmp_path: Path, settings: Any) -> Iterator[tuple[Side, Side]]:
    """Two people in two teams, each team with an experiment that the other has no permission on."""
    settings.MLREGISTRY_ARTIFACTS = str(tmp_path / "artifacts")
    settings.MLREGISTRY_DEFAULT_PERMISSION = Level.NO_PERMISSIONS
    root = people.create(username="root", password=PASSWORD, is_admin=True, by=BY)
    worlds.keys.forget()
    yield _side(root, "ada", "harbour"), _side(root, "bob", "lighthouse")
    worlds.keys.forget()


def _side(root: User, username: str, experiment_name: str) -> Side:
    user = people.create(username=username, password=PASSWORD, by=BY)
    team = teams.create(name=f"team of {username}", by=BY)
    teams.add_member(team=team, user=user, by=BY)
    experiment, names = worlds.furnish(root, experiment_name)
    EXPERIMENT_GRANTS.set(target=experiment, holder=team, level=Level.EDIT, by=BY)
    registered = RegisteredModel.objects.get(name=names["registered"])
    MODEL_GRANTS.set(target=registered, holder=team, level=Level.EDIT, by=BY)
    return Side(user, by_token(user), names)


def test_each_team_finds_its_own_and_nothing_of_the_other(sides: tuple[Side, Side]) -> None:
    for mine, theirs in (sides, sides[::-1]):
        everywhere = [mine.names["experiment"], theirs.names["experiment"]]
        answers = [
            mine.post("experiments/search", {"max_results": 100, "view_type": "ALL"}),
            mine.post("runs/search", {"experiment_ids": everywhere, "run_view_type": "ALL"}),
            mine.post("logged-models/search", {"experiment_ids": everywhere}),
            mine.post("experiments/search-datasets", {"experiment_ids": everywhere}),
            mine.get("registered-models/search", max_results=100),
            mine.get("model-versions/search", max_results=100),
            mine.get("metrics/get-history-bulk", run_id=[mine.names["run"], theirs.names["run"]], metric_key="loss"),
            mine.get(
                "metrics/get-history-bulk-interval",
                run_ids=[mine.names["run"], theirs.names["run"]],
                metric_key="loss",
            ),
        ]
        for answer in answers:
            assert answer.status == 200, answer.content
            found = answer.content.decode()
            assert found != "{}"
            assert f'"experiment_id":"{theirs.names["experiment"]}"' not in found
            for name in ("experiment_name", "run", "deleted_run", "model", "registered"):
                assert theirs.names[name] not in found


def test_pages_and_their_tokens_do_not_count_what_is_hidden(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    everywhere = [ada.names["experiment"], bob.names["experiment"]]
    for path, asked, listed, visible in (
        ("experiments/search", {"view_type": "ALL"}, "experiments", 1),
        ("runs/search", {"experiment_ids": everywhere, "run_view_type": "ALL"}, "runs", 2),
        ("logged-models/search", {"experiment_ids": everywhere}, "models", 1),
    ):
        seen, token = 0, ""
        while True:
            page = ada.post(path, {**asked, "max_results": 1, "page_token": token}).json()
            seen += len(page.get(listed, []))
            assert len(page.get(listed, [])) == 1, "no page is short of what was hidden"
            token = page.get("next_page_token", "")
            if not token:
                break
        assert seen == visible


def test_filters_cannot_feel_for_what_is_hidden(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    there = [bob.names["experiment"]]
    assert ada.post("experiments/search", {"max_results": 9, "filter": "name = 'lighthouse'"}).json() == {}
    assert ada.post("runs/search", {"experiment_ids": there, "filter": "metrics.loss > 0"}).json() == {}
    assert ada.post("logged-models/search", {"experiment_ids": there, "filter": "params.depth = '3'"}).json() == {}
    assert ada.post("runs/search", {"experiment_ids": there}).json() == {}


def test_a_name_that_is_taken_out_of_sight_is_still_taken(sides: tuple[Side, Side]) -> None:
    """Names are unique, so this one thing is told; nothing about the experiment itself is."""
    answer = sides[0].post("experiments/create", {"name": "lighthouse"})
    assert (answer.status, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert sides[1].names["experiment"] not in answer.json()["message"]


SECONDARY = (
    ("POST /api/2.0/mlflow/runs/log-inputs", lambda names: {"models": [{"model_id": names["model"]}]}),
    ("POST /api/2.0/mlflow/runs/outputs", lambda names: {"models": [{"model_id": names["model"], "step": 0}]}),
    ("POST /api/2.0/mlflow/runs/log-metric", lambda names: {"model_id": names["model"]}),
    (
        "POST /api/2.0/mlflow/runs/log-batch",
        lambda names: {"metrics": [{"key": "a", "value": 1, "timestamp": 1, "model_id": names["model"]}]},
    ),
    ("POST /api/2.0/mlflow/logged-models", lambda names: {"source_run_id": names["run"]}),
    ("POST /api/2.0/mlflow/model-versions/create", lambda names: {"source": "s3://bucket/m", "run_id": names["run"]}),
    (
        "POST /api/2.0/mlflow/model-versions/create",
        lambda names: {"source": f"models:/{names['model']}", "model_id": names["model"], "run_id": ""},
    ),
    (
        "POST /api/2.0/mlflow/model-versions/create",
        lambda names: {"source": f"models:/{names['registered']}/1", "run_id": names["run"]},
    ),
)


@pytest.mark.parametrize(("recipe", "change"), SECONDARY, ids=[recipe for recipe, _ in SECONDARY])
def test_a_secondary_id_in_a_body_is_authorised_like_the_first(
    sides: tuple[Side, Side], recipe: str, change: Any
) -> None:
    ada, bob = sides
    assert ada.send(recipe, **change(ada.names)).status == 200
    hidden = ada.send(recipe, **change(bob.names))
    absent = ada.send(recipe, **change(ABSENT))
    assert (hidden.status, absent.status) == (404, 404)
    assert _anonymised(hidden.content, bob.names) == _anonymised(absent.content, ABSENT)


def test_two_spellings_of_a_field_are_refused(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    body = {"run_id": ada.names["run"], "runId": bob.names["run"], "key": "a", "value": "b"}
    assert ada.post("runs/set-tag", body).status == 400


def test_the_run_that_was_authorised_is_the_run_that_is_written_to(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    hers, his = ada.names["run"], bob.names["run"]
    tag = {"key": "mark", "value": "x"}
    sent = [
        ada.post("runs/set-tag", {"run_id": hers, "run_uuid": his, **tag}),
        ada.post("runs/set-tag", {"run_id": his, "run_uuid": hers, **tag}),
        ada.post("runs/set-tag", {"run_id": hers, **tag}, query={"run_id": his}),
        ada.post("runs/set-tag", {"run_id": his, **tag}, query={"run_id": hers}),
        ada.post("runs/set-tag", f'{{"run_id":"{hers}","run_id":"{his}","key":"mark","value":"x"}}'.encode()),
        ada.post("runs/set-tag", f'{{"run_id":"{his}","run_id":"{hers}","key":"mark","value":"x"}}'.encode()),
        ada.post("runs/set-tag", f'{{"runId":"{his}","key":"mark","value":"x"}}'.encode()),
    ]
    assert {answer.status for answer in sent} <= {200, 400, 404}
    assert not RunTag.objects.filter(run__uuid=his, key="mark").exists()


def test_the_run_that_was_authorised_is_the_run_that_is_read(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    hers, his = ada.names["run"], bob.names["run"]
    for query in (
        {"run_id": [hers, his]},
        {"run_id": [his, hers]},
        {"run_id": hers, "run_uuid": his},
        {"run_id": his, "run_uuid": hers},
        {"run_uuid": his},
    ):
        for path in ("runs/get", "artifacts/list", "metrics/get-history"):
            answer = ada.get(path, **query, metric_key="loss")
            assert answer.status in (200, 400, 404)
            assert answer.status != 200 or his.encode() not in answer.content


def test_a_body_cannot_contradict_the_path(sides: tuple[Side, Side]) -> None:
    ada, bob = sides
    path = f"{WIRE}/logged-models/{ada.names['model']}/tags"
    body = {"model_id": bob.names["model"], "tags": [{"key": "a", "value": "b"}]}
    assert ada.caller.send(Call("PATCH", path, body=json.dumps(body).encode())).status == 400


def test_editing_is_not_deleting(world: World) -> None:
    for recipe, operation in operations().items():
        if operation["x-requires"] == "MANAGE":
            with world.afterwards_as_before():
                assert world.callers["editor"].send(filled(recipe, world.names)).status == 403, recipe


def test_absent_and_hidden_look_the_same(world: World) -> None:
    outsider = world.callers["outsider"]
    for recipe in ABOUT_OBJECTS:
        with world.afterwards_as_before():
            hidden = outsider.send(filled(recipe, world.names))
            absent = outsider.send(filled(recipe, world.names | ABSENT))
        assert hidden.status == absent.status, recipe
        asked = [name for name in ABSENT if f"${name}" in json.dumps(RECIPES[recipe])]
        there, nowhere = ({name: names[name] for name in asked} for names in (world.names, ABSENT))
        assert _anonymised(hidden.content, there) == _anonymised(absent.content, nowhere), recipe


def test_a_refused_call_writes_nothing(world: World) -> None:
    before = {path: path.read_bytes() for path in world.files}
    for recipe in RECIPES:
        for caller in ("anonymous", "outsider", "reader", "read token"):
            with world.afterwards_as_before(), counted() as statements:
                answer = world.callers[caller].send(filled(recipe, world.names))
            if answer.status in (401, 403, 404):
                written = [statement for statement in statements if WRITES.match(statement)]
                assert written == [], (recipe, caller)
    assert {path: path.read_bytes() for path in world.files} == before


def test_a_batch_that_fails_halfway_leaves_nothing(world: World) -> None:
    run = Run.objects.get(uuid=world.names["run"])

    def state() -> list[Any]:
        tables = (Metric.objects, Param.objects, RunTag.objects)
        return [Experiment.objects.count(), *(list(table.filter(run_id=run.pk).values()) for table in tables)]

    before = state()
    params = [{"key": "b", "value": "1"}, {"key": "lr", "value": "another"}]
    call = filled("POST /api/2.0/mlflow/runs/log-batch", world.names, params=params)
    answer = world.callers["editor"].send(call)
    assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert state() == before


def _anonymised(content: bytes, names: dict[str, str]) -> str:
    """The answer with what was asked for taken out; the longest first, since one may be part of another."""
    text = content.decode()
    for name in sorted(ABSENT, key=lambda name: -len(names.get(name, ""))):
        if name in names:
            # The number of a version is no experiment's.
            text = re.sub(rf"(?<!version=){re.escape(names[name])}", f"<{name}>", text)
    return text
