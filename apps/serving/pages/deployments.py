"""Deployments: what answers under which name, trying it, and bringing another version to it."""

import json
import time
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.registry.models import ModelVersion
from apps.registry.pages.changing import asked, changed, version_address
from apps.registry.pages.showing import level_on
from apps.registry.queries.versions import get_version_of, present
from apps.registry.rules import version_number
from apps.serving import queries
from apps.serving.answering import invoke
from apps.serving.models import Deployment, Rollout
from apps.serving.pages.showing import (
    calling_lines,
    deploying_lines,
    example_input,
    now_over,
    takes_approval,
)
from apps.serving.rules import is_deployment_name
from apps.serving.services import deployments as services
from mlregistry.console.page import is_part, page, show
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

POST = ("POST",)
MOST = 200
ROLLOUTS = 30
IMAGES = 10
VERSIONS = 50
LONGEST_SHOWN = 20_000


@page(requires=Level.READ)
def deployments(request: HttpRequest) -> HttpResponse:
    """All of them that serve models which whoever looks may read, and the newest images."""
    user = reader(request)
    return show(
        request,
        "serving/deployments.html",
        title="Deployments",
        deployments=list(queries.deployments_for(user)[:MOST]),
        images=list(queries.images_for(user)[:IMAGES]),
        example_lines=deploying_lines(request),
    )


@page(requires=Level.READ)
def deployment(request: HttpRequest, name: str) -> HttpResponse:
    found = queries.get_deployment(reader(request), name)
    if is_part(request):
        return show(request, "serving/coming.html", deployment=found) if found.coming else now_over()
    level = level_on(found)
    example = example_input(found.live.version) if found.live else ""
    may_edit = level >= Level.EDIT
    return show(
        request,
        "serving/deployment.html",
        title=name,
        crumbs=[(reverse("deployments"), "Deployments")],
        deployment=found,
        rollouts=list(queries.rollouts_of(found)[:ROLLOUTS]),
        example=example,
        calling=calling_lines(request, found, example),
        versions=_versions(found, but=found.live) if may_edit else [],
        needs_approval=takes_approval(found.model.name, name),
        may_use=level >= Level.USE,
        may_edit=may_edit,
        may_manage=level >= Level.MANAGE,
    )


@page(requires=Level.EDIT, methods=POST)
def deploy(request: HttpRequest, name: str) -> HttpResponse:
    """From the deployment's own page: another version of the model that it serves."""
    found = queries.get_deployment(reader(request), name, at_least=Level.EDIT)
    number = asked(request, "version").strip()
    if not number:
        raise InvalidParameter("Choose the version that it is to serve.")
    version = get_version_of(
        reader(request), found.model_id, version_number(number, name=found.model.name), at_least=Level.EDIT
    )
    return _deployed(request, version, name, or_else=reverse("deployment", args=[name]))


@page(requires=Level.EDIT, methods=POST)
def deploy_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """From the page of a version: to a deployment that is there, or to a new one."""
    version = get_version_of(reader(request), pk, number, at_least=Level.EDIT)
    return _deployed(request, version, asked(request, "name").strip(), or_else=version_address(version))


@page(requires=Level.EDIT, methods=POST)
def stop(request: HttpRequest, name: str) -> HttpResponse:
    found = queries.get_deployment(reader(request), name, at_least=Level.EDIT)

    def change() -> None:
        services.stop(deployment=found, by=page_actor(request))

    return changed(request, reverse("deployment", args=[name]), change, said=f"{name} serves nothing any more.")


@page(requires=Level.MANAGE, methods=POST)
def delete(request: HttpRequest, name: str) -> HttpResponse:
    found = queries.get_deployment(reader(request), name, at_least=Level.MANAGE)

    def change() -> None:
        services.delete(deployment=found, by=page_actor(request))

    address = reverse("deployment", args=[name])
    return changed(request, reverse("deployments"), change, said=f"{name} is deleted.", or_else=address)


@page(requires=Level.USE, methods=POST)
def try_out(request: HttpRequest, name: str) -> HttpResponse:
    """Ask it, and show what it says."""
    found = queries.get_deployment(reader(request), name, at_least=Level.USE)
    started = time.monotonic()
    reply = invoke(found, body=asked(request, "input").encode(), content_type="application/json")
    return show(
        request,
        "serving/answer.html",
        reply=reply,
        milliseconds=round((time.monotonic() - started) * 1000),
        answer=_readable(reply.body),
    )


def _deployed(request: HttpRequest, version: ModelVersion, name: str, *, or_else: str) -> HttpResponse:
    def change() -> None:
        services.deploy(version=version, name=name, by=page_actor(request), reason=asked(request, "reason").strip())

    address = reverse("deployment", args=[name]) if is_deployment_name(name) else or_else
    return changed(request, address, change, said=f"Version {version.version} is on its way.", or_else=or_else)


def _versions(found: Deployment, *, but: Rollout | None) -> list[ModelVersion]:
    """Those that can be chosen: not what is live."""
    versions = present().filter(model=found.model_id).exclude(pk=but.version_id if but else 0)
    return list(versions.order_by("-version")[:VERSIONS])


def _readable(body: bytes) -> str:
    text = body.decode(errors="replace")
    with suppress(ValueError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
