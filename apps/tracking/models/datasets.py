"""Datasets, and which runs took them as inputs."""

from django.db import models

from apps.tracking.limits import DATASET_DIGEST, DATASET_NAME, INPUT_TAG_KEY, INPUT_TAG_VALUE
from apps.tracking.models.experiments import Experiment
from apps.tracking.models.runs import Run


class Dataset(models.Model):
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="datasets", db_index=False)
    name = models.CharField(max_length=DATASET_NAME)
    digest = models.CharField(max_length=DATASET_DIGEST)
    source_type = models.TextField()
    source = models.TextField()
    schema = models.TextField(blank=True)
    profile = models.TextField(blank=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["experiment", "name", "digest"], name="dataset_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.digest})"


class DatasetInput(models.Model):
    run = models.ForeignKey(Run, models.CASCADE, related_name="dataset_inputs", db_index=False)
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="inputs")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "dataset"], name="dataset_input_once")]

    def __str__(self) -> str:
        return f"run {self.run_id} took dataset {self.dataset_id}"


class InputTag(models.Model):
    input = models.ForeignKey(DatasetInput, models.CASCADE, related_name="tags", db_index=False)
    key = models.CharField(max_length=INPUT_TAG_KEY)
    value = models.CharField(max_length=INPUT_TAG_VALUE)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["input", "key"], name="input_tag_once")]

    def __str__(self) -> str:
        return f"{self.key}={self.value}"
