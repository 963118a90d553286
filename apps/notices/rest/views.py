"""One's own notices and how one is told, below /api/v1/."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from apps.accounts.models import User
from apps.governance.announcing import Event
from apps.notices.choices import Way
from apps.notices.models import Notice
from apps.notices.queries.notices import get_notice, notices_of
from apps.notices.queries.preferences import choices_of
from apps.notices.rest import serializers as s
from apps.notices.services import preferences, reading
from mlregistry.levels import Level
from mlregistry.native import NewestFirst, SignedIn, caller, said

NUMBER = "[0-9]{1,18}"


class OnesOwn(SignedIn):
    """The signed-in, each for themselves; a token needs the scope to write in order to change something."""

    changing = Level.EDIT


class NoticesView(ReadOnlyModelViewSet[Notice]):
    """What the caller was told, newest first."""

    permission_classes = (OnesOwn,)
    pagination_class = NewestFirst
    serializer_class = s.NoticeSerializer
    queryset = Notice.objects.none()
    filterset_fields = {
        "event": ["exact", "in"],
        "request__id": ["exact"],  # a number and no row: which change requests there are is not said
        "read_at": ["isnull"],
        "made_at": ["date__gte", "date__lte"],
    }
    lookup_value_regex = NUMBER

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return notices_of(caller(self.request))

    @extend_schema(request=None, responses=s.NoticeSerializer)
    @action(["post"], detail=True, filterset_fields=None)
    def read(self, request: Request, pk: str) -> Response:
        """Mark one as read."""
        return Response(s.NoticeSerializer(reading.mark_read(notice=get_notice(caller(request), int(pk)))).data)

    @extend_schema(request=None, responses=s.ReadSerializer)
    @action(
        ["post"], detail=False, url_path="read-all", url_name="read-all", filterset_fields=None, pagination_class=None
    )
    def read_all(self, request: Request) -> Response:
        """Mark everything as read."""
        return Response({"read": reading.mark_all_read(user=caller(request))})


class PreferencesView(APIView):
    """Of what the caller is told, and how."""

    permission_classes = (OnesOwn,)

    @extend_schema(responses=s.ChoicesSerializer)
    def get(self, request: Request) -> Response:
        return Response(_choices(caller(request)))

    @extend_schema(request=s.ChoicesSerializer, responses=s.ChoicesSerializer)
    def put(self, request: Request) -> Response:
        """Choose for the events that are given; the others stay as they are."""
        asked = said(s.ChoicesSerializer, request.data)
        chosen = {Event(each["event"]): [Way(way) for way in each["ways"]] for each in asked["choices"]}
        preferences.choose(user=caller(request), chosen=chosen)
        return Response(_choices(caller(request)))


def _choices(user: User) -> dict[str, Any]:
    return {
        "choices": [
            {"event": event.value, "ways": sorted(way.value for way in ways)}
            for event, ways in choices_of(user).items()
        ]
    }
