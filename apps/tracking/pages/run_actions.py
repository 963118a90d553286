"""What is done with the runs that were chosen in a table, one by one or all that match.

Each run is authorised by itself. What takes long is a job, on whose page the sender sees how far it is. Before anything
is done to all that match, wherever they are, a page says how many that are and asks whether that is meant.
"""

import re
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import MOST_AT_ONCE, reader
from apps.jobs.pages.jobs import started
from apps.tracking import limits
from apps.tracking.models import Experiment
from apps.tracking.pages.runs import experiment_for
from apps.tracking.pages.table_state import TableState
from apps.tracking.queries.experiment_list import editable_experiments
from apps.tracking.queries.experiments import check_experiment_is_active, get_experiment
from apps.tracking.services.many_runs import Action, Asked, Change, Outcome, all_matching, request_change
from mlregistry.console.page import gone_to, page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

EXPERIMENT_WORDS = 200
MOST_TARGETS = 50
MOST_COMPARED = 200
MOST_WHILE_ONE_WAITS = 200
"""Runs that are changed before the answer is sent."""
_UUID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9]{1,18}")


class TagForm(forms.Form):
    key = forms.CharField(max_length=limits.ENTITY_KEY)
    value = forms.CharField(max_length=limits.TAG_VALUE, required=False)


@page(requires=Level.READ, methods=("POST",))
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """On to the page that compares them, which asks for each whether it may be read."""
    experiment_for(request, pk)
    chosen = chosen_runs(request)
    if len(chosen) < 2:  # noqa: PLR2004  one alone is compared with nothing
        return _back(request, pk, refused=["Choose two runs or more to compare."])
    return gone_to(request, f"/admin/compare/?{urlencode([('run', uuid) for uuid in chosen[:MOST_COMPARED]])}")


@page(requires=Level.EDIT, methods=("POST",))
def tag(request: HttpRequest, pk: int) -> HttpResponse:
    experiment = experiment_for(request, pk, Level.EDIT)
    form = TagForm(request.POST)
    if not form.is_valid():
        raise InvalidParameter("A tag needs a key, and is text without null characters.")
    return _changed(request, experiment, Change(Action.TAG, **form.cleaned_data))


@page(requires=Level.MANAGE, methods=("POST",))
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    return _changed(request, experiment_for(request, pk, Level.MANAGE), Change(Action.DELETE))


@page(requires=Level.MANAGE, methods=("POST",))
def restore(request: HttpRequest, pk: int) -> HttpResponse:
    return _changed(request, experiment_for(request, pk, Level.MANAGE), Change(Action.RESTORE))


@page(requires=Level.EDIT, methods=("POST",))
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """To the experiment `to`, which has to be edited as well."""
    experiment, to = experiment_for(request, pk, Level.EDIT), request.POST.get("to", "")
    if not to:
        return _back(request, pk, refused=["Choose the experiment to move the runs to."])
    target = get_experiment(reader(request), to, at_least=Level.EDIT)
    check_experiment_is_active(target)
    return _changed(request, experiment, Change(Action.MOVE, to=target.pk))


@page(requires=Level.EDIT)
def targets(request: HttpRequest, pk: int) -> HttpResponse:
    """Where runs can be moved to, by `words` in the name: choices of a list."""
    here = experiment_for(request, pk, Level.EDIT)
    words = request.GET.get("words", "")[:EXPERIMENT_WORDS].strip()
    found = list(editable_experiments(reader(request), words=words).exclude(pk=here.pk)[: MOST_TARGETS + 1])
    return show(request, "tracking/runs_targets.html", targets=found[:MOST_TARGETS], more=len(found) > MOST_TARGETS)


def chosen_runs(request: HttpRequest) -> list[str]:
    """The ids that were sent, each once; what is no id is nobody's run."""
    return [uuid for uuid in dict.fromkeys(request.POST.getlist("run")) if _UUID.fullmatch(uuid)]


def are_all_chosen(request: HttpRequest) -> bool:
    """Whether all runs that match were chosen, on whatever page of the table they are."""
    return request.POST.get("matching") == "1"


def _changed(request: HttpRequest, experiment: Experiment, change: Change) -> HttpResponse:
    """Few runs while the sender waits, many in the background."""
    chosen = chosen_runs(request)
    if are_all_chosen(request):
        return _all_changed(request, experiment, change)
    if len(chosen) > MOST_AT_ONCE:
        messages.warning(request, f"No more than {MOST_AT_ONCE} at once; the rest was left as it is.")
    if len(chosen) > MOST_WHILE_ONE_WAITS:
        ticked = tuple(chosen[:MOST_AT_ONCE])
        return _asked(request, Asked(experiment.pk, runs=ticked, total=len(ticked)), change)
    outcome = Outcome()
    for uuid in chosen:
        outcome.take(change, uuid, user=reader(request), by=page_actor(request))
    refused = list(outcome.reasons) if chosen else ["No run is chosen."]
    return _back(request, experiment.pk, said=_said(change.action, outcome.done), refused=refused)


def _all_changed(request: HttpRequest, experiment: Experiment, change: Change) -> HttpResponse:
    """Once whoever asks has read how many they are; what was begun since then is left out."""
    change.check()
    state, newest = _state(request), _KEY.fullmatch(request.POST.get("newest", ""))
    meant = int(newest[0]) if newest else None
    asked = all_matching(reader(request), experiment, filter_text=state.filter, view=state.stages, newest=meant)
    if not asked.total:
        return _back(request, experiment.pk, refused=["No run matches."])
    if meant is not None:
        return _asked(request, asked, change)
    table = _table(request, experiment.pk)
    words = f"{change.action.capitalize()} {asked.total:,} run{'' if asked.total == 1 else 's'}"
    sent = {"matching": "1", "newest": asked.newest, "state": state.query, "key": change.key, "value": change.value}
    sent["to"] = str(change.to or "")
    return show(
        request,
        "tracking/runs_question.html",
        title=f"{words}?",
        crumbs=[(reverse("experiments"), "Experiments"), (table, experiment.name)],
        words=words,
        sent=[(name, value) for name, value in sent.items() if value],
        change=change,
        to=get_experiment(reader(request), str(change.to), at_least=Level.EDIT) if change.to else None,
        state=state,
        table=table,
    )


def _asked(request: HttpRequest, asked: Asked, change: Change) -> HttpResponse:
    address = _table(request, asked.experiment)
    return started(request, request_change(asked=asked, change=change, address=address, by=page_actor(request)))


def _said(action: Action, done: int) -> str:
    if not done:
        return ""
    more = ". Until they are cleaned up you find them under Deleted" if action is Action.DELETE else ""
    return f"{done} run{'' if done == 1 else 's'} {action.done}{more}."


def _state(request: HttpRequest) -> TableState:
    return TableState.written_as(request.POST.get("state", ""))


def _table(request: HttpRequest, pk: int) -> str:
    """The table that the runs were chosen in."""
    return f"{reverse('experiment', args=[pk])}?{_state(request).query}".rstrip("?")


def _back(request: HttpRequest, pk: int, *, refused: list[str], said: str = "") -> HttpResponse:
    for message in refused[:5]:
        messages.warning(request, message)
    return gone_to(request, _table(request, pk), said=said)
