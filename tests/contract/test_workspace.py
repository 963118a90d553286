"""The workspace registry's wire by Databricks' own client against our server: requests, comments, webhooks."""

import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from tests import services
from tests.live import LiveServer, clean_environment, fresh_database, ours
from tests.receiver import Got, Receiver, receiving

SCRIPT = Path(__file__).with_name("workspace_script.py")
LEVELS = {"ada": "EDIT", "mona": "MANAGE", "rita": "READ", "ivan": "EDIT", "eve": "NO_PERMISSIONS"}
NAME = "fraud"
WITHIN_S = 60
ABSENT = ["ResourceDoesNotExist", "RESOURCE_DOES_NOT_EXIST"]
DENIED = ["PermissionDenied", "PERMISSION_DENIED"]
INVALID = ["InvalidParameterValue", "INVALID_PARAMETER_VALUE"]
BAD = ["BadRequest", "BAD_REQUEST"]
DATABASES = ["sqlite", *(["postgresql"] if services.postgres() else [])]


class Setting:
    """A model of three versions, its people, and a policy: Production takes two of the team Risk."""

    def __init__(self, server: LiveServer) -> None:
        self.server, self.admin = server, server.session()
        self.tokens = {name: self._person(name) for name in LEVELS}
        registrar = self._session("vera")  # whoever registers may put nobody into a team that judges it
        self.wire("registered-models/create", registrar, name=NAME)
        for _ in range(3):
            self.wire("model-versions/create", registrar, name=NAME, source="s3://bucket/fraud")
        for name, level in LEVELS.items():
            self.wire("registered-models/permissions/create", name=NAME, username=name, permission=level)
        team = self.native("POST", "teams", name="Risk")["id"]
        for name in ("rita", "ivan"):
            self.native("PUT", f"teams/{team}/members/{name}")
        self.wire("model-versions/transition-stage", name=NAME, version="1", stage="Production")
        document = {"protects": {"stage": ["Production"]}, "approvals": 2, "reviewers": ["Risk"]}
        self.native("PUT", "policies/production", document=document)
        self.native("POST", "policies/production/publish", reason="from now on")

    def wire(self, path: str, by: requests.Session | None = None, /, **body: Any) -> Any:
        answer = (by or self.admin).post(self.server.url(f"api/2.0/mlflow/{path}"), json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def native(self, method: str, path: str, by: requests.Session | None = None, /, **body: Any) -> Any:
        session = by or self.admin
        answer = session.request(method, self.server.url(f"api/v1/{path}"), json=body or None, timeout=30)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def _person(self, name: str) -> str:
        token: str = self.native("POST", "tokens", self._session(name), name="workspace", scope="write")["token"]
        return token

    def _session(self, name: str) -> requests.Session:
        password = secrets.token_urlsafe(16)
        self.wire("users/create", username=name, password=password)
        session = requests.Session()
        session.trust_env, session.auth = False, (name, password)
        return session


@pytest.fixture(scope="module", params=DATABASES)
def setting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    with ExitStack() as stack:
        address = stack.enter_context(fresh_database(services.postgres())) if request.param == "postgresql" else ""
        folder = tmp_path_factory.mktemp(f"workspace-{request.param}")
        yield Setting(stack.enter_context(ours(folder, database=address, MLREGISTRY_OUTGOING_ALLOW="127.0.0.1")))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture(scope="module")
def seen(setting: Setting, receiver: Receiver) -> dict[str, Any]:
    """What the client saw."""
    receiver.got.clear()
    people = [f"{name}={token}" for name, token in setting.tokens.items()]
    people.append(f"admin={setting.server.token}")
    done = subprocess.run(
        [sys.executable, SCRIPT, setting.server.address, receiver.address, *people],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_protected_transition_is_asked_for_approved_by_two_and_applied(seen: dict[str, Any]) -> None:
    told = seen["protected"]
    assert told["asked"] == ["Production", "ada", "better on the holdout", ["CANCEL_TRANSITION_REQUEST"]]
    assert told["listed"] == [["REQUESTED_TRANSITION", "None", "Production", "ada", "better on the holdout"]]
    assert told["of rita"] == [["APPROVE_TRANSITION_REQUEST", "REJECT_TRANSITION_REQUEST"]]
    assert told["first"] == ["APPROVED_REQUEST", "None", "Production", "ivan", None]
    assert told["second"] == ["APPLIED_TRANSITION", "None", "Production", "rita", "agreed"]
    assert told["left"] == []
    assert told["stages"] == ["Archived", "Production"]
    assert told["asked again"][:2] == BAD


def test_no_door_leads_round_the_policy(seen: dict[str, Any]) -> None:
    told = seen["protected"]
    assert told["moved unasked"][:2] == told["approved her own"][:2] == told["again"][:2] == DENIED
    assert "Change request 1 is missing 2 approvals. It is decided at" in told["moved unasked"][2]
    assert told["approved her own"][2] == "ada cannot vote on change request 1: asked for this."
    assert told["again"][2] == "ivan cannot vote on change request 2: has voted."


def test_whoever_approves_first_says_whether_others_are_archived(seen: dict[str, Any]) -> None:
    told = seen["protected"]
    for name, kept in (("without editing", "does not archive"), ("otherwise", "archives")):
        assert told[name][:2] == DENIED
        assert f"{kept} the versions that are there. To have it otherwise takes EDIT on fraud" in told[name][2]


def test_where_no_policy_holds_somebody_else_who_manages_the_model_decides(seen: dict[str, Any]) -> None:
    told = seen["unprotected"]
    assert told["of another"][:2] == told["gone"][:2] == ABSENT
    assert told["withdrawn"] == ["CANCELLED_REQUEST", "None", "Staging", "ada", "later"]
    assert told["without a reason"][:2] == INVALID
    assert told["rejected"] == ["REJECTED_REQUEST", "None", "Staging", "mona", "no"]
    assert told["applied"] == ["APPLIED_TRANSITION", "None", "Staging", "mona", None]


def test_versions_and_models_say_what_the_caller_holds(seen: dict[str, Any]) -> None:
    told = seen["unprotected"]
    assert told["moved"] == ["Archived", "CAN_EDIT", []]
    assert told["by e-mail"] == "DEFAULT"
    assert told["model"] == ["fraud", "CAN_MANAGE", "vera", True]
    assert told["latest"] == ["2", "3"]


def test_comments_are_their_authors_and_for_those_who_may_read_the_model(seen: dict[str, Any]) -> None:
    told = seen["comments"]
    assert told["made"] == ["Which holdout?", "rita", ["EDIT_COMMENT", "DELETE_COMMENT"]]
    assert told["changed"] == [True, "Which holdout, of May?"]
    assert told["by another"][:2] == DENIED
    assert told["hidden"][:2] == told["deleted"][:2] == ABSENT
    assert told["empty"][:2] == INVALID


def test_mistakes_become_the_exceptions_of_the_client(seen: dict[str, Any]) -> None:
    told = seen["mistakes"]
    for name in ("no such stage", "no number", "null", "long", "archiving"):
        assert told[name][:2] == INVALID, name
    assert told["no such version"][:2] == told["hidden"][:2] == ABSENT


def test_webhooks_are_made_listed_changed_and_deleted_by_administrators(seen: dict[str, Any]) -> None:
    told = seen["webhooks"]
    assert told["made"] == [told["all events"], "ACTIVE", "fraud", "CI", True]
    assert (told["listed"], told["of the model"], told["of an event"]) == (True, True, 2)
    assert told["changed"] == ["DISABLED", None, "off"]
    assert told["nobody else"][:2] == DENIED
    assert told["inside"][:2] == told["without events"][:2] == INVALID
    assert told["a job"][:2] == ["NotImplemented", "NOT_IMPLEMENTED"]
    assert told["deleted"][:2] == ABSENT


def test_a_receiver_is_told_of_everything_in_its_order(seen: dict[str, Any], receiver: Receiver) -> None:
    sent = [json.loads(got.body) for got in arrived(receiver, "/all", 5)]
    assert [each["event"] for each in sent] == [
        "TRANSITION_REQUEST_CREATED",
        "COMMENT_CREATED",
        "MODEL_VERSION_TRANSITIONED_STAGE",
        "MODEL_VERSION_TAG_SET",
        "MODEL_VERSION_CREATED",
    ]
    moved = sent[2]
    assert moved["text"] == "Registered model 'fraud' version 3 transitioned from Archived to Staging."
    assert (moved["model_name"], moved["version"]) == ("fraud", "3")
    assert (moved["from_stage"], moved["to_stage"]) == ("Archived", "Staging")
    assert sent[0]["comment"] == "please"
    assert all(each["webhook_id"] and each["event_timestamp"] for each in sent)


def test_a_receiver_is_told_of_what_it_chose_and_nothing_else(seen: dict[str, Any], receiver: Receiver) -> None:
    arrived(receiver, "/all", 5)
    sent = [json.loads(got.body)["event"] for got in arrived(receiver, "/some", 3)]
    assert sorted(sent) == [
        "MODEL_VERSION_TRANSITIONED_TO_STAGING",
        "REGISTERED_MODEL_CREATED",
        "TRANSITION_REQUEST_TO_STAGING_CREATED",
    ]
    assert seen["webhooks"]["unverified"] is False


def test_messages_are_signed_and_carry_the_authorization(seen: dict[str, Any], receiver: Receiver) -> None:
    (got,) = arrived(receiver, "/told", 1)
    signature = hmac.new(b"s3cret", got.body, hashlib.sha256).hexdigest()
    assert got.headers["X-Databricks-Signature"] == signature
    assert got.headers["Authorization"] == "Bearer let-me-in"


def test_a_webhook_in_test_mode_is_sent_tests_and_nothing_else(seen: dict[str, Any], receiver: Receiver) -> None:
    assert seen["webhooks"]["tested"] == [200, None]
    (got,) = arrived(receiver, "/never", 1)
    assert json.loads(got.body)["event"] == "MODEL_VERSION_TRANSITIONED_TO_PRODUCTION"


def test_grants_are_read_changed_and_set_by_the_id_of_the_model(seen: dict[str, Any]) -> None:
    told = seen["permissions"]
    before = {"ada": "CAN_EDIT", "ivan": "CAN_EDIT", "mona": "CAN_MANAGE", "rita": "CAN_READ", "vera": "CAN_MANAGE"}
    assert told["before"] == before
    assert told["updated"] == before | {"Risk": "CAN_EDIT"}
    assert told["set"] == {"mona": "CAN_MANAGE", "vera": "CAN_MANAGE"}
    assert len(told["levels"]) == len(set(told["levels"])) == 5
    assert told["refused"][:2] == DENIED
    assert told["unknown"][:2] == ABSENT
    assert told["nobody"][:2] == INVALID


def arrived(receiver: Receiver, path: str, count: int) -> list[Got]:
    """What came to this path, once that is so many or time is up."""
    deadline = time.monotonic() + WITHIN_S
    while len(found := [got for got in receiver.got if got.path == path]) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
