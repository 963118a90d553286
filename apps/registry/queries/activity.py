"""What was done to a model and its versions, from the audit record: for those who manage the model."""

from django.db.models import Q

from apps.audit.models import Entry
from apps.registry.models import ModelVersion, RegisteredModel

MOST_VERSIONS = 200
"""The newest versions whose entries are looked for; the whole record has a page of its own."""


def activity_of_model(model: RegisteredModel, *, most: int) -> list[Entry]:
    """The newest entries about the model or one of its versions, deleted ones too."""
    pks = ModelVersion.objects.filter(model=model).order_by("-version").values_list("pk", flat=True)[:MOST_VERSIONS]
    versions = Q(target_type=ModelVersion._meta.label_lower, target_id__in=[str(pk) for pk in pks])
    of_model = Q(target_type=RegisteredModel._meta.label_lower, target_id=str(model.pk))
    return _newest(of_model | versions, most)


def activity_of_version(version: ModelVersion, *, most: int) -> list[Entry]:
    return _newest(Q(target_type=ModelVersion._meta.label_lower, target_id=str(version.pk)), most)


def _newest(about: Q, most: int) -> list[Entry]:
    return list(Entry.objects.filter(about).order_by("-sequence")[:most])
