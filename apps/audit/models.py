"""The record of who did what: rows that are only ever added, each sealed with the hash of the one before it."""

import hashlib
from typing import Any

from django.db import models

from apps.audit.plain import canonical
from mlregistry.actor import ActorKind

GENESIS = "0" * 64
"""What the first entry carries in the place of a previous hash."""


class Entry(models.Model):
    """One action. Whom it names is written out, not referred to: deleting a person or an object changes no entry."""

    sequence = models.BigIntegerField(primary_key=True)
    time = models.DateTimeField()
    action = models.CharField(max_length=100)
    username = models.CharField(max_length=150)
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in ActorKind])
    user_id = models.BigIntegerField(null=True)
    owner = models.CharField(max_length=150)
    token_id = models.BigIntegerField(null=True)
    address = models.CharField(max_length=100)
    target_type = models.CharField(max_length=100)
    target_id = models.CharField(max_length=256)
    target_name = models.CharField(max_length=256)
    details = models.JSONField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "entries"
        # An entry may be seen by administrators and auditors; nobody adds, changes or deletes one by hand.
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["time"], name="audit_entry_time"),
            models.Index(fields=["action"], name="audit_entry_action"),
            models.Index(fields=["username"], name="audit_entry_username"),
            models.Index(fields=["target_id", "target_type"], name="audit_entry_target"),
            models.Index(fields=["target_name"], name="audit_entry_target_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"

    def content(self) -> dict[str, Any]:
        """Everything that the hash covers."""
        return {
            "sequence": self.sequence,
            "time": self.time.isoformat(timespec="microseconds"),
            "action": self.action,
            "actor": {
                "username": self.username,
                "kind": self.kind,
                "user_id": self.user_id,
                "owner": self.owner,
                "token_id": self.token_id,
                "address": self.address,
            },
            "target": {"type": self.target_type, "id": self.target_id, "name": self.target_name},
            "details": self.details,
            "previous": self.previous,
        }

    def seal(self) -> str:
        """SHA-256 of the canonical JSON of `content()`."""
        return hashlib.sha256(canonical(self.content())).hexdigest()


class Head(models.Model):
    """The end of the chain, in one row. Writers lock it, so entries follow one another; a cut tail contradicts it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    count = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=GENESIS)

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one_row")]

    def __str__(self) -> str:
        return f"{self.count} {self.hash}"
