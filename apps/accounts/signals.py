"""Sign-ins, sign-outs and failures, on the page and by Basic, go to the audit."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.audit import services as audit
from mlregistry.actor import Actor, ActorKind


@receiver(user_logged_in)
@transaction.atomic
def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    audit.record("accounts.sign_in.succeed", target=user, by=user.actor(address=_address(request)))


@receiver(user_logged_out)
@transaction.atomic
def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        audit.record("accounts.sign_in.end", target=user, by=user.actor(address=_address(request)))


@receiver(user_login_failed)
@transaction.atomic
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """The name is what somebody typed: it stands in the details, and no account is claimed to have acted."""
    if _refused_unseen(request):
        return
    audit.record("accounts.sign_in.fail", by=_nobody(request), username=str(credentials.get("username", ""))[:150])


@receiver(user_locked_out)
@transaction.atomic
def record_lock_out(sender: Any, request: HttpRequest, username: str, **kwargs: Any) -> None:
    if _refused_unseen(request):
        return
    audit.record("accounts.sign_in.lock_out", by=_nobody(request), username=username)


def _refused_unseen(request: HttpRequest | None) -> bool:
    """During a lock-out nothing is verified: the lock-out is on record, and repeating it would only fill the chain."""
    return getattr(request, "axes_locked_out", False) and getattr(request, "axes_failures_since_start", 0) is None


def _nobody(request: HttpRequest | None) -> Actor:
    return Actor(username="anonymous", kind=ActorKind.SYSTEM, address=_address(request))


def _address(request: HttpRequest | None) -> str:
    return str(request.META.get("REMOTE_ADDR", "")) if request else ""
