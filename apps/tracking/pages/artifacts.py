"""The files of a run or of a logged model: the tree, what is in each, and all of a folder in one archive.

Their addresses are alike below `/admin/runs/<uuid>/` and `/admin/logged-models/<model_id>/`; `kind` says which.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from apps.accounts.granted_admin import reader
from apps.tracking.artifacts.downloads import file_response, shown_response
from apps.tracking.artifacts.paths import safe_file_path, safe_path
from apps.tracking.artifacts.places import Place, logged_model_place, run_place
from apps.tracking.artifacts.queries import list_below
from apps.tracking.artifacts.stores.base import Entry
from apps.tracking.artifacts.zips import files_below, zipped
from apps.tracking.models import LoggedModel, Run
from apps.tracking.pages import logged_models
from apps.tracking.pages.previews import preview_of
from apps.tracking.pages.run import frame
from apps.tracking.queries.run_page import models_of
from mlregistry.console.page import is_part, page, show
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level

Kind = Literal["run", "logged-model"]
MOST_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder of all the artifacts that one run or logged model has."""

    kind: Kind
    owner: Run | LoggedModel
    root: Place

    def address(self, what: str) -> str:
        owner = self.owner
        return reverse(f"{self.kind}-{what}", args=[owner.uuid if isinstance(owner, Run) else owner.model_id])

    @property
    def addresses(self) -> dict[str, str]:
        return {what: self.address(what) for what in ("artifacts", "file", "zip")}


@page(requires=Level.READ)
def artifacts(request: HttpRequest, owner_id: str, kind: Kind) -> HttpResponse:
    """The tab: the tree, open as far as `path`, and what is there. htmx asks for a folder or a preview alone."""
    shelf = _shelf(request, owner_id, kind)
    path = safe_path(request.GET.get("path", ""))
    context: dict[str, Any] = {"shelf": shelf, "addresses": shelf.addresses, "path": path}
    if is_part(request) and request.GET.get("part") == "folder":
        return show(request, "tracking/artifacts/folder.html", **context, **_folder(shelf, path))
    context |= _content(shelf, path)
    if is_part(request):
        return show(request, "tracking/artifacts/content.html", **context)
    owner = shelf.owner
    if isinstance(owner, Run):
        taken, made = models_of(reader(request), owner)
        context |= frame(owner, "artifacts") | {"models": [*made, *taken]}
    else:
        context |= logged_models.frame(owner, "artifacts")
    return show(request, f"tracking/{kind.replace('-', '_')}/artifacts.html", tree=_tree(shelf, path), **context)


@page(requires=Level.READ)
def file(request: HttpRequest, owner_id: str, kind: Kind) -> HttpResponseBase:
    """One file, to keep; with `show`, for a frame or an image of our pages."""
    path = safe_file_path(request.GET.get("path", ""))
    place = _shelf(request, owner_id, kind).root.below(path)
    return (shown_response if "show" in request.GET else file_response)(request, place)


@page(requires=Level.READ)
def archive(request: HttpRequest, owner_id: str, kind: Kind) -> HttpResponseBase:
    """A folder as one archive."""
    shelf = _shelf(request, owner_id, kind)
    path = safe_path(request.GET.get("path", ""))
    files = files_below(shelf.root, path)
    if not files:
        raise NotFound("There are no files here.")
    name = path.rsplit("/", 1)[-1] or ("artifacts" if kind == "run" else "model")
    body = zipped(shelf.root, path, files) if request.method == "GET" else ()
    response = StreamingHttpResponse(body, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.zip") or ""
    return response


def _shelf(request: HttpRequest, owner_id: str, kind: Kind) -> Shelf:
    find = run_place if kind == "run" else logged_model_place
    root, owner = find(reader(request), owner_id.replace("\0", ""), at_least=Level.READ)
    return Shelf(kind, owner, root)


def _folder(shelf: Shelf, path: str) -> dict[str, Any]:
    entries = sorted(list_below(shelf.root, path), key=lambda entry: (not entry.is_dir, entry.path))
    return {
        "entries": [_named(entry) for entry in entries[:MOST_ENTRIES]],
        "left_out": max(0, len(entries) - MOST_ENTRIES),
        "size": sum(entry.size or 0 for entry in entries),
    }


def _named(entry: Entry) -> dict[str, Any]:
    return {"path": entry.path, "name": entry.path.rsplit("/", 1)[-1], "is_dir": entry.is_dir, "size": entry.size}


def _content(shelf: Shelf, path: str) -> dict[str, Any]:
    """The preview of a file, or what lies in a folder."""
    place = shelf.root.below(path)
    if path:
        try:
            opened = place.store.open(place.path)
        except (NotFound, InvalidParameter):
            opened = None
        if opened is not None:
            try:
                return {"preview": preview_of(path, opened), "stored": opened.stored}
            finally:
                opened.close()
    folder = _folder(shelf, path)
    if path and not folder["entries"]:
        raise NotFound("There is no such file or folder.")
    return {"folder": folder}


def _tree(shelf: Shelf, path: str) -> dict[str, Any]:
    """The root's entries, with those of every folder on the way to `path` in theirs."""
    names = path.split("/") if path else []
    whole = _folder(shelf, "")
    level = whole
    for depth in range(1, len(names) + 1):
        above = "/".join(names[:depth])
        entry = next((found for found in level["entries"] if found["path"] == above and found["is_dir"]), None)
        if entry is None:
            break
        level = entry["below"] = _folder(shelf, above)
    return whole
