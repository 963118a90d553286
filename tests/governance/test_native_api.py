"""/api/v1 of governance: promotion, change requests, policies, gates and holds."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.registry.models import ModelVersion
from tests.governance.making import PRODUCTION, ask
from tests.tracking.artifacts.calling import JSON, as_user

API = "/api/v1"
PROMOTION = f"{API}/model-versions/classifier/1/promotion"

pytestmark = pytest.mark.django_db


def post(user: User, path: str, **body: Any) -> Any:
    return as_user(user).post(f"{API}/{path}", body, content_type=JSON)


def get(user: User, path: str, **query: Any) -> Any:
    return as_user(user).get(f"{API}/{path}", query)


def test_what_it_would_take_is_told_person_by_person(version: ModelVersion, policy: PolicyRevision, ada: User) -> None:
    told = as_user(ada).get(PROMOTION, {"to": "production"}).json()
    assert told["summary"] == "move classifier version 1 to Production"
    assert (told["is_free"], told["policies"], told["slots_missing"]) == (False, ["production"], {"Risk": 1, "IT": 1})
    assert [(place["username"], place["may_vote"], place["teams"]) for place in told["people"]] == [
        ("ivan", True, ["IT"]),
        ("rita", True, ["Risk"]),
    ]
    assert as_user(ada).get(PROMOTION, {"to": "Staging"}).json()["is_free"]
    assert not ChangeRequest.objects.exists()


@pytest.mark.parametrize("query", [{}, {"to": "Production", "alias": "champion"}, {"to": "Nowhere"}, {"alias": "v1"}])
def test_a_target_that_is_none_is_refused(
    query: dict[str, str], version: ModelVersion, policy: PolicyRevision, ada: User
) -> None:
    assert as_user(ada).get(PROMOTION, query).status_code == 400


def test_asking_voting_and_applying(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    made = as_user(ada).post(PROMOTION, {"to": "Production", "reason": "better"}, content_type=JSON)
    assert (made.status_code, made.json()["state"], made.json()["reason"]) == (201, "open", "better")
    number = made.json()["id"]
    whole = get(rita, f"change-requests/{number}").json()
    assert whole["approvals_missing"] == 2
    seen = whole["evidence_digest"]
    assert post(ada, f"change-requests/{number}/approve", seen=seen).status_code == 403
    assert post(rita, f"change-requests/{number}/approve").status_code == 400
    assert post(rita, f"change-requests/{number}/approve", seen="other").status_code == 400
    voted = post(rita, f"change-requests/{number}/approve", seen=seen, comment="fine")
    assert (voted.status_code, voted.json()["slots_missing"]) == (200, {"IT": 1})
    assert post(rita, f"change-requests/{number}/approve", seen=seen).status_code == 403
    applied = post(ivan, f"change-requests/{number}/approve", seen=seen).json()
    assert (applied["state"], [vote["voter"] for vote in applied["votes"]]) == ("applied", ["rita", "ivan"])
    version.refresh_from_db()
    assert version.current_stage == "Production"


def test_requests_are_filtered_and_hidden(
    version: ModelVersion, policy: PolicyRevision, ada: User, rita: User, settings: Any
) -> None:
    request = ask(ada, version)
    assert [row["id"] for row in get(rita, "change-requests", state="open").json()["results"]] == [request.pk]
    assert get(rita, "change-requests", state="applied").json()["results"] == []
    assert get(rita, "change-requests", requester="ada", object_name="classifier").json()["results"]
    assert get(rita, "change-requests", state="nonsense").status_code == 400
    settings.MLREGISTRY_DEFAULT_PERMISSION = 0
    assert get(rita, "change-requests").json()["results"] == []
    assert get(rita, f"change-requests/{request.pk}").status_code == 404
    assert post(rita, f"change-requests/{request.pk}/approve").status_code == 404


def test_comments_and_withdrawal(version: ModelVersion, policy: PolicyRevision, ada: User, rita: User) -> None:
    request = ask(ada, version)
    said = post(rita, f"change-requests/{request.pk}/comments", text="what of @ada and @nobody?").json()
    assert said["mentions"] == ["ada"]
    assert post(rita, f"change-requests/{request.pk}/comments", text=" ").status_code == 400
    assert post(rita, f"change-requests/{request.pk}/cancel").status_code == 403
    assert post(ada, f"change-requests/{request.pk}/cancel").json()["state"] == "cancelled"


def test_policies_take_a_second_administrator_once_one_is_in_force(
    version: ModelVersion, root: User, ada: User
) -> None:
    path = "policies/production"
    draft = as_user(root).put(f"{API}/{path}", {"document": PRODUCTION}, content_type=JSON)
    assert (draft.status_code, draft.json()["in_force"]) == (200, False)
    assert post(root, f"{path}/publish").json()["request"] is None
    weaker = {"protects": {"alias": ["champion"]}}
    as_user(root).put(f"{API}/{path}", {"document": weaker}, content_type=JSON)
    asked = post(root, f"{path}/publish", reason="less work").json()
    assert (asked["policy"]["current"]["number"], asked["request"]["state"]) == (1, "open")
    number = asked["request"]["id"]
    seen = asked["request"]["evidence_digest"]
    assert post(root, f"change-requests/{number}/approve", seen=seen).status_code == 403
    other = User.objects.create_superuser("rosa")
    assert post(other, f"change-requests/{number}/approve", seen=seen).json()["state"] == "applied"
    assert get(root, path).json()["current"]["document"]["protects"] == weaker["protects"]
    assert [row["number"] for row in get(root, f"{path}/revisions").json()] == [2, 1]
    assert get(ada, path).status_code == 403


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "protects"),
        ({"protects": {"moon": ["*"]}}, "Nothing is called 'moon'"),
        ({"protects": {"stage": ["Production"]}, "slots": {"Nobody": 1}}, "no team named Nobody"),
        ({"protects": {"stage": ["Production"]}, "gates": ["nonsense"]}, "no gate 'nonsense'"),
        ({"protects": {"stage": ["Production"]}, "approvals": 0}, "approvals is between"),
        ({"protects": {"stage": ["Production"]}, "approvels": 1}, "approvels"),
    ],
)
def test_a_wrong_policy_says_what_is_wrong(document: dict[str, Any], said: str, root: User) -> None:
    answer = as_user(root).put(f"{API}/policies/x", {"document": document}, content_type=JSON)
    assert answer.status_code == 400
    assert said in answer.json()["message"]


def test_holds_are_placed_and_lifted(version: ModelVersion, root: User) -> None:
    made = post(root, "legal-holds", model="class*", reason="case 12").json()
    assert (made["model"], made["placed_by"]) == ("class*", "root")
    assert post(root, f"legal-holds/{made['id']}/lift", reason="closed").json()["lifted_by"] == "root"
    assert post(root, f"legal-holds/{made['id']}/lift", reason="closed").status_code == 400
    assert post(root, "legal-holds", model="x", reason="").status_code == 400


def test_gates_are_listed(ada: User) -> None:
    assert get(ada, "gates").status_code == 200
