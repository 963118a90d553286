"""Marking one's notices as read. Nothing of it is anybody else's affair, so the record does not have it."""

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.notices.models import Notice
from apps.notices.queries.notices import unread


def mark_read(*, notice: Notice) -> Notice:
    """Once; when it was read first stays."""
    now = timezone.now()
    if Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=now):
        notice.read_at = now
    return notice


def mark_all_read(*, user: User, among: QuerySet[Notice] | None = None) -> int:
    """Everything unread, or what of `among` is; how many that were."""
    found = unread(user) if among is None else unread(user).filter(pk__in=among.values("pk"))
    return Notice.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(read_at=timezone.now())
