"""Questions to deployments: passed on as they are to what is live, and to nobody else."""

import gzip
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.registry.models import ModelVersion
from apps.serving import answering
from apps.serving.services import deployments
from mlregistry.errors import InternalError
from tests.receiver import Receiver
from tests.scorer import scoring
from tests.serving.making import deployed
from tests.tracking.artifacts.calling import JSON, as_user

DEPLOYMENT = "/api/v1/deployments/fraud-live"
QUESTION = b'{"inputs": [[1]]}'

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(version: ModelVersion, ada: User) -> Client:
    """Ada, whose version is live."""
    deployed(version, "fraud-live", ada)
    return as_user(ada)


def ask(client: Client, body: bytes = QUESTION, content_type: str = JSON, **headers: str) -> Any:
    return client.generic("POST", f"{DEPLOYMENT}/invocations", body, content_type, headers=headers)


def refused(answer: Any, status: int, code: str, said: str) -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.content
    assert said in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (QUESTION, JSON),
        (b"not JSON at all", "application/json; charset=utf-8"),
        (b"a,b\n1,2\n", "text/csv"),
        (b"PAR1\x00\xff", "application/vnd.apache.parquet"),
    ],
)
def test_a_question_reaches_the_model_as_it_was_sent(client: Client, body: bytes, content_type: str) -> None:
    with scoring() as scorer:
        answer = ask(client, body, content_type)
    assert (answer.status_code, answer.json(), answer["Content-Type"]) == (200, {"predictions": [0]}, JSON)
    assert answer["X-Model-Version"] == "1"
    (got,) = scorer.got
    assert (got.path, got.body, got.headers["Content-Type"]) == ("/invocations", body, content_type)
    assert "Authorization" not in got.headers


@pytest.mark.parametrize("status", [204, 302, 400, 415, 500])
def test_what_the_model_says_is_passed_on(client: Client, status: int) -> None:
    def says(scorer: Receiver) -> None:
        scorer.answer, scorer.headers = lambda _: status, {"Content-Type": "text/plain", "Location": "http://8.8.8.8/"}
        scorer.body = b"" if status == 204 else b"no such column"

    with scoring() as scorer:
        says(scorer)
        answer = ask(client)
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/plain")
    assert answer.content == scorer.body
    assert "Location" not in answer
    assert len(scorer.got) == 1, "no redirect is followed"


def test_a_page_of_the_model_runs_nothing_here(client: Client) -> None:
    with scoring() as scorer:
        scorer.headers, scorer.body = {"Content-Type": "text/html"}, b"<script>alert(1)</script>"
        answer = ask(client, Accept="text/html")
    assert answer["Content-Type"] == "application/octet-stream"
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_what_a_model_has_packed_is_not_unpacked_here(client: Client) -> None:
    with scoring() as scorer:
        scorer.headers |= {"Content-Encoding": "gzip"}
        scorer.body = gzip.compress(bytes(10_000_000))
        answer = ask(client)
        assert scorer.got[0].headers["Accept-Encoding"] == "identity"
    assert (answer["Content-Type"], answer.content) == ("application/octet-stream", scorer.body)


def test_a_status_that_there_is_not_is_no_answer(client: Client) -> None:
    with scoring() as scorer:
        scorer.answer = lambda _: 799
        refused(ask(client), 503, "TEMPORARILY_UNAVAILABLE", "799")


def test_a_model_that_does_not_say_what_it_answers_is_passed_on_as_bytes(client: Client) -> None:
    with scoring() as scorer:
        scorer.headers = {}
        assert ask(client)["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/csv; a=ä"],
)
def test_other_forms_are_refused(client: Client, content_type: str) -> None:
    with scoring() as scorer:
        refused(ask(client, b"a=b", content_type), 400, "INVALID_PARAMETER_VALUE", "Send one of application/json")
    assert scorer.got == []


def test_an_answer_has_its_form_whatever_a_client_accepts(client: Client) -> None:
    with scoring():
        for accepted in ("text/csv", "application/octet-stream", "nonsense"):
            assert ask(client, Accept=accepted).status_code == 200
            assert client.get(f"{DEPLOYMENT}/ping", headers={"Accept": accepted}).status_code == 200


def test_neither_question_nor_answer_is_longer_than_the_server_takes(
    client: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scoring() as scorer:
        monkeypatch.setattr(answering, "LONGEST", 30)
        assert ask(client).status_code == 200
        refused(ask(client, b"x" * 31), 413, "REQUEST_TOO_LARGE", "30 bytes can be sent")
        scorer.body = b"x" * 31
        refused(ask(client), 413, "REQUEST_TOO_LARGE", "answered with more than 30 bytes")
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
        refused(ask(client), 413, "REQUEST_TOO_LARGE", "larger than the server accepts")
    assert len(scorer.got) == 2


def test_where_nothing_is_live_nobody_is_asked(client: Client, version: ModelVersion, ada: User) -> None:
    ping = client.get(f"{DEPLOYMENT}/ping")
    assert (ping.status_code, ping.json()["version"], ping["X-Model-Version"]) == (200, "1", "1")
    deployments.stop(deployment=version.rollouts.get().deployment, by=ada.actor())
    with scoring() as scorer:
        refused(ask(client), 400, "BAD_REQUEST", "fraud-live serves nothing now")
        refused(client.get(f"{DEPLOYMENT}/ping"), 400, "BAD_REQUEST", "fraud-live serves nothing now")
    assert scorer.got == []


def test_a_container_that_does_not_answer_is_said_to_be_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "checked_address", lambda _: "127.0.0.1")
    monkeypatch.setattr(answering, "PORT", 9)
    refused(ask(client), 503, "TEMPORARILY_UNAVAILABLE", "does not answer now")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "169.254.169.254", "8.8.8.8", "::", "::1", "fe80::1", "2001:4860:4860::8888"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0", "::ffff:8.8.8.8"),
    ],
)
def test_an_address_that_no_engine_gives_leads_nowhere(address: str) -> None:
    with pytest.raises(InternalError):
        answering.checked_address(address)


@pytest.mark.parametrize(("address", "host"), [("172.17.0.2", "172.17.0.2"), ("fd00::2", "[fd00::2]")])
def test_an_address_that_an_engine_gives_is_asked(address: str, host: str) -> None:
    assert answering.checked_address(address) == host
