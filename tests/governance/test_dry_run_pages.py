"""Dry runs on the pages of policies: of a revision, and of what is being written."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.governance.models import PolicyRevision
from apps.governance.pages import policies
from apps.registry.models import ModelVersion
from tests.governance.making import make_policy
from tests.registry.making import actions, move
from tests.registry.pages.visiting import visitor, words

pytestmark = pytest.mark.django_db

DRAFT = "protects: {stage: [Production]}\ngates: [{tag_equals: {key: checked, value: 'yes'}}, content_intact]"


@pytest.fixture
def revision(ada: User, version: ModelVersion, root: User) -> PolicyRevision:
    move(ada, version, "Production")
    return make_policy(root, gates=[{"tag_equals": {"key": "checked", "value": "yes"}}])


def test_a_revision_says_what_it_would_have_stopped_and_why(revision: PolicyRevision, root: User) -> None:
    address = reverse("policy-dry-run", args=[revision.policy_id, revision.number])
    whole = words(visitor(root).get(address).content.decode())
    part = visitor(root).get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith("<section")
    for said in (
        "Its gates would have stopped 1 of 1 , because: Tag equals key checked value yes 1",
        "1 would have waited for approval",
        "Move classifier version 1 to Production",
        "The version has no tag checked",
    ):
        assert said in whole
        assert said in words(f'id="content"{part}')


def test_what_is_being_written_is_tried_and_kept_nowhere(revision: PolicyRevision, root: User) -> None:
    before = actions(), PolicyRevision.objects.count()
    form = {"name": "next", "document": DRAFT, "try": "yes"}
    whole = visitor(root).post(reverse("policy-new"), form)
    assert "stopped 1 of 1" in words(whole.content.decode())
    assert "tag_equals" in whole.content.decode()
    part = visitor(root).post(reverse("policy-new"), form, headers={"HX-Request": "true"})
    said = words(f'id="content"{part.content.decode()}')
    assert "stopped 1 of 1" in said
    assert "Left out, since they take their time or compare with what was there then: content_intact." in said
    assert (actions(), PolicyRevision.objects.count()) == before


def test_what_cannot_be_read_is_refused_in_the_part(root: User) -> None:
    form = {"name": "next", "document": "protects: [", "try": "yes"}
    part = visitor(root).post(reverse("policy-new"), form, headers={"HX-Request": "true"})
    assert (part.status_code, "This is no YAML" in part.content.decode()) == (400, True)
    assert "<html" not in part.content.decode()
    assert visitor(root).post(reverse("policy-new"), form).status_code == 400


def test_long_lists_end(revision: PolicyRevision, root: User, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "STOPPED_SHOWN", 0)
    address = reverse("policy-dry-run", args=[revision.policy_id, revision.number])
    assert "stopped 1 of 1" in words(visitor(root).get(address).content.decode())
    assert visitor(ada).get(address).status_code == 404
    missing = reverse("policy-dry-run", args=[revision.policy_id, 2**40])
    assert visitor(root).get(missing).status_code == 404
