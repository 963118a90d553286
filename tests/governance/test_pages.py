"""The pages of reviewers: the queue, one request, several decided at once, policies and holds."""

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import State
from apps.governance.models import ChangeRequest, Policy, PolicyRevision
from apps.governance.services import policies
from apps.governance.services.opening import ApprovalNeeded
from apps.registry import proposals
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from tests.governance.making import approve, ask, make_policy
from tests.registry.pages.visiting import words

pytestmark = pytest.mark.django_db


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return client


@pytest.fixture
def request_(version: ModelVersion, policy: PolicyRevision, ada: User) -> ChangeRequest:
    return ask(ada, version)


def test_a_request_waits_in_the_queue_of_those_who_may_vote(request_: ChangeRequest, rita: User, bob: User) -> None:
    assert request_.summary[1:] in page_of(rita).get("/admin/reviews/").content.decode()
    assert "Nothing waits for you" in page_of(bob).get("/admin/reviews/").content.decode()


@pytest.mark.parametrize("tab", ["waiting", "mine", "teams", "due", "overdue", "all"])
def test_every_tab_opens(tab: str, request_: ChangeRequest, rita: User) -> None:
    assert page_of(rita).get(f"/admin/reviews/?tab={tab}&team=Risk&object=e").status_code == 200


def test_two_reviewers_approve_on_the_page(
    request_: ChangeRequest, version: ModelVersion, rita: User, ivan: User
) -> None:
    for reviewer in (rita, ivan):
        client, address = page_of(reviewer), f"/admin/reviews/{request_.pk}/"
        shown = client.get(address)
        assert shown.status_code == 200
        assert request_.evidence_digest in shown.content.decode()
        form = {"decision": "approve", "seen": request_.evidence_digest}
        assert client.post(f"{address}vote/", form).status_code == 303
    request_.refresh_from_db()
    assert request_.state == State.APPLIED
    assert page_of(rita).get(f"/admin/reviews/{request_.pk}/").status_code == 200


def test_what_went_stale_while_it_was_read_is_refused_with_what_changed(
    request_: ChangeRequest, version: ModelVersion, ada: User, rita: User
) -> None:
    cards.write_card(version=version, sections={"limits": "none"}, by=ada.actor())
    form = {"decision": "approve", "seen": request_.evidence_digest}
    answer = page_of(rita).post(f"/admin/reviews/{request_.pk}/vote/", form)
    assert answer.status_code == 409
    assert "Its model card is at revision" in answer.content.decode()
    assert not request_.votes.exists()


def test_a_vote_on_what_was_not_shown_is_refused(request_: ChangeRequest, rita: User) -> None:
    answer = page_of(rita).post(f"/admin/reviews/{request_.pk}/vote/", {"decision": "approve"})
    assert answer.status_code == 409
    assert not request_.votes.exists()


def test_of_several_each_is_decided_by_itself(request_: ChangeRequest, rita: User) -> None:
    form = {
        "decision": "approve",
        "request": [str(request_.pk), "999999"],
        f"seen-{request_.pk}": request_.evidence_digest,
    }
    answer = page_of(rita).post("/admin/reviews/decide/", form).content.decode()
    assert "Approved: 1" in answer
    assert "Not approved: 1" in answer


def test_comments_are_written_and_their_names_set_off(request_: ChangeRequest, rita: User, ivan: User) -> None:
    client, address = page_of(rita), f"/admin/reviews/{request_.pk}/"
    client.post(f"{address}comments/", {"text": "see this, @ivan <script>x</script>"})
    shown = client.get(address).content.decode()
    assert "<strong>@ivan</strong>" in shown
    assert "<script>x" not in shown


def test_the_requester_withdraws_it(request_: ChangeRequest, ada: User) -> None:
    page_of(ada).post(f"/admin/reviews/{request_.pk}/withdraw/", {"comment": ""})
    request_.refresh_from_db()
    assert request_.state == State.CANCELLED


def test_administrators_write_policies_and_place_holds(request_: ChangeRequest, root: User) -> None:
    client, policy = page_of(root), request_.revisions.get().policy
    for address in ("policies/", f"policies/{policy.pk}/", "policies/new/", f"policies/{policy.pk}/edit/", "holds/"):
        assert client.get(f"/admin/{address}").status_code == 200
    wrong = client.post("/admin/policies/new/", {"name": "x", "document": "models: [\napprovals: 1"})
    assert (wrong.status_code, "This is no YAML in line" in wrong.content.decode()) == (400, True)
    text = "models: ['*']\nprotects: {alias: [live]}"
    assert client.post("/admin/policies/new/", {"name": "live", "document": text}).status_code == 303
    assert client.post("/admin/holds/place/", {"object_name": "fraud-*", "reason": "case 4"}).status_code == 303
    assert "case 4" in client.get("/admin/holds/").content.decode()


def test_others_see_the_policies_of_what_they_read_and_no_holds(request_: ChangeRequest, ada: User) -> None:
    assert "production" in page_of(ada).get("/admin/policies/").content.decode()
    assert page_of(ada).get("/admin/holds/").status_code == 404


def test_the_addresses_that_people_are_told_are_those_of_pages(
    request_: ChangeRequest, version: ModelVersion, rita: User, ada: User
) -> None:
    with pytest.raises(ApprovalNeeded) as needed:
        versions.set_alias(version=version, alias="champion", by=ada.actor())
    told = needed.value.message.rsplit(" ", maxsplit=1)[-1]
    about = action_named(request_.action).address(proposal_of(request_))
    for address in (told.removeprefix(settings.MLREGISTRY_URL), about):
        assert page_of(rita).get(address).status_code == 200, address


def test_what_was_applied_is_told_with_what_it_replaced(
    version: ModelVersion, one: PolicyRevision, ada: User, rita: User
) -> None:
    make_policy(User.objects.get(username="root"), holds_for_days=10, slots={"Risk": 1})
    asked = ask(ada, version)
    approve(asked, rita)
    page = words(page_of(ada).get(f"/admin/reviews/{asked.pk}/").content.decode())
    assert (
        "Applied it is so now What Move classifier version 1 to Production When just now , with the last word of rita"
        in page
    )
    assert "On whose word rita Before It was in stage None before. Holds until" in page
    assert "in 9 d runs out" in page
    versions.set_stage(version=version, stage="Archived", archive_existing=False, by=ada.actor())
    assert "Applied no longer so" in words(page_of(ada).get(f"/admin/reviews/{asked.pk}/").content.decode())


def test_a_policy_is_shown_field_by_field_before_and_after(one: PolicyRevision, root: User, rita: User) -> None:
    other = User.objects.create_superuser("other")
    document = {
        "protects": {"stage": ["Production", "Staging"]},
        "reviewers": ["Risk"],
        "gates": [{"metric_at_least": {"metric": "accuracy", "value": 0.9}}],
    }
    draft = policies.write_draft(name="production", document=document, by=root.actor())
    made = policies.publish(revision=draft, by=root.actor())
    assert made is not None
    address = f"/admin/reviews/{made.pk}/"
    page = words(page_of(other).get(address).content.decode())
    for said in (
        "What changes revision 1 against revision 2 , written by root",
        "What revision 1 would have stopped could pass.",
        "alias: champion goes",
        "stage: Staging comes",
        "1 of Risk goes",
        "Risk comes",
        "metric accuracy, value 0.9 comes",
        "The same: models, stays open, holds.",
    ):
        assert said in page, said
    approve(made, other)
    after = words(page_of(other).get(address).content.decode())
    assert "Any other administrator can vote." in page
    assert "Revision 1 was in force before." in after
    assert "What changed revision 1 against revision 2" in after
    policies.retire(policy=Policy.objects.get(), by=root.actor())
    retiring = ChangeRequest.objects.latest("pk")
    page = words(page_of(other).get(f"/admin/reviews/{retiring.pk}/").content.decode())
    assert "What it protects is then open to whoever may edit" in page
    assert "stage: Staging goes" in page


def test_each_kind_of_change_says_what_it_replaced(version: ModelVersion, ada: User) -> None:
    for proposal, before, said in (
        (
            proposals.set_stage(version, "Production", archive_existing=True),
            {"stage": "Staging", "archived": [2, 3]},
            "It was in stage Staging before, and versions 2, 3 were archived.",
        ),
        (proposals.set_alias(version, "champion"), {"version": 4}, "The alias pointed at version 4 before."),
        (proposals.set_alias(version, "champion"), {"version": None}, "There was no such alias before."),
        (proposals.set_tag(version, "ok", "yes"), {"value": "no"}, 'The tag said "no" before.'),
        (proposals.rename_model(version.model, "other"), {"name": "classifier"}, "It was called classifier before."),
        (proposals.change_permission(version.model, ada, None), {"level": "READ"}, "It was READ before."),
    ):
        assert action_named(proposal.action).replaced(proposal, before) == said
