"""Emptying the tables between tests, in spite of the triggers of the record and of governance."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase

from apps.audit import triggers
from apps.audit.models import Head
from apps.governance import triggers as governance_triggers


@pytest.fixture(scope="session", autouse=True)
def emptied_with_the_record_unlocked() -> Iterator[None]:
    """Tests that commit empty every table at their end, which the triggers rightly refuse: lift them for that."""
    empty_tables = TransactionTestCase._fixture_teardown  # noqa: SLF001  the one place where tables are emptied

    def empty_all(case: TransactionTestCase) -> None:
        governance_triggers.remove(connection)
        triggers.remove(connection)
        empty_tables(case)
        Head.objects.all().delete()
        Head.objects.create()
        triggers.install(connection)
        governance_triggers.install(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all)
        yield
