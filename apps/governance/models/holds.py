"""Legal holds: what must not be deleted, whoever asks."""

from django.db import models


class LegalHold(models.Model):
    """Forbids deleting and renaming what its name fits, or only the named version. Lifting it keeps the row."""

    object_name = models.CharField(max_length=256, help_text="Name of the model, or a pattern such as fraud-*")
    subject = models.CharField(max_length=100, blank=True, help_text="Number of a version; empty for all of it")
    reason = models.TextField()
    placed_by = models.CharField(max_length=150)
    placed_at = models.DateTimeField()
    lifted_by = models.CharField(max_length=150, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["id"], name="governance_hold_live", condition=models.Q(lifted_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.object_name} {self.subject}".strip()

    @property
    def name(self) -> str:
        return str(self)
