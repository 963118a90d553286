"""A version's evidence, to be handed to whoever audits."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.registry.queries.versions import get_version
from apps.registry.services.evidence_bundle import make_evidence_bundle
from mlregistry.errors import PermissionDenied
from mlregistry.levels import Level
from mlregistry.native import ReadersAndEditors, actor, caller

ZIP = "application/zip"


class EvidenceView(APIView):
    """Everything that is known of a version, signed."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(responses={(200, ZIP): OpenApiTypes.BINARY})
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """A zip with card, manifest, SBOM, scans, metrics, lineage, requests, votes, gates and its part of the record.

        For those who may read the audit record. `manage.py audit verifier` prints what verifies it offline.
        """
        user = caller(request)
        found = get_version(user, name, version, at_least=Level.READ)
        if not user.has_perm("audit.view_entry"):
            raise PermissionDenied("The evidence holds a part of the audit record, which only auditors may read.")
        content = make_evidence_bundle(version=found, user=user, by=actor(request))
        disposition = f'attachment; filename="evidence-version-{found.version}.zip"'
        return HttpResponse(content, content_type=ZIP, headers={"Content-Disposition": disposition})
