"""Change requests, policies, gates and holds in the native API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from apps.governance.choices import Decision
from apps.governance.gates import every_gate
from apps.governance.models import ChangeRequest, LegalHold, Policy
from apps.governance.queries import policies as policy_queries
from apps.governance.queries import requests as queries
from apps.governance.rest import serializers as s
from apps.governance.services import holds, policies, revalidating, voting
from apps.governance.services.gates import rerun
from mlregistry.levels import Level
from mlregistry.native import Administrators, NewestFirst, Pages, SignedIn, actor, caller, said

NUMBER = "[0-9]{1,18}"
NAME = r"[^/\x00]+"


class ReadersTakePart(SignedIn):
    """Whoever may read the object takes part in what is said about it; who may vote, the request says."""

    reading = Level.READ
    changing = Level.EDIT

    def requirement(self, method: str) -> Level:
        return Level.READ


class ChangeRequestsView(ReadOnlyModelViewSet[ChangeRequest]):
    """Requests about objects that the caller may read, newest first."""

    permission_classes = (ReadersTakePart,)
    pagination_class = NewestFirst
    serializer_class = s.ChangeRequestSerializer
    queryset = ChangeRequest.objects.none()
    filterset_fields = {
        "state": ["exact", "in"],
        "kind": ["exact"],
        "action": ["exact"],
        "object_name": ["exact"],
        "target": ["exact"],
        "requester": ["exact"],
        "opened_at": ["date__gte", "date__lte"],
    }
    lookup_value_regex = NUMBER

    def get_queryset(self) -> Any:
        if not self.request:  # the schema is being made
            return self.queryset
        return queries.visible_requests(caller(self.request))

    @extend_schema(responses=s.WholeRequestSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One request with its evidence, votes, gates, and who may still vote."""
        return _whole(self._found(request, pk))

    @extend_schema(request=s.ApprovingSerializer, responses=s.WholeRequestSerializer)
    @action(["post"], detail=True, filterset_fields=None)
    def approve(self, request: Request, pk: str) -> Response:
        """Vote for it. The last vote that is needed applies the change."""
        return self._vote(request, pk, Decision.APPROVE, s.ApprovingSerializer)

    @extend_schema(request=s.SayingSerializer, responses=s.WholeRequestSerializer)
    @action(["post"], detail=True, filterset_fields=None)
    def reject(self, request: Request, pk: str) -> Response:
        """Vote against it, with a comment: one such vote ends it."""
        return self._vote(request, pk, Decision.REJECT, s.SayingSerializer)

    @extend_schema(request=s.SayingSerializer, responses=s.WholeRequestSerializer)
    @action(["post"], detail=True, filterset_fields=None)
    def cancel(self, request: Request, pk: str) -> Response:
        """Withdraw it: the requester's, or an administrator's."""
        asked = said(s.SayingSerializer, request.data)
        return _whole(voting.cancel(request=self._found(request, pk), user=caller(request), by=actor(request), **asked))

    @extend_schema(request=s.TextSerializer, responses={201: s.CommentSerializer})
    @action(["post"], detail=True, filterset_fields=None)
    def comments(self, request: Request, pk: str) -> Response:
        """Say something about it. Names after an @ are told."""
        asked = said(s.TextSerializer, request.data)
        comment = voting.add_comment(request=self._found(request, pk), by=actor(request), **asked)
        return Response(s.CommentSerializer(comment).data, status.HTTP_201_CREATED)

    @extend_schema(request=s.ReasonSerializer, responses={201: s.ChangeRequestSerializer})
    @action(["post"], detail=True, filterset_fields=None)
    def revalidate(self, request: Request, pk: str) -> Response:
        """Ask for what it applied to be approved for another while."""
        asked = said(s.ReasonSerializer, request.data)
        made = revalidating.revalidate(request=self._found(request, pk), by=actor(request), **asked)
        return Response(s.ChangeRequestSerializer(made).data, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={202: None})
    @action(["post"], detail=True, filterset_fields=None)
    def look(self, request: Request, pk: str) -> Response:
        """Have its gates look again, for whoever asked, may vote or holds EDIT; the answer does not wait for them."""
        rerun(request=self._found(request, pk), by=actor(request))
        return Response(status=status.HTTP_202_ACCEPTED)

    def _vote(self, request: Request, pk: str, decision: Decision, asking: type[s.SayingSerializer]) -> Response:
        found, by = self._found(request, pk), actor(request)
        asked = said(asking, request.data)
        return _whole(voting.vote(request=found, voter=caller(request), decision=decision, by=by, **asked))

    def _found(self, request: Request, pk: str) -> ChangeRequest:
        return queries.get_request(caller(request), int(pk))


class PoliciesView(GenericViewSet[Policy]):
    """What is protected, and what that takes; for administrators."""

    permission_classes = (Administrators,)
    pagination_class = Pages
    serializer_class = s.PolicySerializer
    queryset = Policy.objects.select_related("current__policy").order_by("pk")
    lookup_field = "name"
    lookup_value_regex = NAME

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, name: str) -> Response:
        return Response(s.PolicySerializer(policy_queries.get_policy(name)).data)

    @extend_schema(request=s.DraftSerializer, responses=s.PolicyRevisionSerializer)
    def update(self, request: Request, name: str) -> Response:
        """Write a draft of the next revision; it is in force once it is published."""
        asked = said(s.DraftSerializer, request.data)
        return Response(s.PolicyRevisionSerializer(policies.write_draft(name=name, by=actor(request), **asked)).data)

    @extend_schema(responses=s.PolicyRevisionSerializer(many=True))
    @action(["get"], detail=True, pagination_class=None)
    def revisions(self, request: Request, name: str) -> Response:
        """Every revision there was, the newest first."""
        found = policy_queries.get_policy(name).revisions.select_related("policy").order_by("-number")
        return Response(s.PolicyRevisionSerializer(found, many=True).data)

    @extend_schema(request=s.ReasonSerializer, responses=s.ChangedPolicySerializer)
    @action(["post"], detail=True)
    def publish(self, request: Request, name: str) -> Response:
        """Put the newest draft in force, or ask for that where a policy is in force already."""
        draft = policy_queries.newest_draft(name)
        made = policies.publish(revision=draft, by=actor(request), **said(s.ReasonSerializer, request.data))
        return _changed(name, made)

    @extend_schema(request=s.ReasonSerializer, responses=s.ChangedPolicySerializer)
    @action(["post"], detail=True)
    def retire(self, request: Request, name: str) -> Response:
        """Have it protect nothing any more, or ask for that."""
        found = policy_queries.get_policy(name)
        made = policies.retire(policy=found, by=actor(request), **said(s.ReasonSerializer, request.data))
        return _changed(name, made)


class GatesView(APIView):
    """The gates that a policy can ask for."""

    permission_classes = (SignedIn,)

    @extend_schema(responses=s.GateSerializer(many=True))
    def get(self, request: Request) -> Response:
        gates = [gate for _, gate in sorted(every_gate().items())]
        return Response(s.GateSerializer(gates, many=True).data)


class HoldsView(ReadOnlyModelViewSet[LegalHold]):
    """What must not be deleted or renamed; for administrators."""

    permission_classes = (Administrators,)
    pagination_class = NewestFirst
    serializer_class = s.HoldSerializer
    queryset = LegalHold.objects.all()
    lookup_value_regex = NUMBER
    filterset_fields = {"object_name": ["exact"], "lifted_at": ["isnull"]}

    @extend_schema(request=s.NewHoldSerializer, responses={201: s.HoldSerializer})
    def create(self, request: Request) -> Response:
        asked = said(s.NewHoldSerializer, request.data)
        hold = holds.place_hold(
            object_name=asked["model"], subject=asked["version"], reason=asked["reason"], by=actor(request)
        )
        return Response(s.HoldSerializer(hold).data, status.HTTP_201_CREATED)

    @extend_schema(request=s.ReasonSerializer, responses=s.HoldSerializer)
    @action(["post"], detail=True, filterset_fields=None)
    def lift(self, request: Request, pk: str) -> Response:
        hold = self.get_object()
        holds.lift_hold(hold=hold, by=actor(request), **said(s.ReasonSerializer, request.data))
        return Response(s.HoldSerializer(self.get_object()).data)


def _whole(request: ChangeRequest) -> Response:
    return Response(s.WholeRequestSerializer(request).data)


def _changed(name: str, made: ChangeRequest | None) -> Response:
    policy = policy_queries.get_policy(name)
    return Response(s.ChangedPolicySerializer({"policy": policy, "request": made}).data)
