"""What the pages of tracking share."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import GrantedAdmin
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry.large_tables import CappedPaginator
from mlregistry.templatetags.console import when


class TrackingAdmin(GrantedAdmin):
    """Rows of experiments that the reader may read."""

    grants = EXPERIMENT_GRANTS


class NewestPaginator(CappedPaginator):
    """Rows of everything there is: worth a look at the newest, and no more."""

    cap = 1_000


class PartAdmin(TrackingAdmin):
    """Rows that belong to a run, model or experiment: the newest first, or all of one owner in their own order."""

    owner: ClassVar[str]
    """The field that refers to whom the rows belong to."""
    order_in_owner: ClassVar[tuple[str, ...]] = ()
    list_select_related: ClassVar[tuple[str, ...]] = ()
    ordering = ("-pk",)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return (f"{self.owner}_id", *self.order_in_owner, "pk") if self._of_one_owner(request) else ("-pk",)

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> "Paginator[Any]":
        kind = self.paginator if self._of_one_owner(request) else NewestPaginator
        return kind(*args, **kwargs)

    def _of_one_owner(self, request: HttpRequest) -> bool:
        return f"{self.owner}__id__exact" in request.GET or bool(request.GET.get("q"))


def moment(milliseconds: int | None) -> SafeString | str:
    """A time of the wire as a page shows it, "-" for what no calendar has."""
    return when(milliseconds, otherwise="-")


def links(of: Mapping[type[Model], str], row: Model) -> SafeString:
    """Links to the lists of what belongs to `row`: by model, the field that refers to it."""
    found = []
    for model, field in of.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        query = urlencode({f"{field}__id__exact": row.pk})
        found.append((f"{address}?{query}", str(model._meta.verbose_name_plural)))
    return format_html_join(" · ", '<a href="{}">{}</a>', found)


def link(address: str, words: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, words)
