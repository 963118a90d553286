"""Images of versions in the native API: building them, and what came of it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry.queries.versions import get_version
from apps.serving import queries
from apps.serving.models import Image
from apps.serving.rest import serializers as s
from apps.serving.services import images
from mlregistry.levels import Level
from mlregistry.native import NewestFirst, ReadersAndEditors, actor, caller, said


class VersionImagesView(ListAPIView[Image]):
    """Every build of a version, the newest first."""

    permission_classes = (ReadersAndEditors,)
    pagination_class = NewestFirst
    serializer_class = s.ImageSerializer
    filterset_fields = {"state": ["exact"]}
    queryset = Image.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        version = get_version(caller(self.request), **self.kwargs, at_least=Level.READ)
        return queries.images_of(version).defer("lock", "trial", "job__log")

    @extend_schema(request=s.BuildSerializer, responses={202: s.WholeImageSerializer})
    def post(self, request: Request, name: str, version: str) -> Response:
        """Have an image built, in the background; the one that is being built already, if there is one."""
        found = get_version(caller(request), name, version, at_least=Level.EDIT)
        asked = said(s.BuildSerializer, request.data)
        image = images.request_build(version=found, by=actor(request), **asked)
        return Response(s.WholeImageSerializer(image).data, status.HTTP_202_ACCEPTED)


class ImageView(APIView):
    """One image: with every package in it, and what it answered when it was tried."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(responses=s.WholeImageSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(s.WholeImageSerializer(queries.get_image(caller(request), pk)).data)
