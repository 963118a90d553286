"""Runs with their params and tags."""

from django.db import models
from django.db.models.functions import Substr

from apps.tracking.choices import Lifecycle, RunStatus, choices_of
from apps.tracking.limits import ENTITY_KEY, USER_ID
from apps.tracking.models.experiments import Experiment

LOCATED_IN = "The experiment in whose location the files lie, if it was moved out of that one"

PARENT_TAG = "mlflow.parentRunId"
"""Holds the id of the run that a nested run was started in."""


class Run(models.Model):
    """One execution. `uuid` is its id on the wire; rows that belong to it carry the short primary key."""

    uuid = models.CharField(max_length=32, unique=True)
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="runs")
    name = models.TextField()
    user_id = models.CharField(max_length=USER_ID, blank=True, help_text="The user the client says it runs as")
    created_by = models.CharField(max_length=150, help_text="Username of whoever created it")
    status = models.CharField(max_length=9, choices=choices_of(RunStatus), default=RunStatus.RUNNING.value)
    start_time = models.BigIntegerField(default=0)
    end_time = models.BigIntegerField(null=True, blank=True)
    deleted_time = models.BigIntegerField(null=True, blank=True)
    lifecycle_stage = models.CharField(max_length=7, choices=Lifecycle, default=Lifecycle.ACTIVE)
    artifact_uri = models.TextField()
    located_in = models.ForeignKey(
        Experiment, models.PROTECT, related_name="+", null=True, blank=True, db_index=False, help_text=LOCATED_IN
    )

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["located_in"], name="run_moved", condition=models.Q(located_in__isnull=False)),
            models.Index(fields=["experiment", "lifecycle_stage", "-start_time", "uuid"], name="run_newest"),
            models.Index(fields=["deleted_time"], name="run_deleted", condition=models.Q(deleted_time__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.lifecycle_stage == Lifecycle.ACTIVE


class Param(models.Model):
    """Written once: a second value for the same key is refused."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="params", db_index=False)
    key = models.CharField(max_length=ENTITY_KEY)
    value = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="param_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class RunTag(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=ENTITY_KEY)
    value = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="run_tag_once")]
        indexes = [
            # Which runs are nested in a run. A value may be longer than an index takes, an id is not.
            models.Index(Substr("value", 1, 32), name="run_tag_parent", condition=models.Q(key=PARENT_TAG)),
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
