"""Registering a run's model as a version: what, and under which name."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.accounts.models import User
from apps.registry import sources
from apps.registry.limits import DESCRIPTION, MODEL_NAME
from apps.registry.models import ModelVersion
from apps.registry.pages.changing import version_address
from apps.registry.queries.candidates import Candidate, candidates_of, likely_name, names_to_register
from apps.registry.services.registering import register
from apps.tracking.models import Run
from apps.tracking.queries.runs import get_run
from mlregistry.actor import Actor
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import RegistryError
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor


class RegisterForm(forms.Form):
    """What to register, and as which model. Sources are those that the run was seen to have, and no others."""

    source = forms.ChoiceField(widget=forms.RadioSelect, error_messages={"required": "Choose what to register."})
    name = forms.CharField(max_length=MODEL_NAME, error_messages={"required": "Give the model a name."})
    description = forms.CharField(required=False, max_length=DESCRIPTION, widget=forms.Textarea)

    def __init__(self, candidates: list[Candidate], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # what every form takes
        self.fields["source"].choices = [(each.source, each.name) for each in candidates]  # type: ignore[attr-defined]


@page(requires=Level.EDIT, methods=("GET", "HEAD", "POST"))
def register_run(request: HttpRequest, uuid: str) -> HttpResponse:
    user = reader(request)
    run = get_run(user, uuid, at_least=Level.EDIT)
    candidates = candidates_of(run)
    form = RegisterForm(candidates, request.POST if request.method == "POST" else None)
    if form.is_valid() and (made := _registered(user, form, candidates, page_actor(request))):
        return gone_to(request, version_address(made), said=f"Registered: this is version {made.version}.")
    chosen = form.data.get("source") or (candidates[0].source if candidates else "")
    return show(
        request,
        "registry/register.html",
        status=400 if form.is_bound else 200,
        title="Register a model",
        crumbs=[(reverse("experiments"), "Experiments"), (f"/admin/runs/{run.uuid}/", run.name)],
        run=run,
        form=form,
        candidates=candidates,
        chosen=chosen,
        name=form.data.get("name", "") if form.is_bound else _name(user, run, candidates),
        names=names_to_register(user),
    )


def _registered(user: User, form: RegisterForm, candidates: list[Candidate], by: Actor) -> ModelVersion | None:
    """The version; where something is refused, None, and the form says what."""
    asked = form.cleaned_data
    candidate = next(each for each in candidates if each.source == asked["source"])
    field = "source"
    try:
        source = sources.resolve(user, candidate.source, run_id=candidate.run_id, model_id=candidate.model_id)
        field = "name"
        description = asked["description"].replace("\r\n", "\n")
        return register(user=user, name=asked["name"], source=source, description=description, by=by)
    except RegistryError as refusal:
        form.add_error(field, refusal.message)
        return None


def _name(user: User, run: Run, candidates: list[Candidate]) -> str:
    return likely_name(user, run) or (run.experiment.name if candidates else "")
