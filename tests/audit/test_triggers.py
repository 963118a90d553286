"""The database refuses to change what is recorded, whoever asks."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction

from apps.audit import chain, services
from mlregistry.actor import system

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def recorded() -> Iterator[None]:
    with transaction.atomic():
        services.record("tests.entry", by=system("tests"))
    yield
    assert chain.verify().entries == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set username = 'mallory'",
        "update audit_entry set sequence = 2",
        "delete from audit_entry",
        "delete from audit_entry where sequence = 1",
        "update audit_head set count = 0",
        "update audit_head set hash = ''",
        "update audit_head set count = count + 2",
        "update audit_head set count = count - 1",
        "delete from audit_head",
    ],
)
def test_raw_sql_is_refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match="audit"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_second_head_is_refused() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("insert into audit_head (id, count, hash) values (2, 0, '')")


def test_emptying_the_tables_is_refused() -> None:
    if connection.vendor == "postgresql":
        for table in ("audit_entry", "audit_head"):
            with pytest.raises(DatabaseError, match="refused"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"truncate {table} cascade")
    with pytest.raises(CommandError), transaction.atomic():
        call_command("flush", interactive=False, verbosity=0)
