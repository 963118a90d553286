"""Work that outlives a request. The row is the truth about it; a message in the broker is only a hint to look."""

from django.db import models
from django.utils import timezone

from apps.jobs.choices import ACTIVE, State
from mlregistry.actor import Actor, ActorKind


class Job(models.Model):
    kind = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    payload = models.JSONField()
    unique_key = models.CharField(max_length=200, null=True)

    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.TextField(default="")
    log = models.TextField(default="")
    result = models.JSONField(null=True)
    error = models.TextField(default="")

    attempts = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=32, default="")
    heartbeat_at = models.DateTimeField(null=True)

    created_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # Who asked for it, written out as in the audit record: deleting a person changes no job.
    username = models.CharField(max_length=150)
    actor_kind = models.CharField(max_length=20)
    user_id = models.BigIntegerField(null=True)
    owner = models.CharField(max_length=150)
    token_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=100)

    class Meta:
        default_permissions = ("view",)
        permissions = [("cancel_job", "Can cancel a job")]
        constraints = [
            models.UniqueConstraint(
                fields=["unique_key"], condition=models.Q(state__in=ACTIVE), name="jobs_job_one_active_per_key"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "id"], condition=models.Q(state__in=ACTIVE), name="jobs_job_active"),
            models.Index(fields=["kind", "created_at"], name="jobs_job_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def requested_by(self) -> Actor:
        return Actor(
            username=self.username,
            kind=ActorKind(self.actor_kind),
            user_id=self.user_id,
            owner=self.owner,
            token_id=self.token_id,
            address=self.address,
        )
