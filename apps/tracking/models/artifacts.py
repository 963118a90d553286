"""What is known of the files that runs, logged models and experiments keep, and which of them must stay as they are."""

from django.db import models

from apps.tracking.models.experiments import Experiment


class ArtifactFile(models.Model):
    """A file that came in through this server. The store, not this table, says which files there are.

    `sha256` and `size` describe the content that the store calls `marker`; when the store gives another marker, the
    file was replaced behind our back and they are void. The row is written after the file, never before.
    """

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="artifact_files")
    uri = models.CharField(max_length=4096, unique=True)
    size = models.BigIntegerField()
    sha256 = models.CharField(
        max_length=64, null=True, blank=True, help_text="Empty for what clients wrote to the store themselves"
    )
    marker = models.CharField(max_length=100)
    uploaded_at = models.BigIntegerField()
    uploaded_by = models.CharField(max_length=150, help_text="Username of whoever uploaded it")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.uri


class Seal(models.Model):
    """The file or folder at `uri` stays as it is as long as `holder` needs it, and so does what it belongs to.

    Tracking does not know what holders are; a seal says all that it has to know of them.
    """

    experiment = models.ForeignKey(Experiment, models.PROTECT, related_name="seals")
    uri = models.CharField(max_length=4096, db_index=True, help_text="As that of ArtifactFile")
    holder = models.CharField(max_length=200, help_text="What needs the files: registry.modelversion:12")
    run_uuid = models.CharField(max_length=32, blank=True, help_text="The run whose artifacts they are")
    logged_model_id = models.CharField(max_length=34, blank=True, help_text="The logged model whose artifacts they are")
    sealed_at = models.BigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["holder", "uri"], name="seal_once")]
        indexes = [
            models.Index(fields=["run_uuid"], name="seal_run"),
            models.Index(fields=["logged_model_id"], name="seal_logged_model"),
        ]

    def __str__(self) -> str:
        return f"{self.uri} for {self.holder}"
