"""The table of metric points, which Django cannot describe.

SQLite: `WITHOUT ROWID`, so that the primary key is the table. PostgreSQL: hash partitions by run, each with its own
primary key, so that the index a write goes through stays small.
"""

from django.db import migrations, models

PARTITIONS = 16
COLUMNS = """
    run_id bigint NOT NULL,
    key_id integer NOT NULL,
    step bigint NOT NULL,
    timestamp bigint NOT NULL,
    value {double} NOT NULL,
    is_nan {boolean} NOT NULL,
    PRIMARY KEY (run_id, key_id, timestamp, step, value, is_nan)
"""


def make_table(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        columns = COLUMNS.format(double="double precision", boolean="boolean")
        schema_editor.execute(f"CREATE TABLE tracking_metric ({columns}) PARTITION BY HASH (run_id)")
        for part in range(PARTITIONS):
            schema_editor.execute(
                f"CREATE TABLE tracking_metric_{part} PARTITION OF tracking_metric "
                f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part})"
            )
    else:
        columns = COLUMNS.format(double="real", boolean="bool")
        schema_editor.execute(f"CREATE TABLE tracking_metric ({columns}) WITHOUT ROWID")


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE tracking_metric")


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Metric",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "run_id", "key_id", "timestamp", "step", "value", "is_nan",
                                blank=True, editable=False, primary_key=True, serialize=False,
                            ),
                        ),
                        ("step", models.BigIntegerField()),
                        ("timestamp", models.BigIntegerField()),
                        ("value", models.FloatField()),
                        ("is_nan", models.BooleanField()),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=models.deletion.DO_NOTHING,
                                related_name="metrics",
                                to="tracking.run",
                            ),
                        ),
                        (
                            "key",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=models.deletion.PROTECT,
                                related_name="+",
                                to="tracking.metrickey",
                            ),
                        ),
                    ],
                    options={"default_permissions": ()},
                ),
            ],
            database_operations=[migrations.RunPython(make_table, drop_table)],
        ),
    ]
