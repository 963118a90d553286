"""Lineage in the native API. Routes are read after every app has added its kinds, so the schema has them all."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry.queries.lineage import BOTH, DEEPEST, DOWNSTREAM, MOST_NODES, UPSTREAM, lineage_of
from apps.registry.queries.lineage_nodes import KINDS, addresses
from apps.registry.queries.lineage_relations import relation_words
from mlregistry.native import ReadersAndEditors, caller, said


class LineageQuerySerializer(serializers.Serializer[Any]):
    node = serializers.CharField(trim_whitespace=False, help_text=f"One of {addresses()}.")
    direction = serializers.ChoiceField(choices=[UPSTREAM, DOWNSTREAM, BOTH], default=BOTH)
    depth = serializers.IntegerField(
        min_value=1, max_value=DEEPEST, default=DEEPEST, help_text="How many relations away."
    )


class NodeSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="To be asked for as `node`.")
    kind = serializers.CharField(help_text=f"One of {', '.join(KINDS)}.")
    name = serializers.CharField()
    details = serializers.DictField()


class EdgeSerializer(serializers.Serializer[Any]):
    """`from` where something came, `to` what became of it."""

    to = serializers.CharField(source="target")
    relation = serializers.ChoiceField(choices=list(relation_words()))

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {"from": serializers.CharField(source="source"), **super().get_fields()}


class LineageSerializer(serializers.Serializer[Any]):
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)
    truncated = serializers.BooleanField(help_text=f"There is more: an answer holds at most {MOST_NODES} nodes.")


class LineageView(APIView):
    """Where something came from, and what became of it, as far as whoever asks may read it."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(parameters=[LineageQuerySerializer], responses=LineageSerializer)
    def get(self, request: Request) -> Response:
        asked = said(LineageQuerySerializer, request.query_params)
        found = lineage_of(caller(request), asked["node"], direction=asked["direction"], depth=asked["depth"])
        told = {"nodes": found.nodes.values(), "edges": found.edges, "truncated": found.truncated}
        return Response(LineageSerializer(told).data)
