"""Images: how far a build is, what it came to, and asking for one."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.accounts.granted_admin import reader
from apps.registry.pages.changing import changed, version_address
from apps.registry.queries.versions import get_version_of
from apps.serving import queries
from apps.serving.choices import ImageState
from apps.serving.pages.showing import now_over
from apps.serving.services.images import request_build
from mlregistry.console.page import is_part, page, show
from mlregistry.levels import Level
from mlregistry.service_admin import page_actor

MOST_LOG = 20_000
"""The end of a log that a page shows."""


@page(requires=Level.READ)
def image(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.get_image(reader(request), pk)
    is_building = found.state == ImageState.BUILDING
    if is_part(request) and not is_building:
        return now_over()
    version, job = found.version, found.job
    context: dict[str, Any] = {
        "image": found,
        "version": version,
        "job": job,
        "is_building": is_building,
        "percent": round(100 * job.done / job.total) if job and job.total else None,
        "log": job.log[-MOST_LOG:] if job else "",
    }
    if is_part(request):
        return show(request, "serving/building.html", **context)
    packages = [line.partition(" --hash=")[::2] for line in found.lock.splitlines()]
    return show(
        request,
        "serving/image.html",
        title=f"Image {found.pk}",
        crumbs=[(reverse("deployments"), "Deployments")],
        packages=packages,
        running=f"docker run --rm -p 127.0.0.1:8080:8080 --read-only --tmpfs /tmp --cap-drop ALL {found.tag}",
        **context,
    )


@page(requires=Level.EDIT, methods=("POST",))
def build(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """With the packages of the last image, unless the form asks to look for them anew."""
    version = get_version_of(reader(request), pk, number, at_least=Level.EDIT)
    resolve = "resolve" in request.POST

    def change() -> None:
        request_build(version=version, by=page_actor(request), resolve=resolve)

    return changed(request, version_address(version), change, said="The image is being built.")
