"""Registered models with their tags, aliases and grants. Times are milliseconds since 1970 (UTC), as on the wire."""

from django.db import models

from apps.accounts.grants import TeamGrant, UserGrant, level_permissions
from apps.registry.limits import ALIAS, MODEL_NAME, TAG_KEY


class RegisteredModel(models.Model):
    """A name, and the versions under it. A prompt is one whose tag says so."""

    name = models.CharField(max_length=MODEL_NAME, unique=True)
    description = models.TextField(blank=True)
    creation_time = models.BigIntegerField()
    last_updated_time = models.BigIntegerField()
    created_by = models.CharField(max_length=150, help_text="Username of whoever created it")
    last_version = models.PositiveIntegerField(
        default=0, help_text="The number that was given last; none is given twice"
    )
    is_prompt = models.BooleanField(default=False, help_text="What its tag mlflow.prompt.is_prompt says")

    class Meta:
        default_permissions = ()
        permissions = level_permissions("registeredmodel")
        indexes = [models.Index(fields=["is_prompt", "name"], name="registered_model_kind")]

    def __str__(self) -> str:
        return self.name


class RegisteredModelTag(models.Model):
    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=TAG_KEY)
    value = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "key"], name="registered_model_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class Alias(models.Model):
    """A name for one version of a model, which can be pointed at another."""

    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="aliases", db_index=False)
    name = models.CharField(max_length=ALIAS)
    version = models.ForeignKey("registry.ModelVersion", models.CASCADE, related_name="aliases")

    class Meta:
        verbose_name_plural = "aliases"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="alias_once")]

    def __str__(self) -> str:
        return self.name


class RegisteredModelUserGrant(UserGrant):
    content_object = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="user_grants")


class RegisteredModelTeamGrant(TeamGrant):
    content_object = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="team_grants")
