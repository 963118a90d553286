"""Runs in the admin: to look at, delete and restore. What they logged hangs on them, page by page."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from apps.accounts.granted_admin import reader
from apps.tracking.admin.base import TrackingAdmin, links, moment
from apps.tracking.choices import PRESENT
from apps.tracking.models import DatasetInput, LatestMetric, ModelInput, ModelOutput, Param, Run, RunTag
from apps.tracking.queries.histories import points_page
from apps.tracking.queries.runs import run_row
from apps.tracking.services import runs
from mlregistry.errors import InvalidParameter
from mlregistry.levels import Level
from mlregistry.prefixes import begins_with
from mlregistry.service_admin import page_actor

POINTS_PER_PAGE = 200


@admin.register(Run)
class RunAdmin(TrackingAdmin):
    via = "experiment"
    list_display = ("uuid", "name", "experiment", "status", "lifecycle_stage", "created_by", "started")
    list_select_related = ("experiment",)
    list_filter = ("status", "lifecycle_stage")
    ordering = ("-pk",)
    search_fields = ("uuid",)
    search_help_text = "The id of a run, or how it begins."
    actions = ("delete_rows", "restore_rows")
    fields = (
        ("uuid", "name"),
        "experiment",
        ("status", "lifecycle_stage"),
        ("started", "ended", "deleted"),
        ("created_by", "user_id"),
        "artifact_uri",
        "logged",
    )
    readonly_fields = ("started", "ended", "deleted", "logged")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        return super().get_queryset(request).filter(lifecycle_stage__in=PRESENT)

    def matching(self, term: str) -> Q:
        return begins_with("uuid", term)

    @admin.display(description="Started")
    def started(self, run: Run) -> object:
        return moment(run.start_time)

    @admin.display(description="Ended")
    def ended(self, run: Run) -> object:
        return moment(run.end_time)

    @admin.display(description="Deleted")
    def deleted(self, run: Run) -> object:
        return moment(run.deleted_time)

    @admin.display(description="Logged")
    def logged(self, run: Run) -> SafeString:
        parts = (LatestMetric, Param, RunTag, DatasetInput, ModelInput, ModelOutput)
        return links(dict.fromkeys(parts, "run"), run)

    @admin.action(description="Delete the selected runs")
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        def act(run: Run) -> None:
            row = run_row(reader(request), run.uuid, at_least=Level.MANAGE)
            runs.delete_run(run=row, by=page_actor(request))

        self.apply(request, queryset, act, done="deleted; they can be restored until gc removes them")

    @admin.action(description="Restore the selected runs")
    def restore_rows(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        def act(run: Run) -> None:
            row = run_row(reader(request), run.uuid, at_least=Level.MANAGE)
            runs.restore_run(run=row, by=page_actor(request))

        self.apply(request, queryset, act, done="restored")

    def get_urls(self) -> list[URLPattern]:
        points = path("<path:object_id>/points/", self.admin_site.admin_view(self.points), name="tracking_run_points")
        return [points, *super().get_urls()]

    def points(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The points of one metric, by time: as many pages as there are, each as fast as the first."""
        run = self.get_object(request, object_id)
        if run is None:
            raise Http404
        key = request.GET.get("key", "")
        try:
            page = points_page(run.pk, key, limit=POINTS_PER_PAGE, token=request.GET.get("after", ""))
        except InvalidParameter as error:
            raise Http404 from error
        context = {
            **self.admin_site.each_context(request),
            "title": f"{key} of {run.name}",
            "opts": self.opts,
            "run": run,
            "key": key,
            "rows": [(point, moment(point.timestamp)) for point in page.rows],
            "after": page.next_page_token,
            "is_first": "after" not in request.GET,
        }
        return TemplateResponse(request, "admin/tracking/run/points.html", context)
