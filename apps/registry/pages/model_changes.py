"""What the page of a model or prompt can change of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts import queries as accounts
from apps.accounts.granted_admin import reader
from apps.accounts.grants import level_named
from apps.accounts.models import Team, User
from apps.registry.pages.changing import asked, changed, model_address
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.queries.registered_models import get_model_by_id
from apps.registry.services import registered_models
from mlregistry.console.page import gone_to, page
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

POST = ("POST",)


@page(requires=Level.EDIT, methods=POST)
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    model, by = get_model_by_id(reader(request), pk, at_least=Level.EDIT), page_actor(request)

    def change() -> None:
        registered_models.describe_model(model=model, description=asked(request, "description"), by=by)

    return changed(request, model_address(model), change, said="The description is saved.")


@page(requires=Level.EDIT, methods=POST)
def set_tag(request: HttpRequest, pk: int) -> HttpResponse:
    model, by = get_model_by_id(reader(request), pk, at_least=Level.EDIT), page_actor(request)

    def change() -> None:
        key = asked(request, "key").strip()
        if not key:
            raise InvalidParameter("A tag needs a key.")
        registered_models.set_tag(model=model, key=key, value=asked(request, "value"), by=by)

    return changed(request, model_address(model), change, said="The tag is set.")


@page(requires=Level.EDIT, methods=POST)
def delete_tag(request: HttpRequest, pk: int) -> HttpResponse:
    model, by = get_model_by_id(reader(request), pk, at_least=Level.EDIT), page_actor(request)

    def change() -> None:
        registered_models.delete_tag(model=model, key=asked(request, "key"), by=by)

    return changed(request, model_address(model), change, said="The tag is removed.")


@page(requires=Level.EDIT, methods=POST)
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    model, by = get_model_by_id(reader(request), pk, at_least=Level.EDIT), page_actor(request)

    def change() -> None:
        registered_models.rename_model(model=model, name=asked(request, "name").strip(), by=by)

    return changed(request, model_address(model), change, said="It has its new name.")


@page(requires=Level.MANAGE, methods=POST)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the name was typed; what is deleted cannot be brought back."""
    model, by = get_model_by_id(reader(request), pk, at_least=Level.MANAGE), page_actor(request)
    if asked(request, "name").split() != model.name.split():  # a browser leaves line breaks out
        messages.error(request, "Nothing was deleted: what you typed is not its name.")
        return gone_to(request, model_address(model))
    kind, there = ("prompt", reverse("prompts")) if model.is_prompt else ("model", reverse("models"))

    def change() -> None:
        registered_models.delete_model(model=model, by=by)

    return changed(request, there, change, said=f"The {kind} is deleted.", or_else=model_address(model))


@page(requires=Level.MANAGE, methods=POST)
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give, or change what was given."""
    model, by = get_model_by_id(reader(request), pk, at_least=Level.MANAGE), page_actor(request)

    def change() -> None:
        holder, level = _holder(request), level_named(asked(request, "level"))
        MODEL_GRANTS.set(target=model, holder=holder, level=level, by=by)

    return changed(request, model_address(model), change, said="The permission is saved.")


@page(requires=Level.MANAGE, methods=POST)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    model, by = get_model_by_id(reader(request), pk, at_least=Level.MANAGE), page_actor(request)

    def change() -> None:
        holder = _holder(request)
        if MODEL_GRANTS.held(model, holder) is not None:
            MODEL_GRANTS.remove(target=model, holder=holder, by=by)

    return changed(request, model_address(model), change, said="The permission is taken back.")


def _holder(request: HttpRequest) -> User | Team:
    """Whom the form names; that there is nobody of that name is said beside it, and is no missing page."""
    name = asked(request, "holder").strip()
    try:
        return accounts.get_team(name) if request.POST.get("kind") == "team" else accounts.get_user(name)
    except NotFound:
        raise InvalidParameter(f"There is nobody called “{name[:100]}”.") from None
