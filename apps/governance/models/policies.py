"""Policies, and their revisions: what they ask for, each as it once was."""

from django.db import models


class Policy(models.Model):
    """A name for a line of revisions. `current` is the one in force; without it the policy protects nothing."""

    name = models.CharField(max_length=100, unique=True)
    current = models.OneToOneField(
        "governance.PolicyRevision", models.PROTECT, null=True, blank=True, related_name="in_force_for"
    )

    class Meta:
        verbose_name_plural = "policies"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class PolicyRevision(models.Model):
    """What a policy asks for, as somebody wrote it. Once published it is never changed: the database refuses it."""

    policy = models.ForeignKey(Policy, models.PROTECT, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="apps.governance.terms.Terms")
    teams = models.JSONField(default=dict, help_text="Keys of the teams that the document names, as they were then")
    written_by = models.CharField(max_length=150)
    written_at = models.DateTimeField()
    enabled_by = models.JSONField(
        default=list, help_text="Usernames of those who last made it easier to pass: they do not vote under it"
    )
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["policy", "number"], name="governance_revision_once")]

    def __str__(self) -> str:
        return f"{self.policy} revision {self.number}"
