"""What a table of runs is set up with: its columns, the keys that a filter can name, and views kept under a name."""

from dataclasses import replace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.preferences import remember
from apps.tracking import limits
from apps.tracking.choices import RunStatus
from apps.tracking.columns import ATTRIBUTES, DURATION, Column, columns_of
from apps.tracking.models import SavedView
from apps.tracking.pages.runs import columns_for, experiment_for, remembered_as
from apps.tracking.pages.table_state import TableState
from apps.tracking.queries.run_keys import Key, RunKeys, keys_of
from apps.tracking.services import saved_views
from mlregistry.console.page import gone_to, is_part, page, show
from mlregistry.errors import InvalidParameter, NotFound
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor


class ViewForm(forms.Form):
    name = forms.CharField(max_length=limits.SAVED_VIEW_NAME)
    state = forms.CharField(max_length=limits.SAVED_VIEW_STATE, required=False)


@page(requires=Level.READ)
def keys(request: HttpRequest, pk: int) -> HttpResponse:
    """What a filter of this experiment's runs can name, for completing it."""
    found = keys_of(experiment_for(request, pk))
    attributes = ["run_name", *(name for name in ATTRIBUTES if name != DURATION)]
    named: list[tuple[str, list[str]]] = [
        ("attributes", attributes),
        ("metrics", [key.name for key in found.metrics]),
        ("params", [key.name for key in found.params]),
        ("tags", [key.name for key in found.tags]),
    ]
    return JsonResponse(
        {
            "keys": [{"kind": prefix, "key": key} for prefix, names in named for key in names],
            "statuses": [status.value for status in RunStatus],
        }
    )


@page(requires=Level.READ, methods=("GET", "HEAD", "POST"))
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the columns: kept for the person and the experiment, and in the address that follows."""
    experiment = experiment_for(request, pk)
    if request.method == "POST":
        state = TableState.written_as(request.POST.get("state", ""))
        picked = () if "reset" in request.POST else columns_of(request.POST.getlist("column"))
        before = [column for column in state.columns if column in picked]  # in the order that they have
        chosen = tuple(dict.fromkeys((*before, *picked)))
        kept = [column.id for column in chosen]
        remember(user=reader(request), key=remembered_as(experiment), value=kept or None)
        return gone_to(request, _table(pk, replace(state, columns=chosen)))
    state = TableState.of(request.GET)
    found = keys_of(experiment)
    shown = columns_for(reader(request), experiment, state, found)
    template = "tracking/columns.html" if is_part(request) else "tracking/columns_page.html"
    whole = replace(state, columns=shown).query
    context: dict[str, Any] = {"experiment": experiment, "whole": whole, "kinds": _choices(found, shown)}
    crumbs = [(reverse("experiments"), "Experiments"), (_table(pk, state), experiment.name)]
    return show(request, template, title="Columns", crumbs=crumbs, **context)


@page(requires=Level.READ, methods=("POST",))
def save_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the table under a name, for everybody who may read the experiment."""
    experiment = experiment_for(request, pk)
    form = ViewForm(request.POST)
    if not form.is_valid():
        raise InvalidParameter(f"A view needs a name of at most {limits.SAVED_VIEW_NAME} characters.")
    state = replace(TableState.written_as(form.cleaned_data["state"]), page="")
    view = saved_views.save_view(
        experiment=experiment, name=form.cleaned_data["name"], state=state.query, by=page_actor(request)
    )
    address = request.build_absolute_uri(reverse("experiment-view", args=[pk, view.pk]))
    return gone_to(request, _table(pk, state), said=f"“{view.name}” is saved. Its address to share: {address}")


@page(requires=Level.READ)
def open_view(request: HttpRequest, pk: int, view: int) -> HttpResponse:
    """To the table as it was saved."""
    experiment = experiment_for(request, pk)
    found = SavedView.objects.filter(experiment=experiment, pk=view).first()
    if found is None:
        raise NotFound("There is no such view.")
    return gone_to(request, _table(pk, TableState.written_as(found.state)))


@page(requires=Level.READ, methods=("POST",))
def delete_view(request: HttpRequest, pk: int, view: int) -> HttpResponse:
    experiment = experiment_for(request, pk)
    saved_views.delete_view(experiment=experiment, pk=view, user=reader(request), by=page_actor(request))
    return gone_to(request, _table(pk, TableState.written_as(request.POST.get("state", ""))), said="The view is gone.")


def _table(pk: int, state: TableState) -> str:
    return f"{reverse('experiment', args=[pk])}?{state.query}".rstrip("?")


def _choices(found: RunKeys, shown: tuple[Column, ...]) -> list[tuple[str, list[tuple[Column, bool]]]]:
    """What can be chosen, kind by kind; what is shown but was not found lately stays to be unchosen."""
    attributes = [Key(name, 0) for name in ATTRIBUTES]
    kinds: list[tuple[str, str, list[Key]]] = [
        ("Attributes", "attributes", attributes),
        ("Metrics", "metrics", found.metrics),
        ("Params", "params", found.params),
        ("Tags", "tags", found.tags),
    ]
    choices = []
    for title, prefix, known in kinds:
        there = {Column(prefix, key.name) for key in known}
        rest = [column for column in shown if column.prefix == prefix and column not in there]
        offered = [*rest, *(Column(prefix, key.name) for key in known)]
        choices.append((title, [(column, column in shown) for column in offered]))
    return [(title, offered) for title, offered in choices if offered]
