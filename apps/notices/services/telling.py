"""From what happens to a request to notices: rows, made in the transaction of what they tell, and sent after it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.governance.announcing import Event
from apps.governance.choices import Kind
from apps.governance.models import ChangeRequest
from apps.governance.services.opening import path_of
from apps.notices import wording
from apps.notices.choices import SUBJECTS, Channel, Way
from apps.notices.models import Delivery, Notice
from apps.notices.queries.preferences import ways_of
from apps.notices.queries.recipients import recipients
from apps.notices.services import sending

_ASKING = (Event.NEEDS_YOU, Event.BREAK_GLASS, Event.EXPIRING)
"""What asks for a vote, and asks for nothing any more once the request has ended."""


def tell(event: Event, request: ChangeRequest, details: dict[str, Any]) -> None:
    """Tell everybody concerned who was not told yet; a listener of `governance.announcing`."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{event} must be told in the transaction of what it tells")
    if event in (Event.DECIDED, Event.STALE):
        _settle(request)
    # Breaking glass is a request, applied at once, and its ratification: people are told once, of the latter.
    if event not in SUBJECTS or request.kind == Kind.BREAK_GLASS:
        return
    distinct = wording.distinct_of(event, request, details)
    told = _told(event, request, distinct)
    if told and event is Event.EXPIRING:  # said every minute until it ends
        return
    people = recipients(event, request, details)
    if event is Event.NEEDS_YOU:
        _needs_no_more(request, {user.pk for user in people})
    ways = ways_of(people, event)
    wanted: dict[int | None, frozenset[Way]] = {pk: chosen for pk, chosen in ways.items() if chosen and pk not in told}
    if settings.MLREGISTRY_SLACK_WEBHOOK and SUBJECTS[event].is_shared and None not in told:
        wanted[None] = frozenset()
    if wanted:
        _write(event, request, details, wanted, emails={user.pk for user in people if user.email})


def _write(
    event: Event,
    request: ChangeRequest,
    details: dict[str, Any],
    wanted: Mapping[int | None, frozenset[Way]],
    *,
    emails: set[int],
) -> None:
    """Of two who tell the same at once, the constraints let one write each row."""
    now, distinct = timezone.now(), wording.distinct_of(event, request, details)
    Notice.objects.bulk_create(
        (
            Notice(
                person_id=person,
                event=event.value,
                request=request,
                distinct=distinct,
                sentence=wording.sentence_of(event, request, details),
                detail=wording.detail_of(event, request, details),
                address=f"{path_of(request)}{wording.fragment_of(event)}",
                is_shown=Way.APP in ways,
                made_at=now,
            )
            for person, ways in wanted.items()
        ),
        ignore_conflicts=True,
    )
    made = Notice.objects.filter(request=request, event=event.value, distinct=distinct).order_by("pk")
    outgoing = [
        Delivery(notice_id=pk, channel=Channel.CHAT if person is None else Channel.EMAIL, due_at=now)
        for pk, person in made.values_list("pk", "person_id")
        if person in wanted and (person is None or (person in emails and Way.EMAIL in wanted[person]))
    ]
    if outgoing:
        Delivery.objects.bulk_create(outgoing, ignore_conflicts=True)
        # Robust: what happened has happened, whatever becomes of this; the workers' clock looks for what is due.
        transaction.on_commit(sending.wake, robust=True)


def _told(event: Event, request: ChangeRequest, distinct: str) -> set[int | None]:
    """Whom that has been said to already; who knows of a broken glass knows that it needs them."""
    said: Iterable[str] = [event.value]
    if event is Event.NEEDS_YOU:
        said = [Event.NEEDS_YOU.value, Event.BREAK_GLASS.value]
    known = Notice.objects.filter(request=request, event__in=said, distinct=distinct)
    return set(known.values_list("person_id", flat=True))


def _settle(request: ChangeRequest) -> None:
    """A request that has ended waits for nobody."""
    asking = Notice.objects.filter(request=request, event__in=[event.value for event in _ASKING], read_at=None)
    asking.update(read_at=timezone.now())


def _needs_no_more(request: ChangeRequest, needed: set[int]) -> None:
    """What says that it needs somebody is done with once it does not."""
    asking = Notice.objects.filter(request=request, event=Event.NEEDS_YOU.value, read_at=None)
    asking.exclude(person__in=needed).update(read_at=timezone.now())
