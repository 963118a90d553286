"""What the registry brings to the pages that all apps share."""

import re
from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.governance.pages.comparing import add_comparison
from apps.governance.reports import Inquiry, add_inquiry
from apps.registry.limits import MODEL_NAME
from apps.registry.models import RegisteredModel
from apps.registry.pages.comparison import compare
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.proposals import MODEL_TYPE
from apps.registry.queries.listing import called, in_production, registered_from, standing_of
from apps.registry.queries.versions import present
from apps.tracking.models import Experiment, Run
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.console.registry import Hit, Panel, Section, add_panel, add_search, add_section
from mlregistry.levels import Level

HITS = 6
AT_HOME = 8
OF_A_RUN = 20
HIGHEST = 2**31 - 1
LONGEST = MODEL_NAME + 50
"""Characters of a model's name with what says which version."""
_NUMBERED = re.compile(r"(?P<name>.+?)[\s/@]+(?:version\s+)?v?(?P<number>[0-9]{1,10})", re.IGNORECASE)
_ALIASED = re.compile(r"(?P<name>.+?)@(?P<alias>[\w\-]+)")


def bring() -> None:
    add_section(Section("Models", "models", order=20, below=("/admin/prompts/", "/admin/as-of/")))
    add_search("Models", find_models)
    add_search("Versions", find_versions)
    add_search("Prompts", find_prompts)
    add_panel("home", models_in_production)
    add_panel("run", versions_of_run)
    add_comparison(MODEL_TYPE, compare)
    add_inquiry(Inquiry("As of", "as-of"))


def find_models(request: HttpRequest, words: str) -> Iterable[Hit]:
    return _named(request, words, prompts=False)


def find_prompts(request: HttpRequest, words: str) -> Iterable[Hit]:
    return _named(request, words, prompts=True)


def find_versions(request: HttpRequest, words: str) -> Iterable[Hit]:
    """By "name 3" or "name@alias", or by the id of the run or logged model that they came from."""
    if len(words) > LONGEST:
        return
    wanted = Q(run_id=words) | Q(logged_model_id=words)
    if (numbered := _NUMBERED.fullmatch(words)) and int(numbered["number"]) <= HIGHEST:
        wanted |= Q(model__name__icontains=numbered["name"], version=int(numbered["number"]))
    if aliased := _ALIASED.fullmatch(words):
        wanted |= Q(model__name__icontains=aliased["name"], aliases__name=aliased["alias"])
    found = MODEL_GRANTS.filter(present().filter(wanted), reader(request), via="model").select_related("model")
    for version in found.order_by("-last_updated_time", "-pk").distinct()[:HITS]:
        address = reverse("version", args=[version.model_id, version.version])
        yield Hit(f"{version.model.name} {version.version}", address, version.current_stage)


def models_in_production(request: HttpRequest) -> Panel | None:
    """On the home page: what is in Production, with the state of its files."""
    versions = in_production(reader(request), most=AT_HOME)
    if not versions:
        return None
    standing = standing_of(versions)
    lines = [(version, standing[version.pk]) for version in versions]
    return Panel("Models in Production", "registry/home_panel.html", {"lines": lines}, order=30)


def versions_of_run(request: HttpRequest, run: Run) -> Panel | None:
    """On the page of a run: what was registered from it, and the way to register more."""
    user = reader(request)
    versions = list(registered_from(user, [run.uuid]).prefetch_related("aliases")[:OF_A_RUN])
    may_register = EXPERIMENT_GRANTS.level(Experiment(pk=run.experiment_id), user) >= Level.EDIT
    if not versions and not may_register:
        return None
    context = {"versions": versions, "may_register": may_register, "run": run}
    return Panel("Registered models", "registry/run_panel.html", context, order=40)


def _named(request: HttpRequest, words: str, *, prompts: bool) -> Iterable[Hit]:
    models = RegisteredModel.objects.filter(called(words), is_prompt=prompts)
    for model in MODEL_GRANTS.filter(models, reader(request)).order_by("-last_updated_time", "-pk")[:HITS]:
        count = model.last_version
        about = f"version {count}" if count else "no versions"
        yield Hit(model.name, reverse("model", args=[model.pk]), about)
