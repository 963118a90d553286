"""What it would take to promote a version, and asking for it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.governance.actions import Proposal
from apps.governance.queries.explaining import explain
from apps.governance.rest.serializers import ChangeRequestSerializer, ExplanationSerializer
from apps.governance.services.opening import ask_for
from apps.registry import proposals
from apps.registry.choices import stage_named
from apps.registry.queries.versions import get_version
from apps.registry.rules import check_alias, check_alias_is_free
from mlregistry.levels import Level
from mlregistry.native import ReadersAndEditors, actor, caller, said


class TargetSerializer(serializers.Serializer[Any]):
    """Where to: a stage, or an alias."""

    to = serializers.CharField(required=False, help_text="A stage, such as Production.")
    alias = serializers.CharField(required=False, help_text="In the place of a stage.")
    archive_existing = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("to" in attrs) == ("alias" in attrs):
            raise serializers.ValidationError("Name either a stage as `to`, or an `alias`.")
        return attrs


class AskingSerializer(TargetSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class PromotionView(APIView):
    """One version on its way to a stage or an alias."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(parameters=[TargetSerializer], responses=ExplanationSerializer)
    def get(self, request: Request, name: str, version: str) -> Response:
        """What it would take now: policies, gates and people, with the caller as the one who asks."""
        asked = said(TargetSerializer, request.query_params)
        proposal = _proposal(request, name, version, asked, at_least=Level.READ)
        return Response(ExplanationSerializer(explain(proposal, by=actor(request))).data)

    @extend_schema(request=AskingSerializer, responses={201: ChangeRequestSerializer})
    def post(self, request: Request, name: str, version: str) -> Response:
        """Ask for it: opens the change request, or finds the one that is open."""
        asked = said(AskingSerializer, request.data)
        proposal = _proposal(request, name, version, asked, at_least=Level.EDIT)
        made = ask_for(proposal, by=actor(request), reason=asked["reason"])
        return Response(ChangeRequestSerializer(made).data, status.HTTP_201_CREATED)


def _proposal(request: Request, name: str, version: str, asked: dict[str, Any], *, at_least: Level) -> Proposal:
    found = get_version(caller(request), name, version, at_least=at_least)
    if "alias" in asked:
        check_alias(asked["alias"])
        check_alias_is_free(asked["alias"])
        return proposals.set_alias(found, asked["alias"])
    return proposals.set_stage(found, stage_named(asked["to"]), archive_existing=asked["archive_existing"])
