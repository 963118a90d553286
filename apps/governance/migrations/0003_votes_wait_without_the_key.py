"""A vote waits for whoever is about to end its request, and no longer keeps others from referring to it."""

from django.db import migrations

from apps.governance import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_triggers")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
