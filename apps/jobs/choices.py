"""The states of a job."""

from django.db import models


class State(models.TextChoices):
    """queued -> running -> succeeded, failed or cancelled; back to queued when its worker stopped or died."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.RUNNING)
