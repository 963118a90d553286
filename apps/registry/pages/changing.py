"""What forms on the pages of models have in common."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.registry.models import ModelVersion, RegisteredModel
from mlregistry.console.page import gone_to
from mlregistry.errors import AskedFor, NotFound, PermissionDenied, RegistryError
from mlregistry.service_admin import say_asked


def changed(
    request: HttpRequest, address: str, change: Callable[[], object], *, said: str, or_else: str = ""
) -> HttpResponse:
    """Make a change and go back to `address`, where what was done, or why it was refused, is read.

    What was only asked for is read there, too, or at `or_else`.
    """
    try:
        change()
    except AskedFor as asked_for:
        say_asked(request, asked_for)
        return gone_to(request, or_else or address)
    except (NotFound, PermissionDenied):
        raise
    except RegistryError as refusal:
        messages.error(request, refusal.message)
        return gone_to(request, or_else or address)
    return gone_to(request, address, said=said)


def asked(request: HttpRequest, field: str) -> str:
    """A field of the form as services take it: with the lines' ends that everybody but browsers writes."""
    return request.POST.get(field, "").replace("\r\n", "\n")


def model_address(model: RegisteredModel) -> str:
    return reverse("model", args=[model.pk])


def version_address(version: ModelVersion) -> str:
    return reverse("version", args=[version.model_id, version.version])
