"""The index by which PostgreSQL finds an experiment's longest runs; its expression is the one that the search orders by.

By hand: an order with the runs last that have no duration is more than SQLite has in an index. It sorts instead.
"""

from django.db import migrations

TAKEN = "CASE WHEN start_time > 0 AND end_time >= start_time THEN end_time - start_time END"


def make_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX run_longest ON tracking_run"
            f" (experiment_id, lifecycle_stage, ({TAKEN}) DESC NULLS LAST, start_time DESC, uuid)"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX run_longest")


class Migration(migrations.Migration):
    dependencies = [("tracking", "0009_run_details")]

    operations = [migrations.RunPython(make_index, drop_index)]
