"""Pages of images and deployments: who sees and does what there, and what they say of each state."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.governance.models import ChangeRequest
from apps.registry.models import ModelVersion, RegisteredModel
from apps.serving.models import Deployment, Image, Rollout
from apps.serving.services import deployments, images
from apps.tracking.models import Run
from mlregistry.levels import Level
from tests.governance.making import make_policy
from tests.registry.making import give
from tests.registry.pages.visiting import changed, read, sent, visitor, words
from tests.scorer import scoring
from tests.serving.making import built, deployed, servable

pytestmark = pytest.mark.django_db


def test_without_a_deployment_the_page_says_how_to_make_one(ada: User) -> None:
    said = words(read(ada, "deployments"))
    assert "Nothing is deployed yet" in said
    assert "/api/v1/deployments/fraud-live/rollouts" in said


def test_a_deployment_is_seen_by_those_who_may_read_its_model(version: ModelVersion, ada: User, bob: User) -> None:
    rollout = deployed(version, "fraud-live", ada)
    give(bob, version.model, Level.NO_PERMISSIONS)
    assert "Nothing is deployed yet" in words(read(bob, "deployments"))
    for address in ("/admin/deployments/fraud-live/", f"/admin/images/{version.images.get().pk}/"):
        assert visitor(bob).get(address).status_code == 404
    give(bob, version.model, Level.READ)
    seen = words(read(bob, "deployment", "fraud-live"))
    assert "version 1" in seen
    for forbidden in ("Try it", "Deploy to", "Settings"):
        assert forbidden not in seen
    assert rollout.deployment.name in words(read(bob, "deployments"))


@pytest.mark.parametrize(
    ("name", "level"),
    [("deployment-try", Level.USE), ("deployment-stop", Level.EDIT), ("deployment-delete", Level.MANAGE)],
)
def test_each_level_does_its_own_there(version: ModelVersion, ada: User, bob: User, name: str, level: Level) -> None:
    deployed(version, "fraud-live", ada)
    give(bob, version.model, Level(level - 1))
    assert sent(bob, name, "fraud-live", input="{}").status_code == 403
    assert Rollout.objects.get().state == "live"


def test_an_answer_is_shown_with_its_version(version: ModelVersion, ada: User) -> None:
    deployed(version, "fraud-live", ada)
    with scoring():
        said = sent(ada, "deployment-try", "fraud-live", input='{"inputs": []}').content.decode()
    assert "version 1 in" in said
    assert "&quot;predictions&quot;" in said


def test_a_version_is_built_and_deployed_from_its_page(version: ModelVersion, ada: User) -> None:
    assert "No image of this version has been built yet." in words(read(ada, "version", version.model_id, 1))
    assert changed(ada, "version-build", version.model_id, 1) == ["The image is being built."]
    image = Image.objects.get()
    assert "being built" in words(read(ada, "version", version.model_id, 1))
    assert "It goes on whether or not you stay on this page." in words(read(ada, "image", image.pk))
    built(version, size=5_000_000, trial={"asked": "example.json", "status": 200, "seconds": 0.02, "answer": "[1]"})
    assert "answered within 0.020 s" in words(read(ada, "image", image.pk))
    answer = sent(ada, "version-deploy", version.model_id, 1, name="fraud-live", reason="first")
    assert "Version 1 is coming" in words(answer.content.decode())


def test_a_name_that_no_deployment_can_have_is_said_on_the_version_s_page(version: ModelVersion, ada: User) -> None:
    built(version)
    [said] = changed(ada, "version-deploy", version.model_id, 1, name="Fraud Live", reason="")
    assert "small letters, digits and hyphens" in said
    assert not Deployment.objects.exists()


def test_what_is_protected_is_asked_for_there(version: ModelVersion, risk: Team, root: User, ada: User) -> None:
    built(version)
    make_policy(root, protects={"deploy": ["fraud-*"]}, slots={"Risk": 1})
    assert "fraud-* takes approval" in words(read(ada, "version", version.model_id, 1))
    changed(ada, "version-deploy", version.model_id, 1, name="fraud-live", reason="better")
    request = ChangeRequest.objects.get(action="serving.deploy")
    assert request.reason == "better"
    assert f"#{request.pk}" in words(read(ada, "version", version.model_id, 1))
    assert "Nothing is there now" in words(read(root, "review", request.pk))


def test_a_request_is_held_against_what_is_served(
    version: ModelVersion, risk: Team, root: User, ada: User, run: Run
) -> None:
    deployed(version, "fraud-live", ada)
    newer = servable(ada, version.model, run)
    built(newer)
    make_policy(root, protects={"deploy": ["fraud-*"]}, slots={"Risk": 1})
    changed(ada, "deployment-deploy", "fraud-live", version="2", reason="")
    said = words(read(root, "review", ChangeRequest.objects.get(action="serving.deploy").pk))
    assert "v1 , now there, against v2" in said


def test_what_did_not_come_says_why_and_needs_somebody(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    deployed(version, "fraud-live", ada)
    rollout = deployments.deploy(version=servable(ada, model, run), name="fraud-live", by=ada.actor())
    deployments.fail(rollout=rollout, why="It cannot be loaded.", by=ada.actor())
    said = words(read(ada, "deployment", "fraud-live"))
    assert "Version 2 did not come. It cannot be loaded. Version 1 still answers." in said
    assert "Version 2 did not come to fraud-live" in words(read(ada, "admin:index"))


def test_what_was_served_is_brought_back_by_a_button(
    version: ModelVersion, ada: User, model: RegisteredModel, run: Run
) -> None:
    deployed(version, "fraud-live", ada)
    deployed(servable(ada, model, run), "fraud-live", ada)
    assert "Back to v1" in words(read(ada, "deployment", "fraud-live"))
    changed(ada, "deployment-deploy", "fraud-live", version="1", reason="")
    assert Rollout.objects.latest("pk").version == version
    assert sent(ada, "deployment-deploy", "fraud-live", version="one", reason="").status_code == 400


def test_a_build_that_was_given_up_is_said_to_have_been(version: ModelVersion, ada: User) -> None:
    image = images.request_build(version=version, by=ada.actor())
    assert image.job is not None
    image.job.state, image.job.finished_at = "cancelled", timezone.now() - timedelta(minutes=1)
    image.job.save()
    assert images.end_given_up() == 1
    assert "its job ended" in words(read(ada, "image", image.pk))
