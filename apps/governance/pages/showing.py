"""What the pages of governance show alike."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.actions import every_action
from apps.governance.models import ChangeRequest
from apps.governance.queries.waiting import waiting_for

_KEPT = "_change_requests_waiting"


def waiting_on(request: HttpRequest) -> list[ChangeRequest]:
    """What waits for whoever looks; read once for a page, whose navigation counts it too."""
    if not hasattr(request, _KEPT):
        setattr(request, _KEPT, waiting_for(reader(request)))
    found: list[ChangeRequest] = getattr(request, _KEPT)
    return found


def review_address(found: ChangeRequest) -> str:
    return reverse("review", args=[found.pk])


def action_words() -> list[tuple[str, str]]:
    """Every action, with words for it: ("registry.set_stage", "set stage")."""
    return [(action.name, word_of(action.name)) for action in every_action()]


def word_of(action: str) -> str:
    return action.rpartition(".")[2].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    address: str
    is_current: bool
    count: int = 0


def field_of(request: HttpRequest, name: str, longest: int = 200) -> str:
    """A field of the address, as it can be looked for."""
    return request.GET.get(name, "").replace("\0", "").strip()[:longest]


def asked(request: HttpRequest, field: str) -> str:
    """A field of the form as services take it: with the lines' ends that everybody but browsers writes."""
    return request.POST.get(field, "").replace("\r\n", "\n").replace("\0", "")


def sections(current: str, *, is_administrator: bool) -> list[Tab]:
    """The pages of governance, above each of them."""
    places = [("Change requests", "reviews"), ("Policies", "policies"), ("Reports", "reports")]
    if is_administrator:
        places.append(("Legal holds", "holds"))
    return [Tab(title, reverse(name), name == current) for title, name in places]


def crumbs(*more: tuple[str, str]) -> list[Any]:
    return [(reverse("reviews"), "Reviews"), *more]
