"""Asking a deployment, as one would ask MLflow's scoring server: its address is that of the deployment here."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.serving import answering, queries
from apps.serving.models import Deployment, Rollout
from apps.serving.rest.serializers import LiveSerializer
from mlregistry.errors import Busy
from mlregistry.levels import Level
from mlregistry.native import SignedIn, caller

JSON, CSV, PARQUET = answering.CONTENT_TYPES
VERSION_HEADER = "X-Model-Version"


class MayAsk(SignedIn):
    """The signed-in, where USE on the model lets one ask it."""

    reading = changing = Level.USE


class AskingView(APIView):
    permission_classes = (MayAsk,)
    renderer_classes = (JSONRenderer,)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:  # noqa: FBT002  DRF's
        """The model answers in the form that it answers in; errors are JSON."""
        return super().perform_content_negotiation(request, force=True)

    def asked(self, request: Request, name: str) -> Deployment:
        return queries.get_deployment(caller(request), name, at_least=Level.USE)


class InvocationsView(AskingView):
    """Predictions by the version that is live."""

    raises = (Busy,)

    @extend_schema(
        request={JSON: OpenApiTypes.OBJECT, CSV: OpenApiTypes.STR, PARQUET: OpenApiTypes.BINARY},
        responses={
            (200, JSON): OpenApiTypes.OBJECT,
            "default": OpenApiResponse(description="What the model says to a question that it does not take."),
        },
    )
    def post(self, request: Request, name: str) -> HttpResponse:
        """A prediction, in the words of MLflow's scoring server. The header X-Model-Version says who answered."""
        deployment = self.asked(request, name)
        reply = answering.invoke(deployment, body=request.body, content_type=request.content_type)
        headers = {VERSION_HEADER: str(reply.version)}
        return HttpResponse(reply.body, status=reply.status, content_type=reply.content_type, headers=headers)


class PingView(AskingView):
    """Whether a version is live."""

    @extend_schema(responses=LiveSerializer)
    def get(self, request: Request, name: str) -> Response:
        """The version that is live; refused where none is."""
        live: Rollout = answering.live_in(self.asked(request, name))
        return Response(LiveSerializer(live).data, headers={VERSION_HEADER: str(live.version.version)})
