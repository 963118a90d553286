"""People, service accounts, teams, tokens and oneself, in the native API: the MLflow wire has no words for most."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from apps.accounts import queries
from apps.accounts.models import Team, Token, User
from apps.accounts.rest import serializers as s
from apps.accounts.services import people, service_accounts, teams, tokens
from mlregistry.native import AdministratorsChange, Pages, SignedIn, actor, caller, said

NUMBER = "[0-9]{1,18}"
NAME = r"[^/\x00]+"
"""Keys that every database can look for."""


class PeopleView(ReadOnlyModelViewSet[User]):
    """Everyone who signs in with a password. Names are known to all; administrators make and change accounts."""

    permission_classes = (AdministratorsChange,)
    pagination_class = Pages
    serializer_class = s.PersonSerializer
    queryset = queries.people()
    lookup_field = "username"
    lookup_value_regex = NAME
    filterset_fields = {"username": ["exact", "icontains"], "is_active": ["exact"], "is_superuser": ["exact"]}

    @extend_schema(request=s.NewPersonSerializer, responses={201: s.PersonSerializer})
    def create(self, request: Request) -> Response:
        person = people.create(**said(s.NewPersonSerializer, request.data), by=actor(request))
        return Response(s.PersonSerializer(person).data, status.HTTP_201_CREATED)

    @extend_schema(request=s.PersonChangeSerializer, responses=s.PersonSerializer)
    def partial_update(self, request: Request, username: str) -> Response:
        person, asked = self.get_object(), said(s.PersonChangeSerializer, request.data)
        people.update(user=person, **asked, by=actor(request))
        return Response(s.PersonSerializer(person).data)

    def destroy(self, request: Request, username: str) -> Response:
        people.delete(user=self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=s.PasswordSerializer, responses={204: None})
    @action(["post"], detail=True, permission_classes=[SignedIn], filterset_fields=None)
    def password(self, request: Request, username: str) -> Response:
        """Change one's own, saying the current one; or, for administrators, someone else's."""
        person = queries.get_account(caller(request), username=username)
        asked = said(s.PasswordSerializer, request.data)
        people.choose_password(
            user=person, password=asked["password"], current=asked.get("current_password"), by=actor(request)
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class ServiceAccountsView(ReadOnlyModelViewSet[User]):
    """Programs that sign in with tokens, each with a person who answers for it."""

    permission_classes = (AdministratorsChange,)
    pagination_class = Pages
    serializer_class = s.ServiceAccountSerializer
    queryset = queries.service_accounts()
    lookup_field = "username"
    lookup_value_regex = NAME
    filterset_fields = {"username": ["exact", "icontains"], "is_active": ["exact"], "owner__username": ["exact"]}

    @extend_schema(request=s.NewServiceAccountSerializer, responses={201: s.ServiceAccountSerializer})
    def create(self, request: Request) -> Response:
        asked = said(s.NewServiceAccountSerializer, request.data)
        owner = queries.get_user(asked["owner"])
        account = service_accounts.create(username=asked["username"], owner=owner, by=actor(request))
        return Response(s.ServiceAccountSerializer(account).data, status.HTTP_201_CREATED)

    @extend_schema(request=s.ServiceAccountChangeSerializer, responses=s.ServiceAccountSerializer)
    def partial_update(self, request: Request, username: str) -> Response:
        account, asked = self.get_object(), said(s.ServiceAccountChangeSerializer, request.data)
        owner = queries.get_user(asked.pop("owner")) if "owner" in asked else None
        service_accounts.update(account=account, owner=owner, **asked, by=actor(request))
        return Response(s.ServiceAccountSerializer(account).data)

    def destroy(self, request: Request, username: str) -> Response:
        people.delete(user=self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TeamsView(ReadOnlyModelViewSet[Team]):
    """People and service accounts who are given permissions together."""

    permission_classes = (AdministratorsChange,)
    pagination_class = Pages
    serializer_class = s.TeamSerializer
    queryset = queries.teams()
    lookup_value_regex = NUMBER
    filterset_fields = {"name": ["exact", "icontains"]}

    @extend_schema(request=s.NewTeamSerializer, responses={201: s.TeamSerializer})
    def create(self, request: Request) -> Response:
        team = teams.create(**said(s.NewTeamSerializer, request.data), by=actor(request))
        return Response(s.TeamSerializer(team).data, status.HTTP_201_CREATED)

    @extend_schema(request=s.TeamChangeSerializer, responses=s.TeamSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        team = teams.update(team=self.get_object(), **said(s.TeamChangeSerializer, request.data), by=actor(request))
        return Response(s.TeamSerializer(team).data)

    def destroy(self, request: Request, pk: str) -> Response:
        teams.delete(team=self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=s.MemberSerializer(many=True))
    @action(["get"], detail=True, filterset_fields=None)
    def members(self, request: Request, pk: str) -> Response:
        """Who is in the team."""
        pages = Pages()
        found = pages.paginate_queryset(queries.members(self.get_object()), request, self)
        return pages.get_paginated_response(s.MemberSerializer(found, many=True).data)

    @extend_schema(request=None, responses={204: None})
    @action(["put"], detail=True, url_path=f"members/(?P<username>{NAME})", url_name="member")
    def member(self, request: Request, pk: str, username: str) -> Response:
        """Put someone into the team."""
        teams.add_member(team=self.get_object(), user=queries.get_user(username), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={204: None})
    @member.mapping.delete
    def remove_member(self, request: Request, pk: str, username: str) -> Response:
        """Take someone out of the team."""
        teams.remove_member(team=self.get_object(), user=queries.get_user(username), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TokensView(ReadOnlyModelViewSet[Token]):
    """One's own tokens and those of one's service accounts. Deleting one revokes it; its row stays."""

    permission_classes = (SignedIn,)
    pagination_class = Pages
    serializer_class = s.TokenSerializer
    queryset = Token.objects.none()
    lookup_value_regex = NUMBER
    filterset_fields = {"user__username": ["exact"], "scope": ["exact"], "revoked_at": ["isnull"]}

    def get_queryset(self) -> Any:
        return queries.tokens_visible_to(caller(self.request)) if self.request else self.queryset

    @extend_schema(request=s.NewTokenSerializer, responses={201: s.MadeTokenSerializer})
    def create(self, request: Request) -> Response:
        asked = said(s.NewTokenSerializer, request.data)
        username = asked.pop("user", caller(request).username)
        user = get_object_or_404(queries.users_answered_for_by(caller(request)), username=username)
        token, text = tokens.create(user=user, **asked, by=actor(request))
        return Response(s.TokenSerializer(token).data | {"token": text}, status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        tokens.revoke(token=self.get_object(), by=actor(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(mixins.ListModelMixin, GenericViewSet[User]):
    """Whoever asks."""

    permission_classes = (SignedIn,)
    pagination_class = None
    filter_backends = ()
    serializer_class = s.MeSerializer

    @extend_schema(responses=s.MeSerializer, operation_id="me_retrieve")
    def list(self, request: Request) -> Response:
        return Response(s.MeSerializer(caller(request)).data)
