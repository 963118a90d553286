"""Change requests: what somebody wants done, on which evidence, and what others said to it.

Besides the constraints below, triggers hold what is decided (`apps.governance.triggers`): who may not vote, that
votes are neither changed nor withdrawn, and that a request only moves forward and not without its approvals.
"""

from django.db import models

from apps.governance.choices import LIVE, Decision, GateVerdict, Kind, State
from apps.governance.models.policies import PolicyRevision
from mlregistry.actor import Actor, ActorKind

USERNAME = 150


class ChangeRequest(models.Model):
    """A proposal, the terms it is judged by (its revisions) and the evidence it is judged on."""

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.CHANGE)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="followers", help_text="What this ratifies or revalidates"
    )

    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    object_name = models.CharField(max_length=256)
    target = models.CharField(max_length=300)
    subject_id = models.BigIntegerField(null=True, help_text="The version that it is about, where it is about one")
    subject_name = models.CharField(max_length=256, blank=True)
    payload = models.JSONField(default=dict)
    identity = models.CharField(max_length=64, help_text="SHA-256 of what makes two requests the same")
    summary = models.TextField(help_text="What is asked for, in words, with the names of then")
    reason = models.TextField(blank=True)

    requester = models.CharField(max_length=USERNAME)
    requester_id = models.BigIntegerField(null=True)
    requester_kind = models.CharField(max_length=20)
    requester_owner = models.CharField(max_length=USERNAME, blank=True)

    revisions = models.ManyToManyField(PolicyRevision, related_name="requests")
    approvals_needed = models.PositiveIntegerField()
    evidence = models.JSONField(default=dict)
    evidence_digest = models.CharField(max_length=64, blank=True, help_text="Empty until the evidence is complete")
    before = models.JSONField(default=dict, help_text="What applying it replaced")

    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=USERNAME, blank=True)
    outcome = models.TextField(blank=True, help_text="Why it ended as it did")
    valid_until = models.DateTimeField(null=True, help_text="How long what was applied is approved")
    taken_back_at = models.DateTimeField(null=True, help_text="When what was applied was undone again")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["identity"], condition=models.Q(state__in=LIVE), name="governance_request_one_live"
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "expires_at"], name="governance_request_live", condition=models.Q(state__in=LIVE)
            ),
            models.Index(fields=["object_type", "object_id", "-id"], name="governance_request_object"),
            models.Index(fields=["subject_id", "-id"], name="governance_request_subject"),
            models.Index(fields=["requester_id", "-id"], name="governance_request_requester"),
            models.Index(
                fields=["valid_until"],
                name="governance_request_valid",
                condition=models.Q(valid_until__isnull=False, taken_back_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"change request {self.pk}"

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def requested_by(self) -> Actor:
        return Actor(
            username=self.requester,
            kind=ActorKind(self.requester_kind),
            user_id=self.requester_id,
            owner=self.requester_owner,
        )


class Exclusion(models.Model):
    """Somebody who must not vote on a request, and why; known from its opening on."""

    request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="exclusions", db_index=False)
    username = models.CharField(max_length=USERNAME)
    reason = models.CharField(max_length=200)
    had_a_hand = models.BooleanField(
        default=True, help_text="In what is judged, and not only in the rules: whom they put into a team does not vote"
    )

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["request", "username"], name="governance_exclusion_once")]

    def __str__(self) -> str:
        return f"{self.username}: {self.reason}"


class Vote(models.Model):
    """What one person said to a request, for the slots of these teams. It is never changed."""

    request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="votes", db_index=False)
    decision = models.CharField(max_length=7, choices=Decision)
    voter = models.CharField(max_length=USERNAME)
    voter_id = models.BigIntegerField()
    voter_kind = models.CharField(max_length=20, default=ActorKind.PERSON.value)
    teams = models.JSONField(default=list, help_text="Names of the reviewing teams that the voter was in")
    team_ids = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    evidence_digest = models.CharField(max_length=64, help_text="Of what the voter was shown")
    cast_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "voter_id"], name="governance_vote_once"),
            models.UniqueConstraint(fields=["request", "voter"], name="governance_vote_once_by_name"),
            models.CheckConstraint(
                condition=models.Q(voter_kind=ActorKind.PERSON.value), name="governance_vote_by_a_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voter}: {self.decision}"


class GateRun(models.Model):
    """One look of a gate at a request. The newest of each gate counts."""

    request = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="gate_runs", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="Of the gate among those that the request has to pass")
    gate = models.CharField(max_length=100)
    terms = models.JSONField(default=dict)
    verdict = models.CharField(max_length=7, choices=GateVerdict)
    sentence = models.TextField(help_text="What it saw")
    data = models.JSONField(default=dict)
    evidence_digest = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["request", "position", "-id"], name="governance_gate_newest")]

    def __str__(self) -> str:
        return f"{self.gate}: {self.verdict}"


class Comment(models.Model):
    """Something said about a request, or about what requests are about. Editing keeps the row; deleting blanks it."""

    request = models.ForeignKey(ChangeRequest, models.PROTECT, null=True, blank=True, related_name="comments")
    object_type = models.CharField(max_length=100)
    object_id = models.BigIntegerField()
    subject_id = models.BigIntegerField(null=True)
    author = models.CharField(max_length=USERNAME)
    author_id = models.BigIntegerField(null=True)
    text = models.TextField()
    mentions = models.JSONField(default=list, help_text="Usernames that the text names with @")
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["object_type", "object_id", "subject_id", "id"], name="governance_comment_about")
        ]

    def __str__(self) -> str:
        return f"comment of {self.author}"
