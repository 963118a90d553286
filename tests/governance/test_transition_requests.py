"""Requests that no policy asks for, and what is said about a version: where people find them."""

from django.test import Client

from apps.accounts.models import User
from apps.governance.models import Comment
from apps.governance.queries.waiting import waiting_for
from apps.registry.models import ModelVersion
from apps.registry.services import transitions
from mlregistry.levels import Level
from tests.governance.making import make_policy
from tests.registry.making import give


def test_a_request_without_a_policy_waits_for_those_who_manage_the_model(
    bob: User, rita: User, ivan: User, version: ModelVersion
) -> None:
    give(rita, version.model, Level.MANAGE)
    give(ivan, version.model, Level.EDIT)
    request = transitions.ask(version=version, stage="staging", comment="", by=bob.actor())
    assert waiting_for(rita) == [request]
    assert waiting_for(ivan) == waiting_for(bob) == []


def test_a_policy_that_comes_to_protect_the_stage_makes_the_request_stale(
    bob: User, rita: User, root: User, version: ModelVersion
) -> None:
    give(rita, version.model, Level.MANAGE)
    request = transitions.ask(version=version, stage="Production", comment="", by=bob.actor())
    make_policy(root)
    assert request.is_live
    client = Client()
    client.force_login(rita)
    asked = {"name": version.model.name, "version": "1", "stage": "Production"}
    answer = client.post("/ajax-api/2.0/mlflow/transition-requests/approve", asked, content_type="application/json")
    request.refresh_from_db()
    assert (answer.status_code, request.state) == (400, "stale")


def test_what_is_said_about_a_version_is_on_the_page_of_its_requests(
    bob: User, rita: User, version: ModelVersion
) -> None:
    give(rita, version.model, Level.MANAGE)
    transitions.comment_on(version=version, text="Which holdout?", by=bob.actor())
    request = transitions.ask(version=version, stage="Staging", comment="", by=bob.actor())
    client = Client()
    client.force_login(rita)
    assert "Which holdout?" in client.get(f"/admin/reviews/{request.pk}/").content.decode()


def test_a_version_is_talked_about_on_its_page(bob: User, rita: User, version: ModelVersion) -> None:
    give(rita, version.model, Level.READ)
    address = f"/admin/models/{version.model_id}/versions/1/"
    of_rita, of_bob = Client(), Client()
    of_rita.force_login(rita)
    of_bob.force_login(bob)
    of_rita.post(f"{address}comments/", {"text": "Which *holdout*?"})
    (comment,) = Comment.objects.all()
    assert "Which <em>holdout</em>?" in of_bob.get(address).content.decode()

    own = f"{address}comments/{comment.pk}/"
    assert of_bob.post(own, {"text": "none"}).status_code == 403
    assert of_rita.post(f"{address}comments/{comment.pk + 1}/", {"text": "none"}).status_code == 404
    of_rita.post(own, {"text": " "})
    assert "Say why" in of_rita.get(address).content.decode()
    of_rita.post(own, {"text": "Which one, of May?"})
    assert "Which one, of May?" in of_bob.get(address).content.decode()
    of_rita.post(own, {"delete": "yes"})
    shown = of_bob.get(address).content.decode()
    assert "Which one, of May?" not in shown
    assert "deleted" in shown


def test_whoever_deletes_a_comment_on_the_wire_is_told_what_it_was(bob: User, version: ModelVersion) -> None:
    made = transitions.comment_on(version=version, text="Which holdout?", by=bob.actor())
    client = Client()
    client.force_login(bob)
    answer = client.delete(f"/ajax-api/2.0/mlflow/comments/delete?id={made.pk}")
    assert answer.json()["comment"]["comment"] == "Which holdout?"
    assert client.delete(f"/ajax-api/2.0/mlflow/comments/delete?id={made.pk}").status_code == 404
