"""Deployments in the native API: what they serve, what they served, and changing that."""

from typing import Any

from django_filters import CharFilter
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from apps.registry.queries.versions import get_version
from apps.serving import queries
from apps.serving.models import Deployment, Rollout
from apps.serving.rest import serializers as s
from apps.serving.services import deployments
from mlregistry.levels import Level, Requirement
from mlregistry.native import NewestFirst, Pages, ReadersAndEditors, actor, caller, said


class ManagersDelete(ReadersAndEditors):
    """Those with MANAGE may delete: editing is not deleting."""

    def requirement(self, method: str) -> Requirement:
        return Level.MANAGE if method == "DELETE" else super().requirement(method)


class ByName(Pages):
    ordering = "name"


class DeploymentFilter(FilterSet):  # type: ignore[misc]  # it ships no types
    model = CharFilter("model__name")

    class Meta:
        model = Deployment
        fields = ("name",)


class DeploymentsView(mixins.ListModelMixin, GenericViewSet[Deployment]):
    """What serves models that the caller may read, by name."""

    permission_classes = (ManagersDelete,)
    pagination_class = ByName
    serializer_class = s.DeploymentSerializer
    filterset_class = DeploymentFilter
    lookup_field = "name"
    queryset = Deployment.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.deployments_for(caller(self.request))

    def retrieve(self, request: Request, name: str) -> Response:
        """What it serves now, and what comes."""
        return _shown(request, name)

    @extend_schema(request=None, responses=s.DeploymentSerializer)
    def stop(self, request: Request, name: str) -> Response:
        """Take down what it serves. Its history stays; deploying to it starts it again."""
        found = queries.get_deployment(caller(request), name, at_least=Level.EDIT)
        deployments.stop(deployment=found, by=actor(request))
        return _shown(request, name)

    def destroy(self, request: Request, name: str) -> Response:
        """Forget a deployment that serves nothing."""
        found = queries.get_deployment(caller(request), name, at_least=Level.MANAGE)
        deployments.delete(deployment=found, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RolloutsView(ListAPIView[Rollout]):
    """What a deployment served, serves and is about to serve, the newest first."""

    permission_classes = (ReadersAndEditors,)
    pagination_class = NewestFirst
    serializer_class = s.RolloutSerializer
    filterset_fields = {"state": ["exact"]}
    queryset = Rollout.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        deployment = queries.get_deployment(caller(self.request), self.kwargs["name"])
        return queries.rollouts_of(deployment).defer("image__lock", "image__trial", "job__log")

    @extend_schema(request=s.DeployingSerializer, responses={202: s.RolloutSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Have it serve a version, in the background; the first time makes the deployment.

        What it serves goes on until the new version has answered. Where a policy protects it, the answer is 403 and
        says where the change request is.
        """
        asked = said(s.DeployingSerializer, request.data)
        version = get_version(caller(request), asked["model"], asked["version"], at_least=Level.EDIT)
        rollout = deployments.deploy(version=version, name=name, by=actor(request), reason=asked["reason"])
        return Response(s.RolloutSerializer(rollout).data, status.HTTP_202_ACCEPTED)


def _shown(request: Request, name: str) -> Response:
    return Response(s.DeploymentSerializer(queries.get_deployment(caller(request), name)).data)
