"""Experiments, their tags, and who may do what with them."""

from django.db import models

from apps.accounts.grants import TeamGrant, UserGrant, level_permissions
from apps.tracking.choices import Lifecycle
from apps.tracking.limits import EXPERIMENT_NAME, EXPERIMENT_TAG_KEY


class Experiment(models.Model):
    """A named collection of runs. Its id on the wire is the primary key, written as a string."""

    name = models.CharField(max_length=EXPERIMENT_NAME, unique=True)
    artifact_location = models.TextField()
    lifecycle_stage = models.CharField(max_length=7, choices=Lifecycle, default=Lifecycle.ACTIVE)
    creation_time = models.BigIntegerField()
    last_update_time = models.BigIntegerField()
    created_by = models.CharField(max_length=150, help_text="Username of whoever created it")

    class Meta:
        default_permissions = ()
        permissions = level_permissions("experiment")
        indexes = [
            models.Index(fields=["-creation_time", "-id"], name="experiment_newest"),
            # Every artifact call asks whose location a path lies below.
            models.Index(fields=["artifact_location"], name="experiment_location"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.lifecycle_stage == Lifecycle.ACTIVE


class ExperimentTag(models.Model):
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="tags")
    key = models.CharField(max_length=EXPERIMENT_TAG_KEY)
    value = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["experiment", "key"], name="experiment_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class ExperimentUserGrant(UserGrant):
    content_object = models.ForeignKey(Experiment, models.CASCADE, related_name="user_grants")


class ExperimentTeamGrant(TeamGrant):
    content_object = models.ForeignKey(Experiment, models.CASCADE, related_name="team_grants")
