"""Reading change requests: those about objects that the user may see."""

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.governance.actions import visible_condition
from apps.governance.choices import LIVE
from apps.governance.models import ChangeRequest
from mlregistry.errors import NotFound


def visible_requests(user: User) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(visible_condition(user))


def get_request(user: User, pk: int) -> ChangeRequest:
    found = visible_requests(user).filter(pk=min(pk, 2**63 - 1)).first()
    if found is None:
        raise NotFound(f"There is no change request {pk}.")
    return found


def live_request(identity: str) -> ChangeRequest | None:
    return ChangeRequest.objects.filter(identity=identity, state__in=LIVE).first()
