"""What apps bring to the pages that all of them share.

An app adds its parts while Django starts (its `pages/__init__.py`), so the shell knows no app, and an app below never
imports one above it to show something of it:

    add_section(Section("Models", "models", order=20))
    add_search("Models", search_models)
    add_panel("run", versions_of_run)
    add_needs(reviews_that_wait_for)
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

URGENCY = ("bad", "warn", "live", "plain")
HIDDEN_PANELS = "home.hidden"
"""Under what the pages remember which panels of home a person does not want to see."""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation. `prefixes` are the names of the pages that lie below it."""

    title: str
    page: str
    """The name of the page it leads to."""
    order: int
    below: tuple[str, ...] = ()
    """How the paths of its pages begin."""
    count: Callable[[HttpRequest], int] | None = None
    """What waits there for whoever looks; nothing is shown for none."""
    administrators_only: bool = False

    @property
    def address(self) -> str:
        return reverse(self.page)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search found."""

    title: str
    address: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a page that an app brings to it."""

    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 100
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for whoever looks: the first thing that home says."""

    words: str
    address: str
    about: str = ""
    tone: str = "warn"
    """How urgent it is, see `URGENCY`."""


Search = Callable[[HttpRequest, str], Iterable[Hit]]
"""The first few things of one kind that whoever asks may see, by name, tag or id."""
MakePanel = Callable[..., Panel | None]
"""Takes the request and what the page is about; None where there is nothing to show."""
FindNeeds = Callable[[HttpRequest], Iterable[Need]]
"""The few things of one kind that wait for whoever asks, the most urgent first."""

_sections: dict[str, Section] = {}
_searches: dict[str, tuple[int, Search]] = {}
_panels: dict[str, dict[str, MakePanel]] = {}
_needs: list[FindNeeds] = []


def add_section(section: Section) -> None:
    _sections[section.page] = section


def add_search(kind: str, search: Search, *, order: int = 0) -> None:
    """What has a higher `order` is listed further down: people look for things before they look for talk about them."""
    _searches[kind] = order, search


def add_panel(place: str, make: MakePanel) -> None:
    """`place` names the page: "home", "run", … The name of the function is what people choose the panel by."""
    _panels.setdefault(place, {})[make.__name__] = make


def add_needs(find: FindNeeds) -> None:
    if find not in _needs:
        _needs.append(find)


def sections(request: HttpRequest) -> list[Section]:
    is_administrator = bool(getattr(request.user, "is_superuser", False))
    shown = [section for section in _sections.values() if is_administrator or not section.administrators_only]
    return sorted(shown, key=lambda section: section.order)


def found(request: HttpRequest, words: str) -> list[tuple[str, list[Hit]]]:
    """What matches `words`, kind by kind, without the kinds of which nothing does."""
    searches = sorted(_searches.items(), key=lambda item: item[1][0])
    groups = [(kind, list(search(request, words))) for kind, (_, search) in searches]
    return [(kind, hits) for kind, hits in groups if hits]


def panels(place: str, request: HttpRequest, *about: Any, without: Container[str] = ()) -> list[Panel]:
    """The panels of a page; those whose names are in `without` are not even made."""
    made = (make(request, *about) for name, make in _panels.get(place, {}).items() if name not in without)
    return sorted((panel for panel in made if panel), key=lambda panel: panel.order)


def panel_names(place: str) -> list[str]:
    """By what names the panels of a page can be chosen, whether or not there is something to show in them now."""
    return list(_panels.get(place, {}))


def needs(request: HttpRequest) -> list[Need]:
    """The most urgent first."""
    found = [need for find in _needs for need in find(request)]
    return sorted(found, key=lambda need: URGENCY.index(need.tone))
