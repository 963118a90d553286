"""Models that runs logged, and which runs took or made them."""

from django.db import models

from apps.tracking.choices import Lifecycle, LoggedModelStatus, choices_of
from apps.tracking.limits import DATASET_DIGEST, DATASET_NAME, ENTITY_KEY
from apps.tracking.models.experiments import Experiment
from apps.tracking.models.runs import LOCATED_IN, Run


class LoggedModel(models.Model):
    """A model's metadata; its files lie under `artifact_location`."""

    model_id = models.CharField(max_length=34, unique=True)
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="logged_models", db_index=False)
    name = models.CharField(max_length=500)
    artifact_location = models.TextField()
    located_in = models.ForeignKey(
        Experiment, models.PROTECT, related_name="+", null=True, blank=True, db_index=False, help_text=LOCATED_IN
    )
    creation_timestamp = models.BigIntegerField()
    last_updated_timestamp = models.BigIntegerField()
    status = models.CharField(
        max_length=31, choices=choices_of(LoggedModelStatus), default=LoggedModelStatus.LOGGED_MODEL_PENDING.value
    )
    status_message = models.TextField(blank=True)
    lifecycle_stage = models.CharField(max_length=7, choices=Lifecycle, default=Lifecycle.ACTIVE)
    model_type = models.CharField(max_length=500, blank=True)
    source_run_id = models.CharField(max_length=32, blank=True)
    created_by = models.CharField(max_length=150, help_text="Username of whoever created it")

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(fields=["experiment", "-creation_timestamp", "model_id"], name="logged_model_newest"),
            models.Index(fields=["source_run_id"], name="logged_model_source_run"),
            models.Index(
                fields=["located_in"], name="logged_model_moved", condition=models.Q(located_in__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.lifecycle_stage == Lifecycle.ACTIVE


class LoggedModelParam(models.Model):
    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="params", db_index=False)
    key = models.CharField(max_length=ENTITY_KEY)
    value = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "key"], name="logged_model_param_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class LoggedModelTag(models.Model):
    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=ENTITY_KEY)
    value = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["model", "key"], name="logged_model_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class LoggedModelMetric(models.Model):
    """A point that a run logged for a model, perhaps on a named dataset."""

    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="metrics", db_index=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    key = models.CharField(max_length=ENTITY_KEY)
    step = models.BigIntegerField()
    timestamp = models.BigIntegerField()
    value = models.FloatField()
    is_nan = models.BooleanField()
    dataset_name = models.CharField(max_length=DATASET_NAME, blank=True)
    dataset_digest = models.CharField(max_length=DATASET_DIGEST, blank=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["model", "key", "timestamp", "step", "run"], name="logged_model_metric_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


class ModelInput(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="model_inputs", db_index=False)
    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="used_by")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "model"], name="model_input_once")]

    def __str__(self) -> str:
        return f"run {self.run_id} took model {self.model_id}"


class ModelOutput(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="model_outputs", db_index=False)
    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="made_by")
    step = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "model"], name="model_output_once")]

    def __str__(self) -> str:
        return f"run {self.run_id} made model {self.model_id}"
