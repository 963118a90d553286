"""What held a stage or an alias at some moment, in the native API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.governance.models import ChangeRequest
from apps.governance.rest.serializers import ChangeRequestSerializer, VoteSerializer
from apps.registry.queries.as_of import Holder, as_of, past_of, place_of
from mlregistry.native import ReadersAndEditors, caller, said


class AsOfQuerySerializer(serializers.Serializer[Any]):
    """When, and either a stage or an alias."""

    time = serializers.DateTimeField(required=False, help_text="2026-05-03T14:00:00Z; without it, now.")
    stage = serializers.CharField(required=False, default="", allow_blank=True, help_text="Such as Production.")
    alias = serializers.CharField(required=False, default="", allow_blank=True, help_text="In the place of a stage.")


class ApprovalSerializer(ChangeRequestSerializer):
    """The request that was applied: with its evidence, its votes and the policies that it was judged by."""

    votes = VoteSerializer(many=True)
    policies = serializers.SerializerMethodField(help_text="Numbers of revisions, by policy.")

    class Meta(ChangeRequestSerializer.Meta):
        fields = (*ChangeRequestSerializer.Meta.fields, "evidence", "votes", "policies")
        read_only_fields = fields

    def get_policies(self, request: ChangeRequest) -> dict[str, int]:
        return {revision.policy.name: revision.number for revision in request.revisions.all()}


class HolderSerializer(serializers.Serializer[Holder]):
    version = serializers.CharField()
    since = serializers.DateTimeField()
    by = serializers.CharField(help_text="Who carried it out.")
    entry = serializers.IntegerField(help_text="The entry of the audit record that says so.")
    request = ApprovalSerializer(allow_null=True, help_text="Null: no policy asked for approval.")


class AsOfSerializer(serializers.Serializer[Any]):
    model = serializers.CharField()
    time = serializers.DateTimeField()
    place = serializers.CharField(help_text="The stage, or the alias behind an @.")
    deleted_at = serializers.DateTimeField(
        allow_null=True, help_text="Told to who reads the record; null: it is there."
    )
    holders = HolderSerializer(many=True, help_text="The versions that were there; the highest number first.")


class AsOfView(APIView):
    """Looking back."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(parameters=[AsOfQuerySerializer], responses=AsOfSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Which version held a stage or an alias then, since when, approved by whom and on which evidence."""
        asked = said(AsOfQuerySerializer, request.query_params)
        moment = asked.get("time") or timezone.now()
        past = past_of(caller(request), name, moment)
        place = place_of(stage=asked["stage"], alias=asked["alias"])
        told = {"model": past.name, "time": moment, "place": place.name, "holders": as_of(past, place, moment)}
        return Response(AsOfSerializer(told | {"deleted_at": past.deletion and past.deletion.time}).data)
