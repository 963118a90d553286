"""Who holds what on an object, teams included: the wire has words for users only."""

from typing import Any, ClassVar

from django.db.models import Model
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.grants import Holder, ObjectGrants
from apps.accounts.models import User
from apps.accounts.queries import get_team, get_user
from apps.accounts.rest.grant_serializers import GrantSerializer, HolderSerializer, SetGrantSerializer
from mlregistry.levels import Level
from mlregistry.native import ScopedByLevel, actor, said


class PermissionsView(APIView):
    """Levels on one object; for those who manage it. An app says which `grants`, and finds the object."""

    permission_classes = (ScopedByLevel,)
    grants: ClassVar[ObjectGrants]

    def managed(self, request: Request, **key: str) -> Model:
        """The object that the path names, once whoever asks holds MANAGE on it."""
        raise NotImplementedError

    @extend_schema(responses=GrantSerializer(many=True))
    def get(self, request: Request, **key: str) -> Response:
        granted = self.grants.on(self.managed(request, **key))
        return Response(GrantSerializer([_shown(holder, level) for holder, level in granted], many=True).data)

    @extend_schema(request=SetGrantSerializer, responses=GrantSerializer)
    def put(self, request: Request, **key: str) -> Response:
        """Give a user or a team a level, whether or not it holds one."""
        target = self.managed(request, **key)
        asked = said(SetGrantSerializer, request.data)
        holder, level = _holder(asked), Level[asked["permission"]]
        self.grants.set(target=target, holder=holder, level=level, by=actor(request))
        return Response(GrantSerializer(_shown(holder, level)).data)

    @extend_schema(parameters=[HolderSerializer], responses={204: None})
    def delete(self, request: Request, **key: str) -> Response:
        """Take back what was granted to a user or a team."""
        target = self.managed(request, **key)
        holder = _holder(said(HolderSerializer, request.query_params))
        self.grants.remove(target=target, holder=holder, by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _holder(asked: dict[str, Any]) -> Holder:
    return get_user(asked["user"]) if "user" in asked else get_team(asked["team"])


def _shown(holder: Holder, level: Level) -> dict[str, str]:
    kind = holder.kind if isinstance(holder, User) else "team"
    return {"holder": kind, "name": str(holder), "permission": level.name}
