"""Routes of the native API's registry, below /api/v1/."""

from django.urls import path

from apps.registry.rest import cards, content, lineage
from apps.registry.rest.as_of import AsOfView
from apps.registry.rest.deliveries import DeliveriesView
from apps.registry.rest.evidence import EvidenceView
from apps.registry.rest.permissions import ModelPermissionsView
from apps.registry.rest.promotion import PromotionView

MODEL = "registered-models/<str:name>"
VERSION = f"{MODEL}/versions/<str:version>"

urlpatterns = [
    path(f"{MODEL}/permissions", ModelPermissionsView.as_view()),
    path(f"{MODEL}/as-of", AsOfView.as_view()),
    path(f"{VERSION}/card", cards.CardView.as_view()),
    path(f"{VERSION}/card/diff", cards.CardDiffView.as_view()),
    path(f"{VERSION}/card/revisions", cards.CardRevisionsView.as_view()),
    path(f"{VERSION}/card/revisions/<int:number>", cards.CardRevisionView.as_view()),
    path(f"{VERSION}/content", content.ContentView.as_view()),
    path(f"{VERSION}/content/files", content.ContentFilesView.as_view()),
    path(f"{VERSION}/content/verification", content.VerificationView.as_view()),
    path(f"{VERSION}/scans", content.ScansView.as_view()),
    path(f"{VERSION}/sbom", content.SbomView.as_view()),
    path("model-versions/<str:name>/<str:version>/promotion", PromotionView.as_view()),
    path("model-versions/<str:name>/<str:version>/evidence", EvidenceView.as_view()),
    path("lineage", lineage.LineageView.as_view()),
    path("webhooks/<str:webhook_id>/deliveries", DeliveriesView.as_view({"get": "list"})),
    path("webhooks/<str:webhook_id>/deliveries/<str:delivery_id>/replay", DeliveriesView.as_view({"post": "replay"})),
]
