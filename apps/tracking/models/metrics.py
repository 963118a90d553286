"""Metric points, and the latest one of each key.

Keys are interned and runs referred to by their short id, so a point takes 40 bytes; MLflow spells the run's id and
the key out in every row and twice in its index. NaN cannot be a key of a table: it is `value` 0 with `is_nan`.
"""

from django.db import models

from apps.tracking.limits import ENTITY_KEY
from apps.tracking.models.runs import Run


class MetricKey(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=ENTITY_KEY, unique=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.name


class Metric(models.Model):
    """A point. The table is its own index: clustered on SQLite, hash-partitioned by run on PostgreSQL.

    Made by hand in the migrations, because Django has no words for either. The key is in the order in which the wire
    pages through histories, so that a page of a million points costs no more than one of a thousand.
    """

    pk = models.CompositePrimaryKey("run_id", "key_id", "timestamp", "step", "value", "is_nan")
    run = models.ForeignKey(Run, models.DO_NOTHING, related_name="metrics", db_index=False, db_constraint=False)
    key = models.ForeignKey(MetricKey, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    step = models.BigIntegerField()
    timestamp = models.BigIntegerField()
    value = models.FloatField()
    is_nan = models.BooleanField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.value} at {self.step}"


class LatestMetric(models.Model):
    """The point of a key with the greatest (step, timestamp, value): what a run shows and searches compare."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="latest_metrics", db_index=False)
    key = models.ForeignKey(MetricKey, models.PROTECT, related_name="+", db_index=False)
    step = models.BigIntegerField()
    timestamp = models.BigIntegerField()
    value = models.FloatField()
    is_nan = models.BooleanField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="latest_metric_once")]

    def __str__(self) -> str:
        return f"{self.key_id}={self.value}"
