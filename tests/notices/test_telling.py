"""Who is told of what, once, in the transaction of what it tells."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Team, User
from apps.accounts.services import teams
from apps.governance import announcing
from apps.governance.actions import proposal_of
from apps.governance.announcing import Event
from apps.governance.models import ChangeRequest, PolicyRevision
from apps.governance.services import sweeping, voting
from apps.governance.services.break_glass import break_glass
from apps.governance.services.revalidating import revalidate
from apps.notices.choices import Way
from apps.notices.models import Delivery, Notice
from apps.notices.services import preferences
from apps.registry.models import ModelVersion
from mlregistry.levels import Level
from tests.governance.making import approve, ask, make_policy, make_team, reject
from tests.governance.test_exceptions import late
from tests.registry.making import give

pytestmark = pytest.mark.django_db


def told(event: Event, request: ChangeRequest | None = None) -> list[str]:
    """Who was told of it, in order."""
    found = Notice.objects.filter(event=event.value, person__isnull=False).order_by("person__username")
    return list((found.filter(request=request) if request else found).values_list("person__username", flat=True))


def unread(user: User, event: Event) -> int:
    return Notice.objects.filter(person=user, event=event.value, read_at=None).count()


def test_those_who_can_vote_are_told_that_they_are_needed_and_nobody_else(
    ada: User, rita: User, version: ModelVersion, policy: PolicyRevision
) -> None:
    request = ask(ada, version)
    assert told(Event.NEEDS_YOU) == ["ivan", "rita"]
    notice = Notice.objects.get(person=rita)
    assert notice.sentence == f"Needs your vote: {request.summary}"
    assert notice.address == f"/admin/reviews/{request.pk}/"


def test_whoever_had_a_hand_in_it_is_told_that_it_is_asked_for(
    ada: User, bob: User, version: ModelVersion, policy: PolicyRevision
) -> None:
    ask(ada, version)
    assert told(Event.OPENED) == ["bob"]


def test_without_a_team_those_who_manage_the_model_are_needed(
    bob: User, rita: User, version: ModelVersion, root: User
) -> None:
    make_policy(root, approvals=1)
    give(rita, version.model, Level.MANAGE)
    ask(bob, version)
    assert told(Event.NEEDS_YOU) == ["ada", "rita"]  # who wrote the policy does not vote


def test_whom_it_no_longer_needs_has_nothing_unread_about_it(
    ada: User, rita: User, ivan: User, version: ModelVersion, root: User
) -> None:
    second = User.objects.create_user("rosa", is_staff=True)
    make_team("Risk", rita, second, by=root)
    make_team("IT", ivan, by=root)
    make_policy(root, slots={"Risk": 1, "IT": 1})
    request = ask(ada, version)
    assert told(Event.NEEDS_YOU) == ["ivan", "rita", "rosa"]
    approve(request, rita)
    assert [unread(user, Event.NEEDS_YOU) for user in (ivan, rita, second)] == [1, 0, 0]


def test_the_requester_and_who_voted_are_told_what_was_decided_but_not_who_did_it(
    ada: User, rita: User, ivan: User, version: ModelVersion, policy: PolicyRevision
) -> None:
    request = ask(ada, version)
    approve(request, rita)
    assert told(Event.DECIDED) == []
    approve(request, ivan)
    assert told(Event.DECIDED) == ["ada", "rita"]
    assert Notice.objects.get(person=ada).sentence == f"Done: {request.summary}"


def test_a_rejection_says_by_whom_and_why(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> None:
    request = ask(ada, version)
    reject(request, rita, "not on that data")
    notice = Notice.objects.get(person=ada)
    assert (notice.sentence, notice.detail) == (f"Rejected by rita: {request.summary}", "not on that data")


def test_who_may_not_read_the_model_is_told_nothing(
    ada: User, bob: User, version: ModelVersion, one: PolicyRevision
) -> None:
    request = ask(ada, version)
    give(bob, version.model, Level.NO_PERMISSIONS)
    voting.add_comment(request=request, text="@bob, @rita: look", by=ada.actor())
    assert told(Event.MENTIONED) == ["rita"]


def test_whose_account_is_off_is_told_nothing(
    ada: User, bob: User, rita: User, version: ModelVersion, one: PolicyRevision
) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    User.objects.filter(pk=rita.pk).update(is_active=False)
    ask(ada, version)
    assert not Notice.objects.exists()


def test_the_owner_of_a_program_is_told_what_it_asked_for(
    ada: User, rita: User, version: ModelVersion, one: PolicyRevision
) -> None:
    robot = User.objects.create_user("robot", kind="service_account", owner=ada)
    give(robot, version.model, Level.EDIT)
    request = ask(robot, version)
    assert "ada" in told(Event.OPENED)
    reject(request, rita)
    assert told(Event.DECIDED) == ["ada"]


def test_nothing_is_left_of_what_was_rolled_back(
    ada: User, rita: User, version: ModelVersion, one: PolicyRevision, django_capture_on_commit_callbacks: Any
) -> None:
    rita.email = "rita@example.org"
    rita.save()
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        ask(ada, version)
        assert Delivery.objects.exists()
        transaction.set_rollback(True)
    assert callbacks == []
    assert not Notice.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_telling_outside_of_a_transaction_is_refused(ada: User, version: ModelVersion, one: PolicyRevision) -> None:
    request = ask(ada, version)
    assert not connection.in_atomic_block
    with pytest.raises(transaction.TransactionManagementError):
        announcing.announce(Event.STALE, request)


def test_nobody_is_told_twice(ada: User, version: ModelVersion, policy: PolicyRevision) -> None:
    request = ask(ada, version)
    for _ in range(3):
        announcing.announce(Event.NEEDS_YOU, request)
        sweeping.sweep()
    assert told(Event.NEEDS_YOU) == ["ivan", "rita"]


def test_who_joins_the_team_later_is_told(ada: User, version: ModelVersion, one: PolicyRevision, root: User) -> None:
    ask(ada, version)
    late = User.objects.create_user("late", is_staff=True)
    teams.add_member(team=Team.objects.get(name="Risk"), user=late, by=root.actor())
    sweeping.sweep()
    assert told(Event.NEEDS_YOU) == ["late", "rita"]


def test_what_ends_within_a_day_is_said_once(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> None:
    request = ask(ada, version)
    sweeping.sweep()
    assert told(Event.EXPIRING) == []
    late(request, expires_at=timezone.now() + timedelta(hours=5))
    sweeping.sweep()
    sweeping.sweep()
    assert told(Event.EXPIRING) == ["ada", "rita"]


def test_comments_are_told_to_who_takes_part_and_mentions_to_who_is_named(
    ada: User, bob: User, rita: User, version: ModelVersion, one: PolicyRevision
) -> None:
    request = ask(ada, version)
    comment = voting.add_comment(request=request, text="what of the drift, @bob?", by=rita.actor())
    assert (told(Event.COMMENTED), told(Event.MENTIONED)) == (["ada"], ["bob"])
    assert Notice.objects.get(event="mentioned").address == f"/admin/reviews/{request.pk}/#comments"
    voting.edit_comment(comment=comment, text="what of the drift, @bob and @ada?", by=rita.actor())
    assert told(Event.MENTIONED) == ["ada", "bob"]


def test_breaking_glass_is_told_once_to_everybody_it_concerns(
    ada: User, bob: User, rita: User, version: ModelVersion, root: User
) -> None:
    make_team("Risk", rita, by=root)
    make_team("On-call", ada, by=root)
    make_policy(root, slots={"Risk": 1}, break_glass=["On-call"])
    request = ask(ada, version)
    break_glass_of(request, ada)
    assert told(Event.BREAK_GLASS) == ["bob", "rita", "root"]
    ratification = ChangeRequest.objects.get(kind="ratification")
    sweeping.sweep()
    assert told(Event.NEEDS_YOU, ratification) == []
    assert not Notice.objects.filter(request__kind="break_glass").exists()


def break_glass_of(request: ChangeRequest, user: User) -> ChangeRequest:
    return break_glass(proposal=proposal_of(request), user=user, reason="the model is down", by=user.actor())


def test_revalidation_is_said_at_30_and_7_days_and_at_1_each_once(
    ada: User, rita: User, version: ModelVersion, root: User, risk: Any
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=90)
    request = approve(ask(ada, version), rita)
    for left, said in ((60, []), (29, ["30"]), (29, ["30"]), (6, ["30", "7"]), (0.5, ["30", "7", "1"])):
        until = timezone.now() + timedelta(days=left)
        late(request, valid_until=until, ended_at=until - timedelta(days=90))
        sweeping.sweep()
        notices = Notice.objects.filter(event="revalidation_due", person=ada).order_by("pk")
        assert list(notices.values_list("distinct", flat=True)) == said
    assert set(told(Event.REVALIDATION_DUE)) == {"ada", "bob", "rita"}
    assert "tomorrow" in notices.last().sentence


def test_what_was_approved_for_a_week_is_not_said_to_end_within_a_month(
    ada: User, rita: User, version: ModelVersion, root: User, risk: Any
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=7)
    approve(ask(ada, version), rita)
    sweeping.sweep()
    assert told(Event.REVALIDATION_DUE) == []


def test_where_everybody_concerned_has_left_administrators_are_told(
    ada: User, rita: User, version: ModelVersion, root: User, risk: Any
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=90)
    request = approve(ask(ada, version), rita)
    User.objects.filter(username__in=["ada", "bob", "rita"]).update(is_active=False)
    until = timezone.now() + timedelta(days=3)
    late(request, valid_until=until, ended_at=until - timedelta(days=90))
    sweeping.sweep()
    assert told(Event.REVALIDATION_DUE) == ["root"]


def test_what_is_not_wanted_is_not_told(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> None:
    rita.email = "rita@example.org"
    rita.save()
    preferences.choose(user=rita, chosen={Event.NEEDS_YOU: []})
    ask(ada, version)
    assert told(Event.NEEDS_YOU) == []


def test_by_mail_alone_is_not_shown_here(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> None:
    rita.email = "rita@example.org"
    rita.save()
    preferences.choose(user=rita, chosen={Event.NEEDS_YOU: [Way.EMAIL]})
    ask(ada, version)
    delivery = Delivery.objects.get()
    assert (delivery.notice.person, delivery.notice.is_shown, delivery.channel) == (rita, False, "email")


def test_without_address_nothing_is_mailed(ada: User, rita: User, version: ModelVersion, one: PolicyRevision) -> None:
    ask(ada, version)
    assert unread(rita, Event.NEEDS_YOU) == 1
    assert not Delivery.objects.exists()


def test_the_shared_channel_is_told_once_and_only_where_there_is_one(
    ada: User, rita: User, version: ModelVersion, one: PolicyRevision, settings: Any
) -> None:
    settings.MLREGISTRY_SLACK_WEBHOOK = "https://hooks.example.com/secret"
    request = ask(ada, version)
    reject(request, rita)
    assert list(Notice.objects.filter(person=None).order_by("pk").values_list("event", flat=True)) == [
        "opened",
        "decided",
    ]
    assert Delivery.objects.filter(channel="chat").count() == 2


def test_asking_again_for_what_runs_out_is_told_like_any_request(
    ada: User, rita: User, version: ModelVersion, root: User, risk: Any
) -> None:
    make_policy(root, slots={"Risk": 1}, holds_for_days=90)
    request = approve(ask(ada, version), rita)
    again = revalidate(request=request, reason="still good", by=ada.actor())
    assert told(Event.NEEDS_YOU, again) == ["rita"]
