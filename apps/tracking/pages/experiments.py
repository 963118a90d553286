"""The list of experiments, and making, changing, deleting and restoring one."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.tracking import limits
from apps.tracking.entities import Tag
from apps.tracking.models import Experiment, ExperimentTag
from apps.tracking.queries.experiment_list import NOTE_TAG, ORDERS, list_experiments, summaries
from apps.tracking.queries.experiments import get_experiment
from apps.tracking.services import experiments as services
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import RegistryError
from mlregistry.levels import Access, Level
from mlregistry.service_admin import page_actor
from mlregistry.wire.schema import ViewType

PER_PAGE = 50
LONGEST_SEARCH = 200


class ExperimentForm(forms.Form):
    name = forms.CharField(max_length=limits.EXPERIMENT_NAME)
    description = forms.CharField(max_length=limits.EXPERIMENT_TAG_VALUE, required=False, widget=forms.Textarea)


@page(requires=Level.READ)
def experiments(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip().replace("\0", "")[:LONGEST_SEARCH]
    deleted = request.GET.get("view") == "deleted"
    order = request.GET.get("sort", "")
    found = list_experiments(
        reader(request),
        words=words,
        view=ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY,
        order=order if order in ORDERS else ORDERS[0],
        limit=PER_PAGE,
        page_token=request.GET.get("page", ""),
    )
    known = summaries(row.pk for row in found.rows)
    return show(
        request,
        "tracking/experiments.html",
        title="Experiments",
        rows=[(row, known[row.pk]) for row in found.rows if row.pk in known],
        next_page=found.next_page_token,
        words=words,
        deleted=deleted,
        order=order if order in ORDERS else ORDERS[0],
        is_searched=bool(words or deleted or request.GET.get("page")),
        address=request.build_absolute_uri("/").rstrip("/"),
        level={level.name: level for level in Level},
    )


@page(requires=Access.SIGNED_IN, methods=("GET", "HEAD", "POST"))
def new_experiment(request: HttpRequest) -> HttpResponse:
    """Whoever is signed in may make one, as on the wire."""
    form = ExperimentForm(request.POST or None)
    if form.is_valid():
        try:
            made = services.create_experiment(
                name=form.cleaned_data["name"],
                artifact_location="",
                tags=_tags(form.cleaned_data["description"]),
                creator=reader(request),
                by=page_actor(request),
            )
        except RegistryError as refusal:
            form.add_error("name", refusal.message)
        else:
            return gone_to(request, _address(made), said="The experiment is there. Log the first run into it.")
    return _form(request, form, title="New experiment")


@page(requires=Level.EDIT, methods=("GET", "HEAD", "POST"))
def edit_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    experiment = _get(request, pk, Level.EDIT)
    noted = ExperimentTag.objects.filter(experiment=experiment, key=NOTE_TAG).values_list("value", flat=True)
    note = noted.first() or ""
    form = ExperimentForm(request.POST or None, initial={"name": experiment.name, "description": note})
    if form.is_valid():
        try:
            _change(request, experiment, note, form.cleaned_data)
        except RegistryError as refusal:
            form.add_error("name", refusal.message)
        else:
            return gone_to(request, _address(experiment), said="Saved.")
    may_delete = getattr(experiment, "level", 0) >= Level.MANAGE
    return _form(request, form, title=f"Edit {experiment.name}", experiment=experiment, may_delete=may_delete)


@page(requires=Level.MANAGE, methods=("POST",))
def delete_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    experiment = _get(request, pk, Level.MANAGE)
    services.delete_experiment(experiment=experiment, by=page_actor(request))
    said = f"{experiment.name[:100]} is deleted with its runs. Until it is cleaned up you find it under Deleted."
    return gone_to(request, reverse("experiments"), said=said)


@page(requires=Level.MANAGE, methods=("POST",))
def restore_experiment(request: HttpRequest, pk: int) -> HttpResponse:
    experiment = _get(request, pk, Level.MANAGE)
    services.restore_experiment(experiment=experiment, by=page_actor(request))
    return gone_to(request, _address(experiment), said="The experiment is back, with its runs.")


def _change(request: HttpRequest, experiment: Experiment, note: str, asked: dict[str, Any]) -> None:
    if asked["name"] != experiment.name:
        services.rename_experiment(experiment=experiment, name=asked["name"], by=page_actor(request))
    if asked["description"] != note:
        services.set_experiment_tag(experiment=experiment, key=NOTE_TAG, value=asked["description"])


def _tags(description: str) -> list[Tag]:
    return [Tag(key=NOTE_TAG, value=description)] if description else []


def _get(request: HttpRequest, pk: int, at_least: Level) -> Experiment:
    return get_experiment(reader(request), str(pk), at_least=at_least)


def _address(experiment: Experiment) -> str:
    return reverse("experiment", args=[experiment.pk])


def _form(request: HttpRequest, form: ExperimentForm, **context: Any) -> HttpResponse:
    experiment = context.get("experiment")
    crumbs = [(reverse("experiments"), "Experiments")]
    if experiment is not None:
        crumbs.append((_address(experiment), experiment.name))
    status = 400 if form.errors else 200
    return show(request, "tracking/experiment_form.html", status=status, form=form, crumbs=crumbs, **context)
