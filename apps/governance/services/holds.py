"""Legal holds: forbidding that something is deleted, and lifting that again."""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from apps.accounts import permissions
from apps.audit import services as audit
from apps.governance.models import LegalHold
from mlregistry.actor import Actor
from mlregistry.errors import BadRequest, InvalidParameter

LONGEST = 256

_followers: list[Callable[[LegalHold], None]] = []


def add_follower(follow: Callable[[LegalHold], None]) -> None:
    """For the app that has the objects: told of each hold, in the transaction that places or lifts it."""
    if follow not in _followers:
        _followers.append(follow)


@transaction.atomic
def place_hold(*, object_name: str, reason: str, by: Actor, subject: str = "") -> LegalHold:
    """Keep everything whose name fits `object_name` (a name, or a pattern) from being deleted or renamed."""
    permissions.require_admin(by)
    if not object_name.strip() or len(object_name) > LONGEST:
        raise InvalidParameter(f"A hold names a model, or a pattern of names, in 1 to {LONGEST} characters.")
    if not reason.strip():
        raise InvalidParameter("A legal hold takes a reason: the case that it is for.")
    if subject and not subject.isdecimal():
        raise InvalidParameter(f"A version is named by its number, not '{subject}'.")
    hold = LegalHold.objects.create(
        object_name=object_name.strip(),
        subject=subject,
        reason=reason,
        placed_by=by.username,
        placed_at=timezone.now(),
    )
    _follow(hold)
    audit.record("governance.hold.place", target=hold, by=by, reason=reason)
    return hold


@transaction.atomic
def lift_hold(*, hold: LegalHold, reason: str, by: Actor) -> None:
    permissions.require_admin(by)
    if not reason.strip():
        raise InvalidParameter("Lifting a legal hold takes a reason.")
    hold = LegalHold.objects.select_for_update(no_key=True).get(pk=hold.pk)
    if hold.lifted_at is not None:
        raise BadRequest(f"The hold on {hold} was lifted already, by {hold.lifted_by}.")
    hold.lifted_at, hold.lifted_by, hold.lifted_because = timezone.now(), by.username, reason
    hold.save(update_fields=["lifted_at", "lifted_by", "lifted_because"])
    _follow(hold)
    audit.record("governance.hold.lift", target=hold, by=by, reason=reason)


def _follow(hold: LegalHold) -> None:
    for follow in _followers:
        follow(hold)
