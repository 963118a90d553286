"""Interned metric keys: their ids, remembered per process."""

from collections.abc import Iterable

from django.db import connection, transaction

from apps.tracking.queries.keys import known, remember


def intern(names: Iterable[str]) -> dict[str, int]:
    """The id of each key, made where it is new; no query when all are known. Runs inside the caller's transaction."""
    wanted = set(names)
    found = {name: known[name] for name in wanted if name in known}
    if len(found) == len(wanted):
        return found
    # In order, so that two transactions that make the same keys wait for each other instead of locking each other out.
    fresh = _insert(sorted(wanted - found.keys()))
    # Only what is committed may be remembered: after a rollback the id belongs to nobody.
    transaction.on_commit(lambda: remember(fresh))
    return found | fresh


def _insert(names: list[str]) -> dict[str, int]:
    rows = ", ".join(["(%s)"] * len(names))
    with connection.cursor() as cursor:
        # A no-op update makes RETURNING tell the ids of the keys that were there already, too.
        cursor.execute(
            f"INSERT INTO tracking_metrickey (name) VALUES {rows} "  # noqa: S608  placeholders only
            "ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING name, id",
            names,
        )
        return dict(cursor.fetchall())
