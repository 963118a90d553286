"""Text that begins with something, in a form that the database's index answers."""

from django.db import connection
from django.db.models import Q

LAST = "\U0010ffff"


def begins_with(field: str, prefix: str) -> Q:
    """Rows whose indexed text `field` begins with `prefix`, in exactly this case."""
    if connection.vendor == "sqlite":  # whose LIKE ignores case and with it the index, but which compares byte by byte
        return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + LAST})
    return Q(**{f"{field}__startswith": prefix})
