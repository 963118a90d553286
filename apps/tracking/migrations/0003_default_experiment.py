"""Experiment `0`, "Default": where runs go that name no experiment."""

import time

from django.conf import settings
from django.db import migrations


def make_default(apps, schema_editor):
    Experiment = apps.get_model("tracking", "Experiment")
    now = time.time_ns() // 1_000_000
    Experiment.objects.get_or_create(
        pk=0,
        defaults={
            "name": "Default",
            "artifact_location": settings.MLREGISTRY_ARTIFACT_ROOT.rstrip("/") + "/0",
            "creation_time": now,
            "last_update_time": now,
            "created_by": "system:migrate",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_metric_points")]

    operations = [migrations.RunPython(make_default, migrations.RunPython.noop)]
