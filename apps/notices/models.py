"""What people are told, and what is sent to them outside of the pages."""

from django.db import models

from apps.accounts.models import User
from apps.governance.models import ChangeRequest
from apps.notices.choices import EVENTS, Channel, DeliveryState

DISTINCT = 40


class Notice(models.Model):
    """One thing that one person is told, once. One for nobody in particular is for the channel that all share."""

    person = models.ForeignKey(User, models.CASCADE, null=True, related_name="notices", db_index=False)
    event = models.CharField(max_length=20, choices=EVENTS)
    request = models.ForeignKey(ChangeRequest, models.CASCADE, related_name="notices", db_index=False)
    distinct = models.CharField(
        max_length=DISTINCT,
        blank=True,
        help_text="What else makes it another: the comment, the days that are left",
    )
    sentence = models.TextField()
    detail = models.TextField(blank=True)
    address = models.CharField(max_length=200, help_text="Of the page that it leads to, on this server")
    is_shown = models.BooleanField(default=True, help_text="The person wants to see such in the pages")
    made_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "event", "distinct", "person"], name="notices_notice_once"),
            models.UniqueConstraint(
                fields=["request", "event", "distinct"],
                condition=models.Q(person__isnull=True),
                name="notices_notice_once_for_all",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="notices_notice_newest"),
            models.Index(fields=["person"], name="notices_notice_unread", condition=models.Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.sentence


class Delivery(models.Model):
    """A notice on its way out. Who sends it counts the attempt first, so that of several who try, one does."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, help_text="Why the last attempt failed, or why it is not sent")
    due_at = models.DateTimeField(help_text="Not sent before")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel"], name="notices_delivery_once"),
            models.CheckConstraint(
                condition=models.Q(state=DeliveryState.PENDING, finished_at__isnull=True)
                | (~models.Q(state=DeliveryState.PENDING) & models.Q(finished_at__isnull=False)),
                name="notices_delivery_finished_unless_pending",
            ),
        ]
        indexes = [
            # By finished_at and not by state: SQLite uses a partial index only where it sees its condition.
            models.Index(
                fields=["due_at", "id"], name="notices_delivery_due", condition=models.Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} by {self.channel}"
