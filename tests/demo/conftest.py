"""A small demo, made once for all tests of this folder."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from apps.demo import filling
from apps.demo.training import Training
from apps.tracking.queries import keys

PASSWORD = "as-told-by-the-test"
FULL, LIGHT, POINTS = 20, 4, 3_000
"""Runs with files, and runs without."""
RUNS = FULL + LIGHT


class Demo(NamedTuple):
    said: str
    artifacts: Path
    trained: list[Training]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """What the command said and left; rolled back after the tests of the module."""
    folder, out, trained = tmp_path_factory.mktemp("artifacts"), io.StringIO(), []
    train_all: Callable[..., list[Training]] = filling.train_all

    def remember(*args: Any) -> list[Training]:
        trained.extend(train_all(*args))
        return trained

    with (
        django_db_blocker.unblock(),
        override_settings(MLREGISTRY_ARTIFACTS=str(folder)),
        pytest.MonkeyPatch.context() as patch,
        transaction.atomic(),
    ):
        keys.forget()
        patch.setattr(filling, "MOST_FULL", FULL)
        patch.setattr(filling, "train_all", remember)
        call_command("demo", runs=RUNS, points=POINTS, password=PASSWORD, deploy=True, stdout=out)
        yield Demo(out.getvalue(), folder, trained)
        transaction.set_rollback(True)
    keys.forget()


@pytest.fixture(autouse=True)
def _in_the_demo(demo: Demo, db: None) -> None:
    """Each test has the demo's tables, and leaves them as they are."""
