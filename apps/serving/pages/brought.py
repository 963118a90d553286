"""What serving brings to the pages that all apps share."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.registry.models import Content, ModelVersion
from apps.registry.pages.showing import level_on
from apps.serving import queries
from apps.serving.pages.showing import protected_names
from mlregistry.console.registry import Hit, Need, Panel, Section, add_needs, add_panel, add_search, add_section
from mlregistry.levels import Level

HITS = 5
AT_HOME = 8
NAMED = 3
NAMES_OFFERED = 50


def bring() -> None:
    add_section(Section("Deployments", "deployments", order=40, below=("/admin/images/",)))
    add_search("Deployments", find_deployments, order=5)
    add_needs(rollouts_that_failed)
    add_panel("home", deployments_at_home)
    add_panel("version", serving_of_version)


def find_deployments(request: HttpRequest, words: str) -> Iterable[Hit]:
    """By name, or by the name of the model."""
    for each in queries.deployments_called(reader(request), words)[:HITS]:
        yield Hit(each.name, reverse("deployment", args=[each.name]), each.model.name)


def rollouts_that_failed(request: HttpRequest) -> Iterable[Need]:
    """To whoever may bring another version: the newest rollout of a deployment has come to nothing."""
    for each in queries.failed_rollouts(reader(request), at_least=Level.EDIT)[:NAMED]:
        words = f"Version {each.version.version} did not come to {each.deployment.name}"
        yield Need(words, reverse("deployment", args=[each.deployment.name]), each.message, "bad")


def deployments_at_home(request: HttpRequest) -> Panel | None:
    """On home: what answers, and with which version."""
    found = list(queries.deployments_for(reader(request))[:AT_HOME])
    if not found:
        return None
    return Panel("Deployments", "serving/home_panel.html", {"deployments": found}, order=35)


def serving_of_version(request: HttpRequest, version: ModelVersion) -> Panel | None:
    """On the page of a version: its newest image, where it answers, and the way to both."""
    content = Content.objects.filter(version=version).only("mlmodel", "digest").first()
    is_servable = bool(content and "python_function" in (content.mlmodel or {}).get("flavors", {}))
    image = queries.images_of(version).defer("lock").first()
    if image is None and not is_servable:
        return None
    model = version.model
    context = {
        "version": version,
        "image": image,
        "is_of_these_files": bool(image and content and image.digest == content.digest),
        "rollouts": list(queries.rollouts_of_versions([version])),
        "names": list(model.deployments.order_by("name").values_list("name", flat=True)[:NAMES_OFFERED]),
        "protected": protected_names(model.name),
        "may_edit": level_on(version) >= Level.EDIT,
        "is_servable": is_servable,
    }
    return Panel("Serving", "serving/version_panel.html", context)
