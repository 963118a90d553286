"""The pages of reviewers: the queue, one request, several decided at once, policies and holds."""

import pytest
from django.conf import settings
from django.test import Client

from apps.accounts.models import User
from apps.governance.actions import action_named, proposal_of
from apps.governance.choices import State
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.governance.services.opening import ApprovalNeeded
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from tests.governance.making import ask

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
