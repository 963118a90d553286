"""Model cards: what people should know of a version before they use it."""

from django.db import models

from apps.registry.models.versions import ModelVersion


class CardRevision(models.Model):
    """A version's card as somebody left it. Revisions are added, never changed; the highest number counts."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="card_revisions", db_index=False)
    number = models.PositiveIntegerField()
    sections = models.JSONField(help_text="Markdown by section")
    written_by = models.CharField(max_length=150)
    written_at = models.DateTimeField()
    prefilled = models.BooleanField(default=False, help_text="Made by the server from the run and MLmodel")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="card_revision_once")]

    def __str__(self) -> str:
        return f"card of {self.version}, revision {self.number}"
