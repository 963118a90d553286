"""Versions of registered models."""

from django.db import models

from apps.registry.choices import DELETED, NONE, STAGE_NAME, VersionStatus
from apps.registry.limits import RUN_LINK, SOURCE, TAG_KEY
from apps.registry.models.registered_models import RegisteredModel
from apps.tracking.choices import choices_of


class ModelVersion(models.Model):
    """One registered version. `source` is what the client named, `location` where its files lie."""

    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="versions", db_index=False)
    version = models.PositiveIntegerField()
    creation_time = models.BigIntegerField()
    last_updated_time = models.BigIntegerField()
    description = models.TextField(null=True, blank=True)
    user_id = models.CharField(max_length=150, help_text="Username of whoever registered it")
    current_stage = models.CharField(max_length=STAGE_NAME, default=NONE)
    source = models.CharField(max_length=SOURCE)
    location = models.TextField(blank=True)
    run_id = models.CharField(max_length=32, blank=True)
    run_link = models.CharField(max_length=RUN_LINK, blank=True)
    logged_model_id = models.CharField(max_length=34, blank=True)
    status = models.CharField(max_length=20, choices=choices_of(VersionStatus), default=VersionStatus.READY.value)
    status_message = models.CharField(max_length=500, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "version"], name="model_version_once")]
        indexes = [
            models.Index(fields=["-last_updated_time", "-id"], name="model_version_newest"),
            models.Index(fields=["model", "current_stage", "-version"], name="model_version_stage"),
            models.Index(fields=["run_id"], name="model_version_run", condition=~models.Q(run_id="")),
            models.Index(
                fields=["logged_model_id"], name="model_version_logged", condition=~models.Q(logged_model_id="")
            ),
            models.Index(fields=["location"], name="model_version_location"),
        ]

    def __str__(self) -> str:
        return f"{self.model} version {self.version}"

    @property
    def is_deleted(self) -> bool:
        return self.current_stage == DELETED


class ModelVersionTag(models.Model):
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=TAG_KEY)
    value = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["version", "key"], name="model_version_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
