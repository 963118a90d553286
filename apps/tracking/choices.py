"""States of experiments, runs and logged models."""

from django.db import models

from mlregistry.wire.schema import ViewType, WireEnum


class Lifecycle(models.TextChoices):
    ACTIVE = "active"
    DELETED = "deleted"
    PURGING = "purging", "Being deleted for good"
    """Gone for everybody: `services.gc` is removing its files and rows, and nothing brings it back."""


PRESENT = (Lifecycle.ACTIVE, Lifecycle.DELETED)
"""What can be read, changed or restored."""


STAGES_OF_VIEW = {
    ViewType.ACTIVE_ONLY: (Lifecycle.ACTIVE,),
    ViewType.DELETED_ONLY: (Lifecycle.DELETED,),
    ViewType.ALL: (Lifecycle.ACTIVE, Lifecycle.DELETED),
}


class RunStatus(WireEnum):
    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class LoggedModelStatus(WireEnum):
    """Numbered from zero on the wire."""

    LOGGED_MODEL_STATUS_UNSPECIFIED = "LOGGED_MODEL_STATUS_UNSPECIFIED"
    LOGGED_MODEL_PENDING = "LOGGED_MODEL_PENDING"
    LOGGED_MODEL_READY = "LOGGED_MODEL_READY"
    LOGGED_MODEL_UPLOAD_FAILED = "LOGGED_MODEL_UPLOAD_FAILED"

    @classmethod
    def by_number(cls, number: int) -> "WireEnum | None":
        return super().by_number(number + 1)


def choices_of(enum: type[WireEnum]) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ").capitalize()) for member in enum]
