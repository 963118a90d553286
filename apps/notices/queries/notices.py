"""Reading notices: one's own, about what one may still read."""

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.governance.queries.requests import visible_requests
from apps.notices.models import Notice
from mlregistry.errors import NotFound


def notices_of(user: User) -> QuerySet[Notice]:
    """What the person wants to see, of requests about objects that they may read now."""
    mine = Notice.objects.filter(person=user.pk, is_shown=True)
    return mine if user.is_superuser else mine.filter(request__in=visible_requests(user))


def unread(user: User) -> QuerySet[Notice]:
    return notices_of(user).filter(Q(read_at__isnull=True))


def get_notice(user: User, pk: int) -> Notice:
    found = notices_of(user).filter(pk=min(pk, 2**63 - 1)).first()
    if found is None:
        raise NotFound(f"There is no notice {pk}.")
    return found
