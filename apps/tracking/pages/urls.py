"""Where the pages of tracking are, below /admin/."""

from django.urls import URLPattern, path

from apps.tracking.pages import (
    artifacts,
    charts,
    compare,
    experiments,
    home,
    logged_models,
    run,
    run_actions,
    run_changes,
    run_export,
    runs,
    table_settings,
)


def _shelves(kind: artifacts.Kind, base: str) -> list[URLPattern]:
    """The files of a run or a logged model."""
    views = {"artifacts": artifacts.artifacts, "file": artifacts.file, "zip": artifacts.archive}
    return [path(f"{base}/{what}/", view, {"kind": kind}, name=f"{kind}-{what}") for what, view in views.items()]


urlpatterns = [
    path("home/runs/", home.runs, name="home-runs"),
    path("experiments/", experiments.experiments, name="experiments"),
    path("runs/<str:uuid>/", run.run, name="run"),
    path("runs/<str:uuid>/charts/", charts.charts, name="run-charts"),
    path("runs/<str:uuid>/system/", charts.system, name="run-system"),
    path("runs/<str:uuid>/points/", charts.points, name="run-points"),
    path("runs/<str:uuid>/others/", charts.others, name="run-others"),
    path("runs/<str:uuid>/tag/", run_changes.set_tag, name="run-set-tag"),
    path("runs/<str:uuid>/untag/", run_changes.delete_tag, name="run-delete-tag"),
    path("runs/<str:uuid>/describe/", run_changes.describe, name="run-describe"),
    path("runs/<str:uuid>/rename/", run_changes.rename, name="run-rename"),
    path("runs/<str:uuid>/delete/", run_changes.delete, name="run-delete"),
    path("runs/<str:uuid>/restore/", run_changes.restore, name="run-restore"),
    path("logged-models/<str:model_id>/", logged_models.logged_model, name="logged-model"),
    *_shelves("run", "runs/<str:owner_id>"),
    *_shelves("logged-model", "logged-models/<str:owner_id>"),
    path("compare/", compare.compare, name="compare"),
    path("compare/data/", compare.compare_data, name="compare-data"),
    path("compare/curves/", compare.compare_curves, name="compare-curves"),
    path("compare/files/", compare.compare_files, name="compare-files"),
    path("compare/comparison.json", compare.compare_json, name="compare-json"),
    path("compare/comparison.csv", compare.compare_csv, name="compare-csv"),
    path("experiments/new/", experiments.new_experiment, name="experiment-new"),
    path("experiments/<int:pk>/", runs.experiment, name="experiment"),
    path("experiments/<int:pk>/edit/", experiments.edit_experiment, name="experiment-edit"),
    path("experiments/<int:pk>/delete/", experiments.delete_experiment, name="experiment-delete"),
    path("experiments/<int:pk>/restore/", experiments.restore_experiment, name="experiment-restore"),
    path("experiments/<int:pk>/rows/", runs.rows, name="experiment-rows"),
    path("experiments/<int:pk>/live/", runs.live, name="experiment-live"),
    path("experiments/<int:pk>/keys/", table_settings.keys, name="experiment-keys"),
    path("experiments/<int:pk>/columns/", table_settings.columns, name="experiment-columns"),
    path("experiments/<int:pk>/views/", table_settings.save_view, name="experiment-views"),
    path("experiments/<int:pk>/views/<int:view>/", table_settings.open_view, name="experiment-view"),
    path("experiments/<int:pk>/views/<int:view>/delete/", table_settings.delete_view, name="experiment-view-delete"),
    path("exports/<int:pk>/", run_export.export_file, name="export-file"),
    path("experiments/<int:pk>/export/", run_export.export, name="experiment-export"),
    path("experiments/<int:pk>/selected/compare/", run_actions.compare, name="runs-compare"),
    path("experiments/<int:pk>/selected/tag/", run_actions.tag, name="runs-tag"),
    path("experiments/<int:pk>/selected/move/", run_actions.move, name="runs-move"),
    path("experiments/<int:pk>/selected/targets/", run_actions.targets, name="runs-targets"),
    path("experiments/<int:pk>/selected/delete/", run_actions.delete, name="runs-delete"),
    path("experiments/<int:pk>/selected/restore/", run_actions.restore, name="runs-restore"),
]
