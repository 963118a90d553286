"""The head of the chain, and the database's refusal to change what is written."""

from django.db import migrations

from apps.audit import triggers


def install(apps, schema_editor):
    apps.get_model("audit", "Head").objects.using(schema_editor.connection.alias).create()
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)
    apps.get_model("audit", "Head").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
