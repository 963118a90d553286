"""What was logged for runs, read by one function of PostgreSQL."""

from django.db import migrations

from apps.tracking import run_details_sql


def install(apps, schema_editor):
    run_details_sql.install(schema_editor.connection)


def remove(apps, schema_editor):
    run_details_sql.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_own_saved_views")]
    operations = [migrations.RunPython(install, remove)]
