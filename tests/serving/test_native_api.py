"""/api/v1 of serving: images of versions, deployments and their rollouts."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.audit.models import Entry
from apps.governance.models import ChangeRequest
from apps.governance.services.revalidating import revalidate
from apps.jobs.models import Job
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion, RegisteredModel
from apps.serving.models import Deployment, Image, Rollout
from apps.serving.services import deployments, images
from apps.tracking.models import Run
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy
from tests.governance.test_exceptions import late
from tests.registry.making import give, make_registered, set_content
from tests.scorer import scoring
from tests.serving.making import built, deployed, go_live, servable
from tests.tracking.artifacts.calling import JSON, as_user

API = "/api/v1"
IMAGES = "registered-models/classifier/versions/1/images"
ROLLOUTS = "deployments/fraud-live/rollouts"
CALLS = [
    ("GET", IMAGES, Level.READ, 200),
    ("POST", IMAGES, Level.EDIT, 202),
    ("GET", "images/{image}", Level.READ, 200),
    ("GET", "deployments/fraud-live", Level.READ, 200),
    ("DELETE", "deployments/idle", Level.MANAGE, 204),
    ("GET", ROLLOUTS, Level.READ, 200),
    ("POST", "deployments/fresh/rollouts", Level.EDIT, 202),
    ("POST", "deployments/fraud-live/stop", Level.EDIT, 200),
    ("POST", "deployments/fraud-live/invocations", Level.USE, 200),
    ("GET", "deployments/fraud-live/ping", Level.USE, 200),
]

pytestmark = pytest.mark.django_db


def get(user: User, path: str, **query: Any) -> Any:
    return as_user(user).get(f"{API}/{path}", query)


def post(user: User, path: str, **body: Any) -> Any:
    return as_user(user).post(f"{API}/{path}", body, content_type=JSON)


def delete(user: User, path: str) -> Any:
    return as_user(user).delete(f"{API}/{path}")


def deploy(user: User, version: ModelVersion, name: str = "fraud-live", **more: Any) -> Any:
    body = {"model": version.model.name, "version": str(version.version)}
    return post(user, f"deployments/{name}/rollouts", **body, **more)


def refused(answer: Any, said: str, status: int = 400, code: str = "BAD_REQUEST") -> None:
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.content
    assert said in answer.json()["message"]


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer.json()["results"]]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1]}")
def test_each_level_may_do_its_own_and_hidden_looks_absent(
    version: ModelVersion, ada: User, bob: User, call: tuple[str, str, Level, int]
) -> None:
    method, path, level, done = call
    image = str(deployed(version, "fraud-live", ada).version.images.get().pk)
    Deployment.objects.create(name="idle", model=version.model, created_by="ada")
    client = as_user(bob)

    def answer(**instead: str) -> tuple[int, str]:
        """To the call, with other names in the place of those of what is there."""
        asked, body = path.format(image=image), json.dumps({"model": "classifier", "version": "1"})
        for name, another in instead.items():
            asked, body = (text.replace(name.replace("_", "-"), another) for text in (asked, body))
        with transaction.atomic():
            said = client.generic(method, f"{API}/{asked}", body, content_type=JSON)
            transaction.set_rollback(True)
        text = said.content.decode()
        for name, another in instead.items():
            text = text.replace(another, name.replace("_", "-"))
        return said.status_code, text

    with scoring():
        for held in Level:
            give(bob, version.model, held)
            assert answer()[0] == (done if held >= level else 403 if held >= Level.READ else 404), held
    give(bob, version.model, Level.NO_PERMISSIONS)
    assert answer(classifier="nothing", fraud_live="nobody", idle="nowhere", **{f"images/{image}": "images/987"}) == (
        404,
        answer()[1],
    )


def test_a_token_for_reading_changes_and_asks_nothing(version: ModelVersion, ada: User) -> None:
    deployed(version, "fraud-live", ada)
    client = as_user(ada, scope="read")
    assert client.get(f"{API}/deployments/fraud-live").status_code == 200
    for path in (IMAGES, ROLLOUTS, "deployments/fraud-live/stop", "deployments/fraud-live/invocations"):
        assert client.post(f"{API}/{path}", {}, content_type=JSON).status_code == 403
    assert client.delete(f"{API}/deployments/fraud-live").status_code == 403


def test_deployments_are_listed_by_name_for_those_who_may_read_their_models(
    version: ModelVersion, ada: User, bob: User
) -> None:
    other = make_registered(bob, "other")
    for name, model in (("b", version.model), ("a", other), ("c", version.model)):
        Deployment.objects.create(name=name, model=model, created_by="ada")
    give(bob, version.model, Level.NO_PERMISSIONS)
    give(ada, other, Level.READ)
    assert names(get(ada, "deployments")) == ["a", "b", "c"]
    assert names(get(ada, "deployments", page_size=2)) == ["a", "b"]
    assert names(get(ada, "deployments", model="classifier")) == ["b", "c"]
    assert names(get(ada, "deployments", name="a")) == ["a"]
    assert names(get(ada, "deployments", name="a", model="classifier")) == []
    assert names(get(bob, "deployments")) == ["a"]
    assert names(get(bob, "deployments", model="classifier")) == []
    refused(get(ada, "deployments", model="a\0b"), "Null characters", code="INVALID_PARAMETER_VALUE")


def test_an_image_is_asked_for_once_at_a_time(version: ModelVersion, ada: User) -> None:
    made = post(ada, IMAGES)
    assert made.status_code == 202
    image = made.json()
    assert (image["model"], image["version"], image["state"], image["trial"]) == ("classifier", "1", "building", None)
    assert (image["requested_by"], image["job"]["kind"], image["job"]["state"]) == ("ada", "serving.build", "queued")
    assert post(ada, IMAGES, resolve=True).json() == image
    images.fail(Image.objects.get(), "no such package")
    again = post(ada, IMAGES, resolve=True).json()
    listed = get(ada, IMAGES).json()["results"]
    assert [(row["id"], row["state"], row["message"]) for row in listed] == [
        (again["id"], "building", ""),
        (image["id"], "failed", "no such package"),
    ]
    assert [row["id"] for row in get(ada, IMAGES, state="failed").json()["results"]] == [image["id"]]
    assert Job.objects.get(pk=again["job"]["id"]).payload == {"image": again["id"], "resolve": True}
    assert Entry.objects.filter(action="serving.image.request", username="ada").count() == 2


def test_one_image_is_told_with_its_packages_and_its_trial(version: ModelVersion, ada: User) -> None:
    trial = {"asked": "serving_input_example.json", "status": 200, "seconds": 0.25, "answer": '{"predictions": [0]}'}
    image = built(version, lock="numpy==2.1.0 --hash=sha256:0", trial=trial)
    whole = get(ada, f"images/{image.pk}").json()
    assert (whole["lock"], whole["trial"], whole["state"]) == (image.lock, trial, "ready")
    assert whole["digest"] == version.content.digest
    (row,) = get(ada, IMAGES).json()["results"]
    assert row == {name: value for name, value in whole.items() if name not in ("lock", "trial")}
    assert get(ada, f"images/{'9' * 30}").status_code == 404


@pytest.mark.parametrize("resolve", ["x", [], {}, None])
def test_resolve_is_yes_or_no(version: ModelVersion, ada: User, resolve: Any) -> None:
    refused(post(ada, IMAGES, resolve=resolve), "resolve", code="INVALID_PARAMETER_VALUE")
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("content", "said", "code"),
    [
        ({"state": ContentState.PENDING}, "not read yet", "BAD_REQUEST"),
        ({"state": ContentState.DRIFTED, "message": "2 files differ"}, "2 files differ", "BAD_REQUEST"),
        ({"mlmodel": {"flavors": {"sklearn": {}}}}, "no python_function flavor", "INVALID_PARAMETER_VALUE"),
        ({"requirements": "git+https://x.example/y"}, "git+https", "INVALID_PARAMETER_VALUE"),
    ],
)
def test_what_cannot_be_served_is_neither_built_nor_deployed(
    version: ModelVersion, ada: User, content: dict[str, Any], said: str, code: str
) -> None:
    set_content(version, **content)
    refused(post(ada, IMAGES), said, code=code)
    refused(deploy(ada, version), said, code=code)
    assert not Image.objects.exists()
    assert not Deployment.objects.exists()


def test_the_first_rollout_makes_the_deployment_and_waits_for_an_image(version: ModelVersion, ada: User) -> None:
    made = deploy(ada, version, reason="first")
    assert made.status_code == 202
    rollout = made.json()
    assert {name: rollout[name] for name in ("number", "version", "state", "image", "reason", "request")} == {
        "number": 1,
        "version": "1",
        "state": "waiting",
        "image": None,
        "reason": "first",
        "request": None,
    }
    assert rollout["job"]["kind"] == "serving.build"
    shown = get(ada, "deployments/fraud-live").json()
    assert (shown["name"], shown["model"], shown["live"]) == ("fraud-live", "classifier", None)
    coming = {"version": "1", "state": "waiting", "since": rollout["created_at"], "rollout": 1}
    assert shown["coming"] == coming
    built(version)
    (row,) = get(ada, ROLLOUTS).json()["results"]
    assert (row["state"], row["job"]["kind"]) == ("waiting", "serving.roll_out")


def test_what_is_live_stays_until_the_next_has_come(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    deployed(version, "fraud-live", ada)
    second = servable(ada, model, run)
    built(second)
    assert deploy(ada, second).json()["number"] == 2
    shown = get(ada, "deployments/fraud-live").json()
    assert (shown["live"]["version"], shown["live"]["rollout"]) == ("1", 1)
    assert (shown["coming"]["version"], shown["coming"]["rollout"]) == ("2", 2)
    go_live(Rollout.objects.get(number=2))
    shown = get(ada, "deployments/fraud-live").json()
    assert (shown["live"]["version"], shown["coming"]) == ("2", None)
    history = get(ada, ROLLOUTS).json()["results"]
    assert [(row["number"], row["version"], row["state"]) for row in history] == [
        (2, "2", "live"),
        (1, "1", "replaced"),
    ]
    assert [row["number"] for row in get(ada, ROLLOUTS, state="live").json()["results"]] == [2]
    assert get(ada, ROLLOUTS, state="nonsense").status_code == 400


def test_deploying_what_stands_is_no_change(version: ModelVersion, ada: User) -> None:
    first = deploy(ada, version).json()
    assert deploy(ada, version, reason="again").json() == first
    built(version)
    go_live(Rollout.objects.get())
    assert deploy(ada, version).json()["number"] == 1
    assert Entry.objects.filter(action="serving.deployment.deploy").count() == 1


@pytest.mark.parametrize("name", ["Live", "-a", "a-", "a_b", "a.b", "a" * 64, "a%00b", "%20", "ä"])
def test_a_name_that_no_host_can_have_is_refused(version: ModelVersion, ada: User, name: str) -> None:
    refused(deploy(ada, version, name), "A deployment's name has", code="INVALID_PARAMETER_VALUE")
    assert get(ada, f"deployments/{name}").status_code == 404
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    "body", [{}, {"model": "classifier"}, {"version": "1"}, {"model": "classifier", "version": "x"}, {"model": []}]
)
def test_a_rollout_names_a_version(version: ModelVersion, ada: User, body: dict[str, Any]) -> None:
    assert post(ada, ROLLOUTS, **body).status_code == 400
    assert post(ada, ROLLOUTS, model="classifier", version="7").status_code == 404
    assert post(ada, ROLLOUTS, model="classifier", version="1", reason="x" * 10_001).status_code == 400
    assert not Deployment.objects.exists()


def test_a_deployment_serves_one_model(version: ModelVersion, ada: User, run: Run) -> None:
    deploy(ada, version)
    other = servable(ada, make_registered(ada, "other"), run)
    refused(deploy(ada, other), "serves another model", code="RESOURCE_ALREADY_EXISTS")
    assert Rollout.objects.get().version == version


def test_the_level_that_counts_is_that_on_the_model_of_the_body(
    version: ModelVersion, ada: User, bob: User, run: Run
) -> None:
    deploy(ada, version)
    other = servable(ada, make_registered(ada, "other"), run)
    give(bob, version.model, Level.EDIT)
    give(bob, other.model, Level.NO_PERMISSIONS)
    assert deploy(bob, other, "bobs").status_code == 404
    give(bob, other.model, Level.USE)
    assert deploy(bob, other, "bobs").status_code == 403
    assert not Deployment.objects.filter(name="bobs").exists()


def test_what_a_policy_protects_is_asked_for_and_deployed_once_it_is_approved(
    version: ModelVersion, risk: Team, root: User, ada: User, rita: User
) -> None:
    make_policy(root, protects={"deploy": ["fraud-*"]}, slots={"Risk": 1})
    answer = deploy(ada, version, reason="better")
    request = ChangeRequest.objects.get(action="serving.deploy")
    refused(answer, f"/admin/reviews/{request.pk}/", 403, "PERMISSION_DENIED")
    assert (request.reason, request.summary) == ("better", "deploy classifier version 1 to fraud-live")
    assert not Deployment.objects.exists()
    assert deploy(ada, version, "elsewhere").status_code == 202
    seen = get(rita, f"change-requests/{request.pk}").json()["evidence_digest"]
    voted = post(rita, f"change-requests/{request.pk}/approve", seen=seen)
    assert (voted.status_code, voted.json()["state"]) == (200, "applied")
    (rollout,) = get(ada, ROLLOUTS).json()["results"]
    assert (rollout["version"], rollout["state"], rollout["request"]) == ("1", "waiting", request.pk)
    assert deploy(ada, version).status_code == 202, "it stands, so there is nothing to ask"


def test_only_what_serves_is_stopped_and_only_what_does_not_is_deleted(version: ModelVersion, ada: User) -> None:
    path = "deployments/fraud-live"
    deployed(version, "fraud-live", ada)
    refused(delete(ada, path), "stop it first")
    stopped = post(ada, f"{path}/stop")
    assert (stopped.status_code, stopped.json()["live"], stopped.json()["coming"]) == (200, None, None)
    refused(post(ada, f"{path}/stop"), "nothing to stop")
    (row,) = get(ada, ROLLOUTS).json()["results"]
    assert (row["state"], row["message"]) == ("stopped", "ada stopped it.")
    assert row["ended_at"]
    assert deploy(ada, version).json()["number"] == 2, "what was stopped can be started again"
    post(ada, f"{path}/stop")
    assert delete(ada, path).status_code == 204
    assert get(ada, path).status_code == 404
    told = Entry.objects.filter(action__startswith="serving.deployment.").order_by("sequence")
    did = ["deploy", "stop", "deploy", "stop", "delete"]
    assert [entry.action.rpartition(".")[2] for entry in told] == did


def test_what_failed_is_in_the_history_and_what_was_live_stays(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    deployed(version, "fraud-live", ada)
    deploy(ada, servable(ada, model, run))
    images.fail(Image.objects.get(version__version=2), "no such package")
    deployments.go_on(image=Image.objects.get(version__version=2), by=ada.actor())
    failed, live = get(ada, ROLLOUTS).json()["results"]
    assert (failed["state"], failed["message"]) == ("failed", "There is no image of it. no such package")
    assert live["state"] == "live"
    assert get(ada, "deployments/fraud-live").json()["coming"] is None


def test_nothing_is_built_where_an_approval_has_run_out_until_it_is_given_again(
    version: ModelVersion, risk: Team, root: User, ada: User, rita: User
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=30, when_expired="block")
    request = approve(ask(ada, version), rita)
    assert post(ada, IMAGES).status_code == 202
    built(version)
    late(request, valid_until=timezone.now() - timedelta(seconds=1))
    refused(post(ada, IMAGES), f"/admin/reviews/{request.pk}/")
    assert deploy(ada, version, "has-its-image").status_code == 202
    Image.objects.update(digest="1" * 64)  # as if of other files
    refused(deploy(ada, version, "has-none"), "ran out on")
    approve(revalidate(request=request, by=ada.actor()), rita)
    assert post(ada, IMAGES).status_code == 202
