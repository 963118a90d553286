"""Which runs are nested in which: a tag says so, and an index on how it begins answers."""

from typing import NamedTuple

from django.db import connection

from apps.tracking.choices import Lifecycle
from apps.tracking.models.runs import PARENT_TAG


class NestedRun(NamedTuple):
    pk: int
    uuid: str


def parent_sql(tag: str) -> str:
    """The id that a parent tag, of the alias `tag`, begins with, as the index has it, so that the database sees that it
    fits: constants and the function's name included."""
    return f"{'SUBSTRING' if connection.vendor == 'postgresql' else 'SUBSTR'}({tag}.value, 1, 32)"


def family_of(pk: int, experiment: int) -> list[NestedRun]:
    """The run, then all that are nested in it at whatever depth, deleted ones too, as far as they are in `experiment`.

    Tags are what clients say: two runs nested in each other are a family like others.
    """
    statement = (
        "WITH RECURSIVE family (id, uuid) AS ("  # noqa: S608  no user's words in it
        "SELECT id, uuid FROM tracking_run WHERE id = %s UNION"
        " SELECT r.id, r.uuid FROM family f"
        f" JOIN tracking_runtag t ON t.key = '{PARENT_TAG}' AND {parent_sql('t')} = f.uuid"
        " JOIN tracking_run r ON r.id = t.run_id"
        f" WHERE r.experiment_id = %s AND r.lifecycle_stage <> '{Lifecycle.PURGING}')"
        " SELECT id, uuid FROM family"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [pk, experiment])
        return [NestedRun(*row) for row in cursor.fetchall()]
