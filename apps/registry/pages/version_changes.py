"""What the page of a version can change of it."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.services import voting
from apps.registry.choices import ContentState
from apps.registry.models import ModelVersion
from apps.registry.pages.changing import asked, changed, version_address
from apps.registry.queries.transitions import comment_on_a_version
from apps.registry.queries.versions import get_version_of
from apps.registry.services import transitions, versions
from apps.registry.services.inspection import request_inspection
from apps.registry.services.verification import verify_content
from mlregistry.console.page import page
from mlregistry.errors import InvalidParameter, InvalidState, NotFound
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

POST = ("POST",)


def _version(request: HttpRequest, pk: int, number: int, level: Level) -> ModelVersion:
    return get_version_of(reader(request), pk, number, at_least=level)


@page(requires=Level.EDIT, methods=POST)
def describe(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.EDIT), page_actor(request)

    def change() -> None:
        versions.describe_version(version=found, description=asked(request, "description"), by=by)

    return changed(request, version_address(found), change, said="The description is saved.")


@page(requires=Level.EDIT, methods=POST)
def set_stage(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.EDIT), page_actor(request)
    stage, archive = asked(request, "stage"), "archive_existing" in request.POST

    def change() -> None:
        versions.set_stage(version=found, stage=stage, archive_existing=archive, by=by)

    return changed(request, version_address(found), change, said=f"Version {number} is in {stage} now.")


@page(requires=Level.EDIT, methods=POST)
def set_alias(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.EDIT), page_actor(request)

    def change() -> None:
        alias = asked(request, "alias").strip()
        if not alias:
            raise InvalidParameter("An alias needs a name.")
        versions.set_alias(version=found, alias=alias, by=by)

    return changed(request, version_address(found), change, said="The alias points at this version now.")


@page(requires=Level.MANAGE, methods=POST)
def delete_alias(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Only one of this version: the form may be older than the alias."""
    found, by = _version(request, pk, number, Level.MANAGE), page_actor(request)

    def change() -> None:
        alias = asked(request, "alias")
        if found.aliases.filter(name=alias).exists():
            versions.delete_alias(model=found.model, alias=alias, by=by)

    return changed(request, version_address(found), change, said="The alias is removed.")


@page(requires=Level.EDIT, methods=POST)
def set_tag(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.EDIT), page_actor(request)

    def change() -> None:
        key = asked(request, "key").strip()
        if not key:
            raise InvalidParameter("A tag needs a key.")
        versions.set_tag(version=found, key=key, value=asked(request, "value"), by=by)

    return changed(request, version_address(found), change, said="The tag is set.")


@page(requires=Level.MANAGE, methods=POST)
def delete_tag(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.MANAGE), page_actor(request)

    def change() -> None:
        versions.delete_tag(version=found, key=asked(request, "key"), by=by)

    return changed(request, version_address(found), change, said="The tag is removed.")


@page(requires=Level.READ, methods=POST)
def comment(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.READ), page_actor(request)

    def change() -> None:
        transitions.comment_on(version=found, text=asked(request, "text"), by=by)

    return changed(request, f"{version_address(found)}#comments", change, said="Your comment is there.")


@page(requires=Level.READ, methods=POST)
def edit_comment(request: HttpRequest, pk: int, number: int, comment_pk: int) -> HttpResponse:
    """Its author's alone; with `delete`, it is blanked."""
    found, by = _version(request, pk, number, Level.READ), page_actor(request)
    own = comment_on_a_version(reader(request), str(comment_pk))
    if own.subject_id != found.pk:
        raise NotFound(f"There is no comment {comment_pk} about {found}.")

    def change() -> None:
        if "delete" in request.POST:
            voting.delete_comment(comment=own, by=by)
        else:
            voting.edit_comment(comment=own, text=asked(request, "text"), by=by)

    said = "The comment is deleted." if "delete" in request.POST else "The comment is changed."
    return changed(request, f"{version_address(found)}#comments", change, said=said)


@page(requires=Level.EDIT, methods=POST)
def verify(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found = _version(request, pk, number, Level.EDIT)

    def change() -> None:
        content = verify_content(version=found)
        if content.state != ContentState.SEALED:
            raise InvalidState(f"This is not what was registered: {content.message}")

    said = "Verified: its files are those that were registered."
    return changed(request, version_address(found), change, said=said)


@page(requires=Level.EDIT, methods=POST)
def scan_again(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.EDIT), page_actor(request)

    def change() -> None:
        request_inspection(version_pk=found.pk, by=by, anew=True)

    said = "It will be scanned as soon as a worker is free."
    return changed(request, version_address(found), change, said=said)


@page(requires=Level.MANAGE, methods=POST)
def delete(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    found, by = _version(request, pk, number, Level.MANAGE), page_actor(request)

    def change() -> None:
        versions.delete_version(version=found, by=by)

    said = f"Version {number} is deleted; its number will not be given again."
    return changed(request, reverse("model", args=[pk]), change, said=said, or_else=version_address(found))
