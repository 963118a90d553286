"""Policies, change requests and holds as the native API writes and reads them."""

from functools import cached_property
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.governance.choices import GateVerdict
from apps.governance.gates import Gate
from apps.governance.models import ChangeRequest, Comment, GateRun, LegalHold, Policy, PolicyRevision, Vote
from apps.governance.queries.eligibility import Jury, Place
from apps.governance.queries.explaining import Explanation
from apps.governance.services.opening import address_of


class VoteSerializer(serializers.ModelSerializer[Vote]):
    class Meta:
        model = Vote
        fields = ("voter", "decision", "teams", "comment", "evidence_digest", "cast_at")
        read_only_fields = fields


class GateRunSerializer(serializers.ModelSerializer[GateRun]):
    class Meta:
        model = GateRun
        fields = ("gate", "terms", "verdict", "sentence", "data", "evidence_digest", "started_at", "finished_at")
        read_only_fields = fields


class PlaceSerializer(serializers.Serializer[Any]):
    """Whether somebody may vote, for which teams, and if not, why."""

    username = serializers.SerializerMethodField()
    may_vote = serializers.BooleanField(source="may")
    teams = serializers.ListField(child=serializers.CharField())
    why_not = serializers.CharField()

    def get_username(self, place: Place) -> str:
        return place.user.username


class CommentSerializer(serializers.ModelSerializer[Comment]):
    class Meta:
        model = Comment
        fields = ("id", "author", "text", "mentions", "written_at", "edited_at", "deleted_at")
        read_only_fields = fields


class ChangeRequestSerializer(serializers.ModelSerializer[ChangeRequest]):
    address = serializers.SerializerMethodField(help_text="The page where it is decided.")
    object = serializers.CharField(source="object_name")
    subject = serializers.CharField(source="subject_name")

    class Meta:
        model = ChangeRequest
        fields: tuple[str, ...] = (
            "id", "kind", "state", "action", "object", "subject", "target", "payload", "summary", "reason", "requester",
            "approvals_needed", "evidence_digest", "opened_at", "expires_at", "ended_at", "ended_by", "outcome",
            "valid_until", "taken_back_at", "parent", "address",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields

    def get_address(self, request: ChangeRequest) -> str:
        return address_of(request)


class WholeRequestSerializer(ChangeRequestSerializer):
    """The same with everything that speaks for and against it."""

    policies = serializers.SerializerMethodField()
    votes = serializers.SerializerMethodField()
    gates = serializers.SerializerMethodField()
    approvals_missing = serializers.SerializerMethodField()
    slots_missing = serializers.SerializerMethodField()
    people = serializers.SerializerMethodField(help_text="Members of the reviewing teams, and whether each may vote.")
    comments = serializers.SerializerMethodField()

    class Meta(ChangeRequestSerializer.Meta):
        fields = (
            *ChangeRequestSerializer.Meta.fields, "evidence", "before", "policies", "votes", "gates",
            "approvals_missing", "slots_missing", "people", "comments",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_policies(self, request: ChangeRequest) -> dict[str, int]:
        """Numbers of the revisions that it is judged by, by policy."""
        return dict(request.revisions.order_by("pk").values_list("policy__name", "number"))

    @extend_schema_field(VoteSerializer(many=True))
    def get_votes(self, request: ChangeRequest) -> list[Any]:
        return [VoteSerializer(vote).data for vote in self._jury.votes]

    @extend_schema_field(CommentSerializer(many=True))
    def get_comments(self, request: ChangeRequest) -> list[Any]:
        return [CommentSerializer(comment).data for comment in request.comments.order_by("pk")]

    @extend_schema_field(GateRunSerializer(many=True))
    def get_gates(self, request: ChangeRequest) -> list[Any]:
        """What each gate said last."""
        newest = {run.position: run for run in request.gate_runs.order_by("pk")}
        return [GateRunSerializer(newest[position]).data for position in sorted(newest)]

    def get_approvals_missing(self, request: ChangeRequest) -> int:
        return self._jury.missing()

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_slots_missing(self, request: ChangeRequest) -> dict[str, int]:
        return self._jury.missing_slots()

    @extend_schema_field(PlaceSerializer(many=True))
    def get_people(self, request: ChangeRequest) -> list[Any]:
        return [PlaceSerializer(place).data for place in self._jury.places()]

    @cached_property
    def _jury(self) -> Jury:
        """One request at a time is shown whole."""
        return Jury(self.instance)  # type: ignore[arg-type]  # the request


class SayingSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(required=False, allow_blank=True, default="")


class ApprovingSerializer(SayingSerializer):
    seen = serializers.CharField(
        help_text="The evidence_digest that was looked at; a vote on other evidence is refused."
    )


class TextSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="")


class PolicyRevisionSerializer(serializers.ModelSerializer[PolicyRevision]):
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = PolicyRevision
        fields = ("number", "document", "written_by", "written_at", "published_at", "in_force")
        read_only_fields = fields

    def get_in_force(self, revision: PolicyRevision) -> bool:
        return bool(revision.policy.current_id == revision.pk)


class PolicySerializer(serializers.ModelSerializer[Policy]):
    current = PolicyRevisionSerializer(allow_null=True, help_text="Null: it protects nothing.")

    class Meta:
        model = Policy
        fields = ("name", "current")
        read_only_fields = fields


class DraftSerializer(serializers.Serializer[Any]):
    document = serializers.DictField(help_text="models, protects, approvals, slots, reviewers, excluded, gates, …")


class ChangedPolicySerializer(serializers.Serializer[Any]):
    """What became of publishing or retiring: done, or asked for."""

    policy = PolicySerializer()
    request = ChangeRequestSerializer(allow_null=True, help_text="What has to be approved first; null: it is done.")


class HoldSerializer(serializers.ModelSerializer[LegalHold]):
    model = serializers.CharField(source="object_name")
    version = serializers.CharField(source="subject")

    class Meta:
        model = LegalHold
        fields = (
            "id", "model", "version", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at", "lifted_because",
        )  # fmt: skip
        read_only_fields = fields


class NewHoldSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="Name of a model, or a pattern such as fraud-*.")
    version = serializers.CharField(required=False, allow_blank=True, default="", help_text="Empty: all of them.")
    reason = serializers.CharField()


class GateSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    is_quick = serializers.BooleanField(help_text="Whether it only reads the database.")
    terms = serializers.SerializerMethodField(help_text="JSON schema of what a policy tells it.")

    @extend_schema_field(serializers.DictField())
    def get_terms(self, gate: Gate) -> dict[str, Any]:
        return msgspec.json.schema(gate.Terms)


class GateNowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    terms = serializers.DictField()
    verdict = serializers.ChoiceField(choices=GateVerdict.choices)
    sentence = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """What it would take now, gate by gate and person by person."""

    summary = serializers.CharField()
    is_done = serializers.BooleanField()
    is_free = serializers.BooleanField(help_text="No policy protects it: it can be done without asking.")
    policies = serializers.SerializerMethodField()
    approvals_needed = serializers.IntegerField()
    approvals_missing = serializers.IntegerField()
    slots = serializers.DictField(child=serializers.IntegerField())
    slots_missing = serializers.DictField(child=serializers.IntegerField())
    gates = GateNowSerializer(many=True)
    people = PlaceSerializer(many=True)
    waits_for = serializers.CharField()
    request = ChangeRequestSerializer(allow_null=True)

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_policies(self, explanation: Explanation) -> list[str]:
        return [met.policy for met in explanation.policies]
