"""Where the pages of the registry are, below /admin/."""

from django.urls import path

from apps.registry.pages import as_of, diff, model, model_changes, models, promotion, register, version, version_changes

MODEL = "models/<int:pk>/"
VERSION = f"{MODEL}versions/<int:number>/"

urlpatterns = [
    path("models/", models.models, name="models"),
    path("prompts/", models.prompts, name="prompts"),
    path("runs/<str:uuid>/register/", register.register_run, name="register-run"),
    path("as-of/", as_of.as_of, name="as-of"),
    path(MODEL, model.model, name="model"),
    path(f"{MODEL}diff/", diff.diff, name="versions-diff"),
    path(f"{MODEL}describe/", model_changes.describe, name="model-describe"),
    path(f"{MODEL}tags/", model_changes.set_tag, name="model-tag"),
    path(f"{MODEL}tags/delete/", model_changes.delete_tag, name="model-untag"),
    path(f"{MODEL}rename/", model_changes.rename, name="model-rename"),
    path(f"{MODEL}delete/", model_changes.delete, name="model-delete"),
    path(f"{MODEL}grants/", model_changes.grant, name="model-grant"),
    path(f"{MODEL}grants/delete/", model_changes.take_back, name="model-take-back"),
    path(VERSION, version.version, name="version"),
    path(f"{VERSION}promotion/", promotion.promotion, name="version-promotion"),
    path(f"{VERSION}promotion/ask/", promotion.ask, name="version-ask"),
    path(f"{VERSION}describe/", version_changes.describe, name="version-describe"),
    path(f"{VERSION}stage/", version_changes.set_stage, name="version-stage"),
    path(f"{VERSION}aliases/", version_changes.set_alias, name="version-alias"),
    path(f"{VERSION}aliases/delete/", version_changes.delete_alias, name="version-unalias"),
    path(f"{VERSION}tags/", version_changes.set_tag, name="version-tag"),
    path(f"{VERSION}tags/delete/", version_changes.delete_tag, name="version-untag"),
    path(f"{VERSION}comments/", version_changes.comment, name="version-comment"),
    path(f"{VERSION}comments/<int:comment_pk>/", version_changes.edit_comment, name="version-comment-edit"),
    path(f"{VERSION}verify/", version_changes.verify, name="version-verify"),
    path(f"{VERSION}scan/", version_changes.scan_again, name="version-scan"),
    path(f"{VERSION}delete/", version_changes.delete, name="version-delete"),
]
