"""Settings of the registry: what creators get, and what stages may be called."""

from typing import Any

import pytest

from apps.accounts.models import User
from apps.registry.choices import ARCHIVED, DELETED, NONE, PRODUCTION, STAGE_NAME, STAGING
from apps.registry.permissions import MODEL_GRANTS
from apps.registry.rules import LATEST
from apps.tracking.permissions import EXPERIMENT_GRANTS
from mlregistry import checks
from mlregistry.levels import Level
from tests.registry.making import make_registered
from tests.tracking.making import make_experiment


@pytest.mark.parametrize("level", [Level.EDIT, Level.MANAGE])
def test_creators_get_what_the_setting_says(ada: User, settings: Any, level: Level) -> None:
    settings.MLREGISTRY_CREATOR_PERMISSION = level
    assert EXPERIMENT_GRANTS.level(make_experiment(ada, "hers"), ada) is level
    assert MODEL_GRANTS.level(make_registered(ada, "hers"), ada) is level


@pytest.mark.parametrize("stages", [(), ("Shadow",), ("Shadow", "Canary 2", "Ünïcode"), ("x" * 20,)])
def test_good_stages_are_taken(settings: Any, stages: tuple[str, ...]) -> None:
    settings.MLREGISTRY_STAGES = stages
    assert said() == []


@pytest.mark.parametrize(
    ("stages", "wrong"),
    [
        (("",), "1 to 20 printable characters"),
        (("x" * 21,), "1 to 20 printable characters"),
        ((" Shadow",), "1 to 20 printable characters"),
        (("a\nb",), "1 to 20 printable characters"),
        (("Shadow", "SHADOW"), "'SHADOW', which is taken"),
        (("production",), "'production', which is taken"),
        (("none",), "'none', which is taken"),
        (("Latest",), "'Latest', which is taken"),
        (("deleted_internal",), "'deleted_internal', which is taken"),
        (("a/b",), "names no stage with / or of digits"),
        (("12",), "names no stage with / or of digits"),
    ],
)
def test_a_stage_that_would_not_work_is_refused(settings: Any, stages: tuple[str, ...], wrong: str) -> None:
    settings.MLREGISTRY_STAGES = stages
    (error,) = said()
    assert wrong in error


def test_the_checks_and_the_registry_mean_the_same_stages() -> None:
    assert set(checks.TAKEN_STAGES) == {NONE, STAGING, PRODUCTION, ARCHIVED, DELETED, LATEST}
    assert checks.STAGE_NAME == STAGE_NAME


def said() -> list[str]:
    return [found.msg for found in checks.check_settings(app_configs=None)]
