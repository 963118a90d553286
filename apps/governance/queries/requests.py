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


def requests_about(
    object_type: str, object_id: int, *, subject_id: int | None = None, most: int
) -> list[ChangeRequest]:
    """Of one object, or of one subject of it: the newest first. For whoever has found that they may read it."""
    about = ChangeRequest.objects.filter(object_type=object_type, object_id=object_id)
    if subject_id is not None:
        about = about.filter(subject_id=subject_id)
    return list(about.order_by("-pk")[:most])


def live_requests_about(object_type: str, object_id: int, *, most: int) -> list[ChangeRequest]:
    """Those that wait to be decided, the first that ends at the front."""
    about = ChangeRequest.objects.filter(object_type=object_type, object_id=object_id, state__in=LIVE)
    return list(about.order_by("expires_at", "pk")[:most])


def live_request(identity: str) -> ChangeRequest | None:
    return ChangeRequest.objects.filter(identity=identity, state__in=LIVE).first()
