"""What is done on the pages of reviewers: each button, and what it answers where it must not."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.governance.choices import Kind, State
from apps.governance.models import ChangeRequest, Comment, LegalHold, Policy, PolicyRevision
from apps.jobs.models import Job
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion
from apps.registry.services import cards, versions
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy, make_team
from tests.governance.test_exceptions import late
from tests.registry.making import actions, give, make_version, set_content
from tests.registry.pages.visiting import changed, messages, read, sent, visitor, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(version: ModelVersion, one: PolicyRevision, ada: User) -> ChangeRequest:
    """To move a version to Production, which takes one of Risk."""
    return ask(ada, version)


@pytest.fixture
def holding(version: ModelVersion, risk: Team, root: User, ada: User) -> PolicyRevision:
    """An approval of Risk's holds for a month; the version has the tag that the gate asks for."""
    versions.set_tag(version=version, key="checked", value="yes", by=ada.actor())
    gate = {"tag_equals": {"key": "checked", "value": "yes"}}
    return make_policy(root, slots={"Risk": 1}, holds_for_days=30, gates=[gate])


@pytest.fixture
def on_call(ivan: User, root: User, version: ModelVersion) -> Team:
    """Who may break glass: Ivan, who may change the model."""
    give(ivan, version.model, Level.EDIT)
    return make_team("On-call", ivan, by=root)


def test_glass_is_broken_on_the_page_and_ratified(
    version: ModelVersion, on_call: Team, risk: Team, root: User, ivan: User
) -> None:
    make_policy(root, slots={"Risk": 1}, break_glass=["On-call"])
    wanted = ask(ivan, version)
    assert "Do it without approval" in read(ivan, "review", wanted.pk)
    too_short = changed(ivan, "review-break-glass", wanted.pk, reason="now")
    assert "takes a reason" in too_short[0]
    said = changed(ivan, "review-break-glass", wanted.pk, reason="Production is down since noon.")
    assert said == ["It is done. Others have to ratify it, or it is taken back."]
    version.refresh_from_db()
    assert version.current_stage == "Production"
    broken = ChangeRequest.objects.get(kind=Kind.BREAK_GLASS)
    assert "nobody's: ivan broke the glass" in words(read(ivan, "review", broken.pk))
    ratification = broken.followers.get()
    rita = User.objects.get(username="rita")
    page = words(read(rita, "review", ratification.pk))
    assert "what was done without approval stays" in page
    assert "What was done is taken back." in page
    form = {"decision": "reject", "seen": ratification.evidence_digest, "comment": "It could have waited."}
    assert changed(rita, "review-vote", ratification.pk, **form) == ["Rejected: what was done is taken back."]
    version.refresh_from_db()
    assert version.current_stage == "None"
    assert "taken back" in words(read(ivan, "review", broken.pk))


def test_glass_is_not_broken_by_whom_the_policy_does_not_name(asked: ChangeRequest, ada: User) -> None:
    assert "Do it without approval" not in read(ada, "review", asked.pk)
    before = actions()
    answer = sent(ada, "review-break-glass", asked.pk, reason="Production is down since noon.")
    assert (answer.status_code, actions()) == (400, before)


def test_what_stands_is_revalidated_from_its_page(
    version: ModelVersion, holding: PolicyRevision, ada: User, bob: User, rita: User
) -> None:
    asked = approve(ask(ada, version), rita)
    assert "Ask for it to be revalidated" in read(ada, "review", asked.pk)
    assert "Ask for it to be revalidated" not in read(bob, "review", asked.pk)
    assert sent(bob, "review-revalidate", asked.pk, reason="x").status_code == 400
    assert changed(ada, "review-revalidate", asked.pk, reason="It still is the best.") == [
        "It is asked for again, to be approved for another while."
    ]
    again = asked.followers.get()
    assert (again.kind, again.reason) == (Kind.REVALIDATION, "It still is the best.")
    form = {"decision": "approve", "seen": again.evidence_digest}
    changed(rita, "review-vote", again.pk, **form)
    assert "Approved anew it is so now" in words(read(ada, "review", again.pk))


def test_gates_run_again_for_those_who_take_part(
    version: ModelVersion, holding: PolicyRevision, ada: User, rita: User, ivan: User
) -> None:
    versions.delete_tag(version=version, key="checked", by=ada.actor())
    asked = ask(ada, version)
    Job.objects.all().delete()
    assert sent(ivan, "review-gates", asked.pk).status_code == 403
    assert not Job.objects.exists()
    for person in (ada, rita):
        assert changed(person, "review-gates", asked.pk) == ["The gates run again as soon as a worker is free."]
    assert Job.objects.count() == 1, "what waits already is not asked for twice"
    assert "Running…" in read(rita, "review", asked.pk)


def test_a_draft_is_published_at_once_where_nothing_is_in_force_and_asked_for_later(root: User, rita: User) -> None:
    text = "protects: {alias: [live]}"
    sent(root, "policy-new", name="live", document=text)
    policy = Policy.objects.get()
    assert changed(root, "policy-publish", policy.pk, 1) == ["Revision 1 is in force."]
    assert "is published already" in changed(root, "policy-publish", policy.pk, 1)[0]
    sent(root, "policy-edit", policy.pk, document=f"{text}\napprovals: 2")
    said = changed(root, "policy-publish", policy.pk, 2, reason="Two see more.")
    assert said == ["Another administrator has to agree: this is asked for now."]
    asked = ChangeRequest.objects.get()
    assert (asked.state, asked.reason) == (State.OPEN, "Two see more.")
    assert "There is a request to put revision 2" in words(read(root, "policy", policy.pk))
    assert sent(rita, "policy-publish", policy.pk, 2).status_code == 404


def test_retiring_a_policy_is_asked_for(one: PolicyRevision, root: User) -> None:
    other = User.objects.create_superuser("other")
    assert changed(root, "policy-retire", one.policy_id, reason="It is over.") == [
        "Another administrator has to agree: this is asked for now."
    ]
    asked = ChangeRequest.objects.get()
    form = {"decision": "approve", "seen": asked.evidence_digest}
    assert "Approved and carried out" in changed(other, "review-vote", asked.pk, **form)[0]
    assert "not in force" in words(read(root, "policy", one.policy_id))
    assert "is not in force" in changed(root, "policy-retire", one.policy_id)[0]


def test_a_hold_is_placed_and_lifted(root: User, rita: User) -> None:
    assert "reason" in changed(root, "hold-place", object_name="fraud-*", subject="", reason="")[0]
    changed(root, "hold-place", object_name="fraud-*", subject="", reason="case 4")
    hold = LegalHold.objects.get()
    assert sent(rita, "hold-lift", hold.pk, reason="x").status_code == 404
    assert changed(root, "hold-lift", hold.pk, reason="closed") == ["The hold is lifted."]
    hold.refresh_from_db()
    assert (hold.lifted_by, hold.lifted_because) == ("root", "closed")
    assert changed(root, "hold-lift", hold.pk, reason="again") != ["The hold is lifted."]
    assert sent(root, "hold-lift", 2**70, reason="x").status_code == 404


def test_a_comment_is_changed_and_deleted_by_its_author_alone(asked: ChangeRequest, ada: User, rita: User) -> None:
    assert changed(rita, "review-comment", asked.pk, text="first") == ["Your comment is there."]
    comment = Comment.objects.get()
    assert changed(rita, "review-comment-edit", asked.pk, comment.pk, text="second") == ["The comment is changed."]
    assert "second" in read(ada, "review", asked.pk)
    assert sent(ada, "review-comment-edit", asked.pk, comment.pk, text="mine").status_code == 403
    assert sent(ada, "review-comment-edit", asked.pk, comment.pk, delete="yes").status_code == 403
    assert changed(rita, "review-comment-edit", asked.pk, comment.pk, delete="yes") == ["The comment is deleted."]
    page = read(ada, "review", asked.pk)
    assert "second" not in page
    assert "deleted just now" in words(page)
    assert sent(rita, "review-comment-edit", asked.pk, 2**70, text="x").status_code == 404


@pytest.fixture
def several(asked: ChangeRequest, ada: User, bob: User, version: ModelVersion) -> list[ChangeRequest]:
    """Three that can be voted on at once."""
    others = [make_version(bob, version.model, f"s3://bucket/{number}") for number in range(2)]
    for other in others:
        set_content(other, state=ContentState.UNREADABLE)
        cards.prefill_card(version=other)
    found = [asked, *(ask(ada, other) for other in others)]
    assert all(each.evidence_digest for each in found)
    return found


def together(user: User, decision: str, requests: list[ChangeRequest], comment: str = "") -> str:
    form: dict[str, Any] = {f"seen-{each.pk}": each.evidence_digest for each in requests}
    form |= {"decision": decision, "comment": comment, "request": [str(each.pk) for each in requests]}
    return words(visitor(user).post(reverse("reviews-decide"), form).content.decode())


def test_several_are_rejected_with_one_comment(several: list[ChangeRequest], rita: User) -> None:
    assert "Not rejected: 3" in together(rita, "reject", several)
    assert "Rejected: 3" in together(rita, "reject", several, "None of these.")
    for each in several:
        each.refresh_from_db()
        assert (each.state, each.votes.get().comment) == (State.REJECTED, "None of these.")


def test_what_is_chosen_wrongly_decides_nothing(several: list[ChangeRequest], rita: User, ada: User) -> None:
    for form in ({"decision": "approve"}, {"decision": "perhaps", "request": "1"}, {"request": "1"}):
        answer = sent(rita, "reviews-decide", **form)
        assert messages(answer)[0].startswith("Choose the requests")
    assert "Not approved: 1" in together(ada, "approve", several[:1]), "nobody approves what they asked for"
    assert not several[0].votes.exists()


def test_of_several_those_that_drifted_are_refused_and_the_others_decided(
    several: list[ChangeRequest], version: ModelVersion, ada: User, rita: User
) -> None:
    cards.write_card(version=version, sections={"limits": "none"}, by=ada.actor())
    said = together(rita, "approve", several)
    assert "Approved: 2" in said
    assert "Not approved: 1" in said
    assert not several[0].votes.exists()


def test_what_drifted_while_it_was_read_is_refused_and_the_difference_shown(
    asked: ChangeRequest, version: ModelVersion, ada: User, rita: User
) -> None:
    assert "This is no longer what was asked about" not in read(rita, "review", asked.pk)
    cards.write_card(version=version, sections={"limits": "none"}, by=ada.actor())
    form = {"decision": "approve", "seen": asked.evidence_digest, "comment": "I had read all of it."}
    answer = visitor(rita).post(reverse("review-vote", args=[asked.pk]), form)
    page = words(answer.content.decode())
    assert answer.status_code == 409
    assert "Your vote was not counted." in page
    assert "Its model card is at revision" in page
    assert not asked.votes.exists()
    asked.refresh_from_db()
    assert asked.state in (State.OPEN, State.STALE)


def test_what_is_late_is_overdue_and_what_ends_soon_is_due(asked: ChangeRequest, rita: User) -> None:
    def listed(tab: str) -> bool:
        return f'/admin/reviews/{asked.pk}/?tab={tab}"' in read(rita, "reviews", tab=tab)

    assert (listed("due"), listed("overdue"), listed("teams"), listed("waiting")) == (False, False, True, True)
    late(asked, expires_at=timezone.now() + timedelta(days=1))
    assert (listed("due"), listed("overdue")) == (True, False)
    late(asked, expires_at=timezone.now() - timedelta(minutes=1))
    assert (listed("due"), listed("overdue")) == (False, True)


@pytest.mark.parametrize(
    ("asking", "is_there"),
    [
        ({"state": "undecided"}, True),
        ({"state": "applied"}, False),
        ({"action": "registry.set_stage"}, True),
        ({"action": "registry.set_alias"}, False),
        ({"object": "CLASS"}, True),
        ({"object": "other"}, False),
        ({"requester": "ad"}, True),
        ({"requester": "bob"}, False),
        ({"team": "Risk"}, True),
        ({"team": "nobody"}, False),
        ({"object": "cl\0ass"}, True),
        ({"state": "x" * 5000, "team": "x" * 5000}, False),
    ],
)
def test_the_queue_is_narrowed(asked: ChangeRequest, rita: User, asking: dict[str, str], is_there: bool) -> None:
    page = read(rita, "reviews", tab="all", **asking)
    assert (f"/admin/reviews/{asked.pk}/" in page) == is_there


def test_what_waits_is_counted_in_the_navigation_and_on_home(asked: ChangeRequest, rita: User, ada: User) -> None:
    home = visitor(rita).get("/admin/").content.decode()
    assert f"Review: {asked.summary}" in home
    assert "What you asked for" in visitor(ada).get("/admin/").content.decode()
