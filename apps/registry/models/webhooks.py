"""Webhooks, and everything that was or is to be sent to them."""

import uuid

from django.db import models

from apps.registry.choices import DeliveryState, WebhookStatus
from apps.registry.limits import MODEL_NAME, WEBHOOK_DESCRIPTION, WEBHOOK_NAME, WEBHOOK_URL
from apps.registry.models.registered_models import RegisteredModel
from apps.tracking.choices import choices_of


class Webhook(models.Model):
    """An address that is told of events. The secret that signs its messages is kept encrypted and never shown."""

    webhook_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=WEBHOOK_NAME)
    url = models.CharField(max_length=WEBHOOK_URL)
    description = models.CharField(max_length=WEBHOOK_DESCRIPTION, blank=True)
    events = models.JSONField(help_text="entity.action, as on the wire: MODEL_VERSION.CREATED")
    is_listed = models.BooleanField(default=True, help_text="MLflow's clients, which list it, have a word for an event")
    sealed_secret = models.TextField(blank=True)
    status = models.CharField(max_length=10, choices=choices_of(WebhookStatus), default=WebhookStatus.ACTIVE.value)
    is_workspace = models.BooleanField(
        default=False, help_text="Made by the wire of a workspace registry: its events and messages are of that wire"
    )
    model = models.ForeignKey(
        RegisteredModel, models.CASCADE, null=True, blank=True, help_text="The one that it is told of; without, of all"
    )
    sealed_authorization = models.TextField(blank=True, help_text="Sent along as Authorization")
    verifies_tls = models.BooleanField(default=True)
    creation_time = models.BigIntegerField()
    last_updated_time = models.BigIntegerField()
    created_by = models.CharField(max_length=150)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["-creation_time", "-id"], name="webhook_newest")]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message to one webhook. Those about one model are sent in the order of their ids, each until it arrives."""

    delivery_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", db_index=False)
    about = models.CharField(max_length=MODEL_NAME, help_text="The model, whose messages keep their order")
    entity = models.CharField(max_length=30)
    action = models.CharField(max_length=40)
    body = models.TextField(help_text="What is sent, as it was when it happened")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    response_status = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True, help_text="Why the last attempt failed")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(help_text="Not sent before")
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state=DeliveryState.PENDING, finished_at__isnull=True)
                | (~models.Q(state=DeliveryState.PENDING) & models.Q(finished_at__isnull=False)),
                name="delivery_finished_unless_pending",
            ),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_newest"),
            # What is pending, in its order, and what is before it. By finished_at and not by state, since SQLite uses a
            # partial index only where it sees the condition written out.
            models.Index(fields=["webhook", "id"], name="delivery_next", condition=models.Q(finished_at__isnull=True)),
            models.Index(
                fields=["webhook", "about", "id"], name="delivery_before", condition=models.Q(finished_at__isnull=True)
            ),
            models.Index(
                fields=["finished_at"], name="delivery_finished", condition=models.Q(finished_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entity}.{self.action} to {self.webhook_id}"
