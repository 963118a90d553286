"""What the pages of models say of policies: what it would take, asking for it, and hints in forms."""

from typing import Any

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.registry.models import ModelVersion
from apps.registry.services import versions
from mlregistry.levels import Level
from tests.governance.making import ask, make_policy
from tests.registry.making import actions, give
from tests.registry.pages.visiting import changed, read, statements, visitor, words

pytestmark = pytest.mark.django_db


def part(user: User, version: ModelVersion, **target: str) -> str:
    """What the panel of the version's page opens."""
    address = reverse("version-promotion", args=[version.model_id, version.version])
    answer = visitor(user).get(address, target, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return " ".join(words('id="content"' + answer.content.decode()).split())


def test_it_says_who_can_approve_who_cannot_and_what_gates_see(
    rita: User, root: User, version: ModelVersion, policy: PolicyRevision
) -> None:
    gates = [{"tag_equals": {"key": "checked", "value": "yes"}}, "content_intact"]
    make_policy(root, slots={"Risk": 1, "IT": 1}, gates=gates)
    give(rita, version.model, Level.EDIT)
    shown = part(rita, version, to="production")
    assert "2 approvals : 1 of IT, 1 of Risk (policy production )" in shown
    assert "ivan for IT" in shown
    assert "rita asked for this" in shown
    assert "failed: Tag equals key checked value yes" in shown
    assert 'The version has no tag checked; "yes" is asked.' in shown.replace("&quot;", '"')
    assert "It looks once somebody has asked." in shown
    assert "Ask for it" in shown


def test_asking_opens_the_request_and_leads_to_it(ada: User, version: ModelVersion, policy: PolicyRevision) -> None:
    address = reverse("version-ask", args=[version.model_id, version.version])
    form = {"to": "Production", "reason": "It is better.", "archive_existing": "on"}
    answer = visitor(ada).post(address, form)
    made = ChangeRequest.objects.get(action="registry.set_stage")
    assert answer["Location"] == reverse("review", args=[made.pk])
    assert (made.requester, made.reason, made.payload["archive_existing"]) == ("ada", "It is better.", True)
    again = visitor(ada).post(address, form)
    assert again["Location"] == answer["Location"]
    shown = part(ada, version, to="Production")
    assert f"Change request {made.pk} asks for this: 2 approvals missing" in shown
    assert "Ask for it" not in shown
    page = words(read(ada, "version", version.model_id, version.version))
    assert "Production asked for 1 of IT, 1 of Risk" in page
    assert f"#{made.pk} by ada" in page
    assert "Waits to be decided" in words(read(ada, "model", version.model_id))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"to": "Staging"}, "No policy protects this"),
        ({"to": "None"}, "There is nothing to ask for"),
        ({"to": "Nowhere"}, "Invalid Model Version stage"),
        ({"alias": "champion!"}, "Invalid alias name"),
        ({"alias": "champion\0"}, "Invalid alias name"),
        ({"alias": "a" * 400}, "exceeds the maximum length"),
        ({"alias": "champion", "reason": "x" * 10_001}, "A reason has at most"),
        ({"to": "Production", "alias": "champion"}, "Name either a stage"),
        ({}, "Name either a stage"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_words(
    ada: User, version: ModelVersion, policy: PolicyRevision, form: dict[str, str], said: str
) -> None:
    assert said in changed(ada, "version-ask", version.model_id, version.version, **form)[0]
    assert not ChangeRequest.objects.exists()


def test_whoever_reads_sees_what_it_takes_and_cannot_ask(
    rita: User, version: ModelVersion, policy: PolicyRevision
) -> None:
    shown = part(rita, version, alias="champion")
    assert "1 of IT, 1 of Risk" in shown
    assert "Ask for it" not in shown
    before = actions()
    answer = visitor(rita).post(reverse("version-ask", args=[version.model_id, 1]), {"to": "Production"})
    assert (answer.status_code, actions()) == (403, before)


def test_what_nobody_protects_says_so(ada: User, version: ModelVersion, policy: PolicyRevision) -> None:
    assert "No policy protects this" in part(ada, version, to="Staging")
    assert "It is so already" in part(ada, version, to="None")
    assert "1 of IT, 1 of Risk" in words(
        visitor(ada)
        .get(reverse("version-promotion", args=[version.model_id, 1]), {"to": "Production"})
        .content.decode()
    )


@pytest.mark.parametrize(
    ("protects", "page", "said"),
    [
        ({"stage": ["Production"]}, "version", "Production takes approval: this opens a request."),
        ({"alias": ["prod-*", "champion"]}, "version", "champion, prod-* take approval"),
        ({"tag": ["approved"]}, "version", "approved takes approval"),
        ({"delete": ["version"]}, "version", "Deleting it takes approval"),
        ({"delete": ["model"]}, "model", "Deleting it takes approval"),
        ({"rename": ["*"]}, "model", "Renaming it takes approval"),
        ({"permission": ["MANAGE"]}, "model", "manage takes approval"),
        ({"tag": ["tier"]}, "model", "tier takes approval"),
    ],
)
def test_forms_say_that_they_open_a_request(
    root: User, version: ModelVersion, protects: dict[str, Any], page: str, said: str
) -> None:
    numbers = [version.version] if page == "version" else []
    assert "takes approval:" not in read(root, page, version.model_id, *numbers)
    make_policy(root, protects=protects)
    assert said in words(read(root, page, version.model_id, *numbers))


def test_deleting_what_stands_in_production_takes_approval_as_well(
    ada: User, root: User, version: ModelVersion
) -> None:
    versions.set_stage(version=version, stage="Production", archive_existing=False, by=ada.actor())
    make_policy(root)
    page = words(read(ada, "version", version.model_id, version.version))
    assert "Deleting it takes approval" in page
    assert "Production it is there" in page


def test_aliases_of_a_pattern_are_those_of_the_model(ada: User, root: User, version: ModelVersion) -> None:
    versions.set_alias(version=version, alias="prod-eu", by=ada.actor())
    make_policy(root, protects={"alias": ["prod-*", "champion"]})
    page = words(read(ada, "version", version.model_id, version.version))
    assert "prod-eu it is there" in page
    assert "champion 1 of whoever manages the model" in page


def test_more_requests_and_aliases_take_no_more_statements(
    ada: User, root: User, version: ModelVersion, one: PolicyRevision
) -> None:
    ask(ada, version)
    statements(ada, "version", version.model_id, 1)
    few = statements(ada, "version", version.model_id, 1)
    make_policy(root, "more", protects={"alias": [f"alias-{number}" for number in range(30)]})
    ask(ada, version, "Production")
    assert statements(ada, "version", version.model_id, 1) == few
