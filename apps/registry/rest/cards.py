"""Model cards in the native API: the wire has no words for them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.registry.models import CardRevision, ModelVersion
from apps.registry.queries import cards as queries
from apps.registry.queries.versions import get_version
from apps.registry.rest import card_serializers as s
from apps.registry.services import cards
from mlregistry.levels import Level
from mlregistry.native import NewestFirst, ReadersAndEditors, actor, caller, said


class CardView(APIView):
    """The card of a version as it is now."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(responses=s.CardSerializer)
    def get(self, request: Request, name: str, version: str) -> Response:
        return _answer(queries.current_card(_version(request, name, version)))

    @extend_schema(request=s.CardChangeSerializer, responses=s.CardSerializer)
    def put(self, request: Request, name: str, version: str) -> Response:
        """Change the sections that are given, in a new revision."""
        found = _version(request, name, version, at_least=Level.EDIT)
        asked = said(s.CardChangeSerializer, request.data)
        return _answer(cards.write_card(version=found, **asked, by=actor(request)))


class CardRevisionsView(ListAPIView[CardRevision]):
    """Who wrote the card, and when; the newest revision first."""

    permission_classes = (ReadersAndEditors,)
    pagination_class = NewestFirst
    serializer_class = s.RevisionSerializer
    queryset = CardRevision.objects.none()

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.revisions(_version(self.request, **self.kwargs)).defer("sections")


class CardRevisionView(APIView):
    """The card as it was."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(responses=s.CardSerializer)
    def get(self, request: Request, name: str, version: str, number: int) -> Response:
        return _answer(queries.get_revision(_version(request, name, version), number))


class CardDiffView(APIView):
    """What changed between two revisions of the card."""

    permission_classes = (ReadersAndEditors,)

    @extend_schema(parameters=[s.RevisionsSerializer], responses=s.CardChangesSerializer)
    def get(self, request: Request, name: str, version: str) -> Response:
        found = _version(request, name, version)
        asked = said(s.RevisionsSerializer, request.query_params)
        before, after = (queries.get_revision(found, asked[end]) for end in ("from", "to"))
        return Response(s.CardChangesSerializer({**asked, "sections": queries.changes(before, after)}).data)


def _version(request: Request, name: str, version: str, *, at_least: Level = Level.READ) -> ModelVersion:
    return get_version(caller(request), name, version, at_least=at_least)


def _answer(card: CardRevision) -> Response:
    return Response(s.CardSerializer(card).data)
