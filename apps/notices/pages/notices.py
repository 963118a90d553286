"""What somebody has been told: the bell of every page, and the list behind it."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.preferences import rows_per_page
from apps.notices.choices import EVENTS
from apps.notices.models import Notice
from apps.notices.queries.notices import get_notice, notices_of, unread
from apps.notices.services import reading
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.levels import Access
from mlregistry.wire.keyset import Term, fetch_page

_READ = Case(When(read_at__isnull=True, then=Value(0)), default=Value(1), output_field=IntegerField())
UNREAD_FIRST = (Term(_READ, int), Term("pk", int, ascending=False))
UNREAD = "unread"
MOST_COUNTED = 99


@page(requires=Access.SIGNED_IN)
def notices(request: HttpRequest) -> HttpResponse:
    user = reader(request)
    which, event = _asked(request.GET)
    found = fetch_page(
        _of(request, which, event).select_related("request"),
        terms=UNREAD_FIRST,
        limit=rows_per_page(user),
        token=request.GET.get("page", ""),
        question=["notices", which, event],
    )
    count = unread(user).count()
    return show(
        request,
        "notices/notices.html",
        title="Notices",
        notices=found.rows,
        next=found.next_page_token,
        which=which,
        event=event,
        events=EVENTS,
        unread=count,
        is_any_there=bool(found.rows) or notices_of(user).exists(),
    )


@page(requires=Access.SIGNED_IN)
def bell(request: HttpRequest) -> HttpResponse:
    """How many are unread; every page asks for it once it is there, and waits for nothing."""
    some = unread(reader(request)).values("pk")[: MOST_COUNTED + 1]
    return show(request, "notices/bell.html", count=some.count(), most=MOST_COUNTED)


@page(requires=Access.SIGNED_IN, methods=("POST",))
def read(request: HttpRequest, pk: int) -> HttpResponse:
    notice = reading.mark_read(notice=get_notice(reader(request), pk))
    if not is_part(request):
        return gone_to(request, _back(request))
    answer = show(request, "notices/row.html", each=notice)
    answer["HX-Trigger"] = "notices-read"
    return answer


@page(requires=Access.SIGNED_IN, methods=("POST",))
def read_all(request: HttpRequest) -> HttpResponse:
    """All of what the list was narrowed to."""
    _, event = _asked(request.POST)
    count = reading.mark_all_read(user=reader(request), among=_of(request, UNREAD, event))
    return gone_to(request, _back(request), said=f"{count} marked as read." if count else "Nothing was unread.")


def _of(request: HttpRequest, which: str, event: str) -> QuerySet[Notice]:
    found = notices_of(reader(request)) if which != UNREAD else unread(reader(request))
    return found.filter(event=event) if event else found


def _asked(given: Any) -> tuple[str, str]:
    """What the list is narrowed to, where that is something there is."""
    event = given.get("event", "")
    return UNREAD if given.get("which") == UNREAD else "", event if event in dict(EVENTS) else ""


def _back(request: HttpRequest) -> str:
    which, event = _asked(request.POST)
    narrowed = urlencode({name: value for name, value in (("which", which), ("event", event)) if value})
    return f"{reverse('notices')}{'?' if narrowed else ''}{narrowed}"
