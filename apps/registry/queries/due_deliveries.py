"""Which messages may be sent now: for the server's own jobs, whoever made the webhooks."""

from datetime import datetime

from django.db.models import Exists, Min, OuterRef, QuerySet

from apps.registry.choices import WebhookStatus
from apps.registry.models import Delivery


def next_due(webhook_pk: int, now: datetime) -> Delivery | None:
    """The message to be sent to this webhook now, the oldest if there are several."""
    return sendable().filter(webhook=webhook_pk, due_at__lte=now).select_related("webhook").order_by("pk").first()


def due_times() -> dict[int, datetime]:
    """For each webhook that has something to be sent to it, when the first of that is due."""
    return dict(
        sendable().values("webhook__pk").annotate(due=Min("due_at")).order_by().values_list("webhook__pk", "due")
    )


def sendable() -> QuerySet[Delivery]:
    """What is neither behind another message about the same model, nor for a webhook that is switched off."""
    pending = Delivery.objects.filter(finished_at__isnull=True)
    before = pending.filter(webhook=OuterRef("webhook"), about=OuterRef("about"), pk__lt=OuterRef("pk"))
    return pending.filter(~Exists(before), webhook__status=WebhookStatus.ACTIVE.value)
