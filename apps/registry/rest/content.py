"""What a version is made of, in the native API: its manifest, what was found in it, and what it needs to run."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry.models import ContentFile, ModelVersion, Scan
from apps.registry.queries import version_content as queries
from apps.registry.queries.versions import get_version
from apps.registry.rest.content_serializers import (
    ContentFileSerializer,
    ContentSerializer,
    JobSerializer,
    ScanSerializer,
)
from apps.registry.services import inspection
from apps.registry.services.verification import verify_content
from mlregistry.levels import Level
from mlregistry.native import NewestFirst, Pages, ReadersAndEditors, actor, caller

CYCLONEDX = "application/vnd.cyclonedx+json"


class ByPath(Pages):
    ordering = "path"


class ContentView(APIView):
    """The state of a version's files, who signed for them, and what their MLmodel says."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(responses=ContentSerializer)
    def get(self, request: Request, name: str, version: str) -> Response:
        return Response(ContentSerializer(queries.get_content(_version(request, name, version))).data)


class ContentFilesView(ListAPIView[ContentFile]):
    """The manifest, file by file, by path."""

    permission_classes = (ReadersAndEditors,)
    pagination_class = ByPath
    serializer_class = ContentFileSerializer
    queryset = ContentFile.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.files_of(queries.get_content(_version(self.request, **self.kwargs)))


class ScansView(ListAPIView[Scan]):
    """Every scan of the version's files, the newest first: that one counts."""

    permission_classes = (ReadersAndEditors,)
    pagination_class = NewestFirst
    serializer_class = ScanSerializer
    filterset_fields = {"verdict": ["exact"]}
    queryset = Scan.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.scans_of(_version(self.request, **self.kwargs))

    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, name: str, version: str) -> Response:
        """Look into the files again, in the background."""
        found = _version(request, name, version, at_least=Level.EDIT)
        job = inspection.request_inspection(version_pk=found.pk, by=actor(request), anew=True)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class VerificationView(APIView):
    """Whether a version still is what was registered."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(request=None, responses=ContentSerializer)
    def post(self, request: Request, name: str, version: str) -> Response:
        """Hold the files against the manifest, and the manifest against its signature; what differs is named.

        Read are files that the store says were touched; `manage.py verify_artifacts --deep` reads all of them.
        """
        found = _version(request, name, version, at_least=Level.EDIT)
        return Response(ContentSerializer(verify_content(version=found)).data)


class SbomView(APIView):
    """What the version needs to run: a CycloneDX document to save."""

    permission_classes = (ReadersAndEditors,)
    renderer_classes = (JSONRenderer,)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:  # noqa: FBT002  DRF's
        """The one form there is, whatever a client says that it accepts; errors are JSON."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(responses={(200, CYCLONEDX): OpenApiTypes.OBJECT})
    def get(self, request: Request, name: str, version: str) -> Response:
        found = _version(request, name, version)
        document = queries.get_sbom(found).document
        disposition = f'attachment; filename="sbom-{found.version}.cdx.json"'
        return Response(document, content_type=CYCLONEDX, headers={"Content-Disposition": disposition})


def _version(request: Request, name: str, version: str, *, at_least: Level = Level.READ) -> ModelVersion:
    return get_version(caller(request), name, version, at_least=at_least)
