"""What can be changed on the page of a run. Everything goes through the services that the wire uses."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.tracking.pages.run import NOTE_TAG, get_page_run, tag_lists
from apps.tracking.queries.run_page import tags_of
from apps.tracking.queries.runs import RunRow, run_row, run_to_write
from apps.tracking.services import run_data, runs
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

POST = ("POST",)


@page(requires=Level.EDIT, methods=POST)
def set_tag(request: HttpRequest, uuid: str) -> HttpResponse:
    key = _given(request, "key").strip()
    if not key:
        raise InvalidParameter("A tag needs a key.")
    run_data.set_tag(run=_row(request, uuid), key=key, value=_given(request, "value"))
    return _tags(request, uuid, said="The tag is set.")


@page(requires=Level.EDIT, methods=POST)
def delete_tag(request: HttpRequest, uuid: str) -> HttpResponse:
    run_data.delete_tag(run=_row(request, uuid), key=_given(request, "key"))
    return _tags(request, uuid, said="The tag is gone.")


@page(requires=Level.EDIT, methods=POST)
def describe(request: HttpRequest, uuid: str) -> HttpResponse:
    run_data.set_tag(run=_row(request, uuid), key=NOTE_TAG, value=_given(request, "note").strip())
    return gone_to(request, _address(uuid), said="The description is saved.")


@page(requires=Level.EDIT, methods=POST)
def rename(request: HttpRequest, uuid: str) -> HttpResponse:
    name = _given(request, "name").strip()
    if not name:
        raise InvalidParameter("A run needs a name.")
    runs.update_run(run=_row(request, uuid), status=None, end_time=None, name=name)
    return gone_to(request, _address(uuid), said="The run has a new name.")


@page(requires=Level.MANAGE, methods=POST)
def delete(request: HttpRequest, uuid: str) -> HttpResponse:
    runs.delete_run(run=run_row(reader(request), uuid, at_least=Level.MANAGE), by=page_actor(request))
    return gone_to(request, _address(uuid), said="The run is deleted. It can be restored until gc removes it.")


@page(requires=Level.MANAGE, methods=POST)
def restore(request: HttpRequest, uuid: str) -> HttpResponse:
    runs.restore_run(run=run_row(reader(request), uuid, at_least=Level.MANAGE), by=page_actor(request))
    return gone_to(request, _address(uuid), said="The run is restored.")


def _row(request: HttpRequest, uuid: str) -> RunRow:
    return run_to_write(reader(request), uuid.replace("\0", ""))


def _given(request: HttpRequest, field: str) -> str:
    return request.POST.get(field, "").replace("\0", "").replace("\r\n", "\n")


def _address(uuid: str) -> str:
    return reverse("run", args=[uuid])


def _tags(request: HttpRequest, uuid: str, *, said: str) -> HttpResponse:
    """The list of tags, for htmx; else the page again."""
    if not is_part(request):
        return gone_to(request, _address(uuid), said=said)
    run = get_page_run(request, uuid, at_least=Level.EDIT)
    return show(request, "tracking/run/tags.html", run=run, may_edit=True, **tag_lists(tags_of(run)))
