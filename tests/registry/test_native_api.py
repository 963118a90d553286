"""/api/v1 of the registry: cards, permissions, lineage, and what is known of a version's files."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services import teams
from apps.registry.choices import ContentState, Verdict
from apps.registry.limits import CARD_SECTION
from apps.registry.models import CardRevision, Content, ContentFile, ModelVersion, RegisteredModel, Sbom, Scan
from apps.registry.permissions import MODEL_GRANTS
from mlregistry.actor import system
from mlregistry.levels import Level
from tests.registry.making import give, make_registered, make_version, set_content
from tests.tracking.artifacts.calling import JSON, as_user

API = "/api/v1"
NAME = "churn, weekly & 'final' (50%)"
"""Names may hold all of this."""
VERSION = f"{API}/registered-models/{NAME.replace('%', '%25')}/versions/1"


@pytest.fixture
def model(ada: User) -> RegisteredModel:
    return make_registered(ada, NAME)


@pytest.fixture
def version(ada: User, model: RegisteredModel) -> ModelVersion:
    return make_version(ada, model)


@pytest.fixture
def client(ada: User, version: ModelVersion) -> Client:
    """Ada, who registered the version."""
    return as_user(ada)


def put(client: Client, path: str, body: Any) -> Any:
    return client.put(path, body, content_type=JSON)


def texts(card: dict[str, Any]) -> dict[str, str]:
    return {section["section"]: section["markdown"] for section in card["sections"] if section["markdown"]}


def test_a_card_that_nobody_wrote_has_every_section_empty(client: Client) -> None:
    card = client.get(f"{VERSION}/card").json()
    assert (card["revision"], card["written_by"], card["written_at"]) == (0, "", None)
    titles = ["Intended use", "Data", "Metrics", "Limits", "Ethics", "Owner", "Contacts"]
    assert [section["title"] for section in card["sections"]] == titles
    assert not texts(card)


def test_a_card_is_written_and_read_as_markdown_and_as_html(client: Client) -> None:
    text = "For **churn** only.\n\n<script>alert(1)</script> ![x](https://evil.example/x.png)"
    written = put(client, f"{VERSION}/card", {"sections": {"intended_use": text, "owner": " Ada "}})
    assert written.status_code == 200
    card = client.get(f"{VERSION}/card").json()
    assert written.json() == card
    assert (card["revision"], card["prefilled"], card["written_by"]) == (1, False, "ada")
    assert texts(card) == {"intended_use": text, "owner": " Ada "}
    assert card["sections"][0]["html"] == (
        "<p>For <strong>churn</strong> only.</p>\n<p>&lt;script&gt;alert(1)&lt;/script&gt; </p>\n"
    )


def test_what_was_not_seen_is_not_overwritten(client: Client) -> None:
    put(client, f"{VERSION}/card", {"sections": {"data": "rows"}, "based_on": 0})
    refused = put(client, f"{VERSION}/card", {"sections": {"data": "other rows"}, "based_on": 0})
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Somebody wrote revision 1 meanwhile" in refused.json()["message"]
    assert texts(client.get(f"{VERSION}/card").json()) == {"data": "rows"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"sections": {"data": "x" * (CARD_SECTION + 1)}}, "has 50,001 characters"),
        ({"sections": {"colour": "red"}}, "has no section 'colour'"),
        ({"sections": {"data": ["rows"]}}, "Not a valid string"),
        ({"sections": {"data": "a\0b"}}, "Null characters are not allowed"),
        ({"sections": "rows"}, "Expected a dictionary"),
        ({"sections": {"data": "rows"}, "based_on": -1}, "greater than or equal to 0"),
        ({}, "required"),
        ([], "Invalid data"),
    ],
)
def test_a_bad_card_is_refused_and_nothing_is_written(client: Client, body: Any, said: str) -> None:
    refused = put(client, f"{VERSION}/card", body)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert said in refused.json()["message"]
    assert not CardRevision.objects.exists()


def test_revisions_are_listed_page_by_page_and_read_as_they_were(client: Client) -> None:
    for number in range(1, 6):
        put(client, f"{VERSION}/card", {"sections": {"data": f"{number} rows"}})
    seen: list[int] = []
    address: str | None = f"{VERSION}/card/revisions?page_size=2"
    while address:
        page = client.get(address).json()
        seen += [row["revision"] for row in page["results"]]
        address = page["next"]
    assert seen == [5, 4, 3, 2, 1]
    assert set(page["results"][0]) == {"revision", "prefilled", "written_by", "written_at"}
    assert texts(client.get(f"{VERSION}/card/revisions/2").json()) == {"data": "2 rows"}
    assert client.get(f"{VERSION}/card/revisions/6").status_code == 404
    assert client.get(f"{VERSION}/card/revisions/{'9' * 30}").status_code == 404


def test_two_revisions_are_compared(client: Client) -> None:
    put(client, f"{VERSION}/card", {"sections": {"data": "rows", "owner": "Ada"}})
    put(client, f"{VERSION}/card", {"sections": {"data": "more rows"}})
    assert client.get(f"{VERSION}/card/diff", {"from": 1, "to": 2}).json() == {
        "from": 1,
        "to": 2,
        "sections": [{"section": "data", "lines": ["@@ -1 +1 @@", "-rows", "+more rows"]}],
    }
    assert client.get(f"{VERSION}/card/diff", {"from": 1}).status_code == 400
    assert client.get(f"{VERSION}/card/diff", {"from": 1, "to": 7}).status_code == 404


CALLS = [
    ("GET", "card", Level.READ),
    ("PUT", "card", Level.EDIT),
    ("GET", "card/revisions", Level.READ),
    ("GET", "card/revisions/0", Level.READ),
    ("GET", "card/diff?from=0&to=0", Level.READ),
    ("GET", "content", Level.READ),
    ("GET", "content/files", Level.READ),
    ("GET", "scans", Level.READ),
    ("GET", "sbom", Level.READ),
]


@pytest.mark.parametrize(("method", "path", "level"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
def test_each_level_may_do_its_own_and_hidden_looks_absent(
    version: ModelVersion, bob: User, method: str, path: str, level: Level
) -> None:
    make_content(version)
    client = as_user(bob)

    def status(path: str) -> tuple[int, str]:
        answer = client.generic(method, path, json.dumps({"sections": {"data": "x"}}), content_type=JSON)
        return answer.status_code, answer.content.decode()

    for held in Level:
        give(bob, version.model, held)
        expected = 200 if held >= level else 403 if held >= Level.READ else 404
        assert status(f"{VERSION}/{path}")[0] == expected, held
    give(bob, version.model, Level.NO_PERMISSIONS)
    absent = f"{API}/registered-models/never/versions/1/{path}"
    assert status(absent)[1].replace("never", NAME) == status(f"{VERSION}/{path}")[1]
    give(bob, version.model, Level.READ)
    assert status(f"{VERSION.removesuffix('1')}2/{path}")[0] == 404


def test_a_token_for_reading_writes_no_card(ada: User, version: ModelVersion) -> None:
    client = as_user(ada, scope="read")
    assert client.get(f"{VERSION}/card").status_code == 200
    assert put(client, f"{VERSION}/card", {"sections": {"data": "x"}}).status_code == 403


@pytest.mark.parametrize("name", ["a%00b", "%00", "%2e%2e", "a:b"])
def test_a_name_that_no_model_can_have_is_refused(client: Client, name: str) -> None:
    assert client.get(f"{API}/registered-models/{name}/versions/1/card").status_code == 400
    assert client.get(f"{API}/registered-models/{name}/permissions").status_code == 400


def make_content(version: ModelVersion) -> Content:
    content = set_content(
        version,
        state=ContentState.SEALED,
        digest="d" * 64,
        signature="signed",
        key_id="key",
        size=30,
        files_count=2,
        sealed_at=timezone.now(),
        mlmodel={"flavors": {"sklearn": {}}},
        requirements="scikit-learn==1.5.0\n",
    )
    for path in ("model.pkl", "MLmodel"):
        ContentFile.objects.create(content=content, path=path, size=15, sha256=path[0] * 64, marker="secret marker")
    Sbom.objects.create(
        version=version, document={"bomFormat": "CycloneDX", "specVersion": "1.6"}, made_at=timezone.now()
    )
    return content


def make_scan(version: ModelVersion, verdict: Verdict) -> None:
    Scan.objects.create(
        version=version,
        verdict=verdict,
        digest="d" * 64,
        findings=[{"path": "model.pkl", "said": verdict}],
        scanner="rules 1",
        scanned_at=timezone.now(),
    )


def test_content_is_told_with_its_signature(client: Client, version: ModelVersion) -> None:
    make_content(version)
    told = client.get(f"{VERSION}/content").json()
    assert told.pop("sealed_at")
    assert told == {
        "state": "sealed",
        "message": "",
        "digest": "d" * 64,
        "signature": "signed",
        "key_id": "key",
        "size": 30,
        "files_count": 2,
        "verified_at": None,
        "differences": [],
        "mlmodel": {"flavors": {"sklearn": {}}},
        "requirements": "scikit-learn==1.5.0\n",
    }


def test_the_manifest_is_listed_by_path_page_by_page(client: Client, version: ModelVersion) -> None:
    make_content(version)
    first = client.get(f"{VERSION}/content/files", {"page_size": 1}).json()
    assert first["results"] == [{"path": "MLmodel", "size": 15, "sha256": "M" * 64}]
    assert [row["path"] for row in client.get(first["next"]).json()["results"]] == ["model.pkl"]


def test_scans_are_listed_newest_first_and_by_verdict(client: Client, version: ModelVersion) -> None:
    make_scan(version, Verdict.SUSPICIOUS)
    make_scan(version, Verdict.CLEAN)
    rows = client.get(f"{VERSION}/scans").json()["results"]
    assert [row["verdict"] for row in rows] == ["clean", "suspicious"]
    assert rows[1]["findings"] == [{"path": "model.pkl", "said": "suspicious"}]
    rows = client.get(f"{VERSION}/scans", {"verdict": "suspicious"}).json()["results"]
    assert [row["verdict"] for row in rows] == ["suspicious"]


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.cyclonedx+json", "text/html"])
def test_the_sbom_is_a_file_to_save(client: Client, version: ModelVersion, accept: str) -> None:
    make_content(version)
    answer = client.get(f"{VERSION}/sbom", headers={"accept": accept})
    assert answer.json() == {"bomFormat": "CycloneDX", "specVersion": "1.6"}
    assert answer["Content-Type"] == "application/vnd.cyclonedx+json"
    assert answer["Content-Disposition"] == 'attachment; filename="sbom-1.cdx.json"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    Sbom.objects.all().delete()
    assert client.get(f"{VERSION}/sbom", headers={"accept": accept})["Content-Type"] == "application/json"


def test_what_is_not_known_yet_is_said_so(client: Client) -> None:
    Content.objects.all().delete()  # as of a prompt
    for path, said in (("content", "has no files."), ("content/files", "has no files."), ("sbom", "No SBOM of")):
        answer = client.get(f"{VERSION}/{path}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
        assert said in answer.json()["message"]
    assert client.get(f"{VERSION}/scans").json()["results"] == []


def test_people_and_teams_are_given_levels_by_those_who_manage(
    client: Client, model: RegisteredModel, bob: User
) -> None:
    team = teams.create(name="Risk", by=system("test"))
    teams.add_member(team=team, user=bob, by=system("test"))
    path = f"{API}/registered-models/{NAME.replace('%', '%25')}/permissions"
    assert put(client, path, {"team": "Risk", "permission": "EDIT"}).json() == {
        "holder": "team",
        "name": "Risk",
        "permission": "EDIT",
    }
    assert MODEL_GRANTS.level(model, bob) is Level.EDIT
    assert as_user(bob).get(path).status_code == 403
    assert put(as_user(bob), path, {"user": "bob", "permission": "MANAGE"}).status_code == 403
    assert put(client, path, {"user": "bob", "permission": "MANAGE"}).status_code == 200
    assert client.get(path).json() == [
        {"holder": "person", "name": "ada", "permission": "MANAGE"},
        {"holder": "person", "name": "bob", "permission": "MANAGE"},
        {"holder": "team", "name": "Risk", "permission": "EDIT"},
    ]
    assert client.delete(f"{path}?team=Risk").status_code == 204
    assert client.delete(f"{path}?team=Risk").status_code == 404
    give(bob, model, Level.NO_PERMISSIONS)
    assert as_user(bob).get(path).status_code == 404


def test_lineage_is_answered_as_a_graph(client: Client) -> None:
    answer = client.get(f"{API}/lineage", {"node": f"model:{NAME}", "direction": "upstream"})
    told = answer.json()
    assert [node["id"] for node in told["nodes"]] == [f"model:{NAME}", f"version:{NAME}/1"]
    assert told["nodes"][1]["details"]["registered_by"] == "ada"
    assert told["edges"] == [{"from": f"version:{NAME}/1", "to": f"model:{NAME}", "relation": "version_of"}]
    assert told["truncated"] is False
    below = client.get(f"{API}/lineage", {"node": f"model:{NAME}", "direction": "downstream"}).json()
    assert (len(below["nodes"]), below["edges"]) == (1, [])


def test_a_bad_question_about_lineage_is_refused(client: Client) -> None:
    for query in ({}, {"node": "x"}, {"node": f"model:{NAME}", "direction": "sideways"}):
        assert client.get(f"{API}/lineage", query).status_code == 400
    for depth in ("0", "21", "many"):
        assert client.get(f"{API}/lineage", {"node": f"model:{NAME}", "depth": depth}).status_code == 400


def test_hidden_and_absent_nodes_look_the_same(client: Client, model: RegisteredModel, bob: User) -> None:
    give(bob, model, Level.NO_PERMISSIONS)
    hidden = as_user(bob).get(f"{API}/lineage", {"node": f"model:{NAME}"})
    absent = as_user(bob).get(f"{API}/lineage", {"node": "model:never"})
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.json()["message"].replace(NAME, "never") == absent.json()["message"]
