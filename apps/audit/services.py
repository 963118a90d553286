"""Writing to the audit chain."""

import re
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from apps.audit.models import Entry, Head
from apps.audit.plain import plain, text
from mlregistry.actor import Actor
from mlregistry.errors import InternalError

ACTION = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")


def record(action: str, *, target: models.Model | None = None, by: Actor, **details: Any) -> Entry:
    """Append what `by` did to `target`: `action` reads "namespace.verb", `details` say what changed.

    Call it inside the transaction of the change, as near to its end as can be: from here to the commit, other
    recorders wait. A transaction that rolls back takes its entry with it and leaves no gap.
    """
    if not ACTION.fullmatch(action):
        raise ValueError(f"{action!r} does not read namespace.verb")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{action} must be recorded in the transaction of the change")
    head = take_turn()
    entry = Entry(sequence=head.count + 1, time=timezone.now(), action=action, previous=head.hash)
    _name_actor(entry, by)
    _name_target(entry, target)
    entry.details = plain(details)
    entry.hash = entry.seal()
    entry.save(force_insert=True)
    Head.objects.filter(pk=head.pk).update(count=entry.sequence, hash=entry.hash)
    return entry


def take_turn() -> Head:
    """Make other recorders wait from here to the commit; the end of the chain.

    Also for whoever writes rows that must become visible in the order of their ids.
    """
    # On SQLite the transaction holds the write lock since its first statement (IMMEDIATE); elsewhere this row is it.
    head = Head.objects.select_for_update().first()
    if head is None:
        raise InternalError("The head of the audit chain is gone, so nothing can be recorded: run audit verify.")
    return head


def _name_actor(entry: Entry, by: Actor) -> None:
    entry.username = text(by.username, 150)
    entry.kind = by.kind.value
    entry.user_id = by.user_id
    entry.owner = text(by.owner, 150)
    entry.token_id = by.token_id
    entry.address = text(by.address, 100)


def _name_target(entry: Entry, target: models.Model | None) -> None:
    if target is None:
        entry.target_type = entry.target_id = entry.target_name = ""
        return
    name = getattr(target, "name", None)
    entry.target_type = target._meta.label_lower
    entry.target_id = text(str(target.pk), 256)
    entry.target_name = text(name if isinstance(name, str) else str(target), 256)
