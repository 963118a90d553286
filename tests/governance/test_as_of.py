"""Which version was where on that day, approved by whom, on what evidence: told from the record."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.audit.models import Entry
from apps.governance.models import ChangeRequest
from apps.governance.services.opening import ApprovalNeeded
from apps.registry.models import ModelVersion, RegisteredModel
from apps.registry.services import registered_models, versions
from mlregistry.levels import Level
from tests.governance.making import approve
from tests.registry.making import give, make_registered, make_version, move

pytestmark = pytest.mark.django_db

MOMENT = timedelta(microseconds=1)


def moved_at(action: str = "registry.version.set_stage") -> list[datetime]:
    """When each such move was recorded."""
    return list(Entry.objects.filter(action=action).order_by("sequence").values_list("time", flat=True))


def told(client: Client, model: RegisteredModel, time: datetime | str = "", **place: str) -> list[dict[str, Any]]:
    when = {"time": time.isoformat() if isinstance(time, datetime) else time} if time else {}
    answer = client.get(f"/api/v1/registered-models/{model.name}/as-of", {**place, **when})
    assert answer.status_code == 200, answer.content
    return list(answer.json()["holders"])


def test_what_was_in_production_is_told_with_who_approved_it_and_on_what(
    applied: ChangeRequest, version: ModelVersion, bob: User, client: Client
) -> None:
    client.force_login(bob)
    (moved,) = moved_at()
    (holder,) = told(client, version.model, stage="production")
    assert (holder["version"], holder["request"]["id"]) == ("1", applied.pk)
    assert [(vote["voter"], vote["teams"]) for vote in holder["request"]["votes"]] == [
        ("rita", ["Risk"]),
        ("ivan", ["IT"]),
    ]
    assert holder["request"]["evidence_digest"] == applied.evidence_digest
    assert holder["request"]["evidence"]["version"] == 1
    assert holder["request"]["policies"] == {"production": 1}
    assert datetime.fromisoformat(holder["since"]) == moved
    assert told(client, version.model, moved, stage="Production")
    assert told(client, version.model, moved - MOMENT, stage="Production") == []


def test_each_time_has_the_version_of_then(model: RegisteredModel, ada: User, client: Client) -> None:
    first, second = make_version(ada, model), make_version(ada, model)
    move(ada, first, "Production")
    move(ada, second, "Production", archive=True)
    registered_models.rename_model(model=model, name="renamed", by=ada.actor())
    move(ada, second, "Staging")
    client.force_login(ada)
    one, two, three = moved_at()

    def held(time: datetime, stage: str = "Production") -> list[str]:
        return [holder["version"] for holder in told(client, model, time, stage=stage)]

    assert [held(one - MOMENT), held(one), held(two), held(three)] == [[], ["1"], ["2"], []]
    assert [held(one, "Archived"), held(two, "Archived")] == [[], ["1"]]
    assert [held(one - MOMENT, "None"), held(one, "None")] == [["2", "1"], ["2"]]
    assert held(three, "Staging") == ["2"]
    assert told(client, model, three, stage="Staging")[0]["request"] is None


def test_an_alias_is_followed_through_moves_and_deletions(model: RegisteredModel, ada: User, client: Client) -> None:
    first, second = make_version(ada, model), make_version(ada, model)
    for version in (first, first, second):
        versions.set_alias(version=version, alias="champion", by=ada.actor())
    versions.set_alias(version=first, alias="other", by=ada.actor())
    versions.delete_version(version=second, by=ada.actor())
    client.force_login(ada)
    once, again, moved, _ = moved_at("registry.alias.set")
    (deleted,) = moved_at("registry.version.delete")
    (holder,) = told(client, model, again, alias="champion")
    assert (holder["version"], datetime.fromisoformat(holder["since"])) == ("1", once)
    assert [holder["version"] for holder in told(client, model, moved, alias="champion")] == ["2"]
    assert told(client, model, deleted, alias="champion") == []


def test_what_was_deleted_is_still_known_to_have_been_there(model: RegisteredModel, ada: User, client: Client) -> None:
    version = make_version(ada, model)
    move(ada, version, "Production")
    versions.delete_version(version=version, by=ada.actor())
    client.force_login(ada)
    (moved,) = moved_at()
    assert [holder["version"] for holder in told(client, model, moved, stage="Production")] == ["1"]
    assert told(client, model, stage="Production") == []


def test_a_deleted_model_is_told_of_to_who_reads_the_record(
    applied: ChangeRequest, version: ModelVersion, ada: User, root: User, client: Client
) -> None:
    name = version.model.name
    (moved,) = moved_at()
    with pytest.raises(ApprovalNeeded) as needed:
        registered_models.delete_model(model=version.model, by=ada.actor())
    for voter in User.objects.filter(username__in=["rita", "ivan"]):
        approve(needed.value.request, voter)
    client.force_login(root)
    assert "deleted" in client.get(f"/admin/as-of/?model={name}").content.decode()
    again = make_registered(ada, name)
    (holder,) = told(client, again, moved, stage="Production")
    assert (holder["version"], holder["request"]["id"]) == ("1", applied.pk)
    assert told(client, again, moved - MOMENT, stage="Production") == []
    assert told(client, again, stage="Production") == []

    client.force_login(ada)
    assert told(client, again, moved, stage="Production") == []
    registered_models.delete_model(model=again, by=ada.actor())
    address = f"/api/v1/registered-models/{name}/as-of"
    assert client.get(address, {"stage": "Production"}).status_code == 404
    client.force_login(root)
    assert client.get(address, {"stage": "Production"}).json()["deleted_at"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Name either a stage"),
        ({"stage": "Production", "alias": "champion"}, "Name either a stage"),
        ({"stage": "Nowhere"}, "Nowhere"),
        ({"stage": "Production", "time": "yesterday"}, "time"),
        ({"alias": "a\0b"}, "alias"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    model: RegisteredModel, ada: User, client: Client, asked: dict[str, str], said: str
) -> None:
    client.force_login(ada)
    answer = client.get(f"/api/v1/registered-models/{model.name}/as-of", asked)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_the_page_says_the_same(applied: ChangeRequest, version: ModelVersion, bob: User, client: Client) -> None:
    client.force_login(bob)
    page = f"/admin/as-of/?model={version.model.name}"
    shown = client.get(page).content.decode()
    assert "Version 1" in shown
    assert f"change request {applied.pk}" in shown
    assert "rita" in shown
    assert "Nothing was there" in client.get(f"{page}&place=Production&time=2020-05-03T14:00").content.decode()
    assert "Nothing was there" in client.get(f"{page}&place=@champion").content.decode()
    assert client.get(f"{page}&time=soon").status_code == 400
    missing = client.get("/admin/as-of/?model=nothing")
    assert (missing.status_code, 'value="nothing"' in missing.content.decode()) == (404, True)


def test_it_is_for_those_who_may_read_the_model(version: ModelVersion, rita: User, client: Client) -> None:
    client.force_login(rita)
    give(rita, version.model, Level.NO_PERMISSIONS)
    assert client.get(f"/api/v1/registered-models/{version.model.name}/as-of?stage=Production").status_code == 404
    assert client.get(f"/admin/as-of/?model={version.model.name}").status_code == 404
    give(rita, version.model, Level.READ)
    assert client.get(f"/admin/as-of/?model={version.model.name}").status_code == 200
