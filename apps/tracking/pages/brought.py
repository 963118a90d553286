"""What tracking brings to the pages that all apps share."""

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.tracking.choices import Lifecycle
from apps.tracking.models import Experiment, ExperimentTag
from apps.tracking.pages import home
from apps.tracking.permissions import EXPERIMENT_GRANTS
from apps.tracking.queries.run_finding import find_runs
from mlregistry.console.registry import Hit, Section, add_panel, add_search, add_section
from mlregistry.wire.keyset import INT64

HITS = 6


def bring() -> None:
    add_section(
        Section(
            "Experiments", "experiments", order=10, below=("/admin/runs/", "/admin/compare/", "/admin/logged-models/")
        )
    )
    add_search("Experiments", find_experiments)
    add_panel("home", home.recent_runs)
    add_panel("home", home.active_experiments)
    add_panel("home", home.failed_runs)
    add_search("Runs", found_runs)


def find_experiments(request: HttpRequest, words: str) -> Iterable[Hit]:
    """By part of the name, by how the value of a tag begins, or by id."""
    tagged = ExperimentTag.objects.filter(Q(key__iexact=words) | Q(value__istartswith=words)).values("experiment")
    wanted = Q(name__icontains=words) | Q(pk__in=tagged)
    if words.isdecimal() and int(words) < INT64:
        wanted |= Q(pk=int(words))
    readable = EXPERIMENT_GRANTS.filter(Experiment.objects.filter(lifecycle_stage=Lifecycle.ACTIVE), reader(request))
    for experiment in readable.filter(wanted).order_by("-last_update_time")[:HITS]:
        yield Hit(experiment.name, reverse("experiment", args=[experiment.pk]), f"id {experiment.pk}")


def found_runs(request: HttpRequest, words: str) -> Iterable[Hit]:
    for run in find_runs(reader(request), words, HITS):
        yield Hit(run.name or run.uuid, f"/admin/runs/{run.uuid}/", run.experiment.name)
