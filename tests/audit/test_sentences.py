"""Every action that the source records has its sentence, and sentences say what happened."""

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from apps.audit import sentences
from apps.audit.models import Entry
from mlregistry.actor import ActorKind

PROJECT = Path(__file__).resolve().parents[2]
VERBS = {
    "accounts.*.*": [*product(("person", "service_account"), ("activate", "deactivate"))],
    "accounts.*.delete": [("person",), ("service_account",)],
    "accounts.grant.*": [("create",), ("update",), ("remove",)],
    "tracking.*.purge": [("run",), ("logged_model",), ("experiment",)],
    "registry.content.*": [("drifted",), ("restored",)],
    "governance.vote.*": [("approve",), ("reject",)],
    "governance.policy.*": [("publish",), ("retire",)],
    "governance.request.*": [("reject",), ("cancel",), ("expire",), ("go_stale",), ("fail",)],
}
"""What stands in the places of actions that the source puts together."""


def _recorded() -> Iterator[str]:
    """Each action that a call of audit.record names, with * where it is put together."""
    for path in [*(PROJECT / "apps").rglob("*.py"), *(PROJECT / "mlregistry").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                action = node.args[0]
                if isinstance(action, ast.Constant):
                    yield str(action.value)
                else:
                    assert isinstance(action, ast.JoinedStr), (path, node.lineno)
                    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in action.values)


def _actions() -> set[str]:
    found = set()
    for action in _recorded():
        if "*" not in action:
            found.add(action)
            continue
        assert action in VERBS, f"{action}: say in VERBS what it stands for"
        found |= {action.replace("*", "{}").format(*values) for values in VERBS[action]}
    return found


def entry(action: str, **fields: Any) -> Entry:
    given = {
        "sequence": 1,
        "time": datetime(2026, 3, 31, tzinfo=UTC),
        "username": "ada",
        "kind": ActorKind.PERSON.value,
        "target_type": "tracking.experiment",
        "target_id": "7",
        "target_name": "churn",
        "details": {},
    }
    return Entry(action=action, **(given | fields))


def test_every_action_in_the_source_has_a_sentence() -> None:
    actions = _actions()
    assert len(actions) > 60
    assert sorted(actions - set(sentences.known_actions())) == []


def test_no_sentence_is_left_of_an_action_that_is_gone() -> None:
    assert sorted(set(sentences.known_actions()) - _actions()) == []


def test_every_sentence_can_be_said_of_an_entry_without_details() -> None:
    for action in sentences.known_actions():
        said = sentences.sentence(entry(action))
        assert said.startswith("ada ")
        assert "{" not in said


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [
        (
            "accounts.grant.create",
            {"details": {"holder": "team:ml-core", "level": "EDIT"}},
            "ada gave team ml-core EDIT on experiment churn",
        ),
        (
            "accounts.grant.update",
            {"details": {"holder": "user:bob:x", "level": "READ", "before": "EDIT"}},
            "ada gave bob:x READ on experiment churn, where it was EDIT",
        ),
        (
            "tracking.run.delete",
            {
                "username": "ci",
                "owner": "ada",
                "kind": "service_account",
                "target_type": "tracking.run",
                "target_name": "rosy-fox-12",
                "details": {"run_id": "4b82", "experiment": "churn"},
            },
            "service account ci (of ada) deleted run rosy-fox-12 (4b82) of experiment churn",
        ),
        (
            "tracking.run.delete",
            {"target_type": "tracking.run", "target_name": "rosy-fox-12"},
            "ada deleted run rosy-fox-12",
        ),
        (
            "accounts.sign_in.fail",
            {"username": "anonymous", "kind": "system", "target_type": "", "details": {"username": "mallory"}},
            "somebody who is not signed in failed to sign in as mallory",
        ),
        (
            "registry.version.set_stage",
            {
                "target_type": "registry.modelversion",
                "target_name": "churn version 3",
                "details": {"before": "Staging", "after": "Production", "archived": [1, 2]},
            },
            "ada moved model churn version 3 from Staging to Production, and archived version 1, 2",
        ),
        (
            "tracking.experiment.purge",
            {"username": "system:gc", "kind": "system"},
            "the server (gc) deleted experiment churn for good",
        ),
        ("gone.long.ago", {}, "ada did gone.long.ago to experiment churn"),
        (
            "registry.model.delete",
            {"details": {"versions": [1, 2, 3, 4, 5, 6, 7]}},
            "ada deleted experiment churn with its versions: 1, 2, 3, 4, 5 and 2 more",
        ),
        (
            "tracking.experiment.rename",
            {"details": {"old": "{target} {0.__class__}"}},
            "ada renamed experiment churn, which was called {target} {0.__class__}",
        ),
    ],
)
def test_sentences_say_what_happened(action: str, fields: dict[str, Any], said: str) -> None:
    assert sentences.sentence(entry(action, **fields)) == said


def test_what_somebody_wrote_is_set_apart_and_cut() -> None:
    parts = sentences.spoken(entry("tracking.experiment.rename", details={"old": "x" * 5000}))
    assert [part.text for part in parts if part.is_said][:2] == ["ada", "churn"]
    assert all(len(part.text) <= sentences.LONGEST + 1 for part in parts)
