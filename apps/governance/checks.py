"""What is wrong with packages beside the server, said at its start. It serves all the same: what needs them waits."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks

from apps.governance.gates import brought
from mlregistry.checks import TAG


@checks.register(TAG)
def check_gates_of_packages(*, app_configs: Sequence[AppConfig] | None, **_: Any) -> list[checks.CheckMessage]:
    return [
        checks.Warning(f"{why} Change requests that need this gate cannot be applied.", id="governance.W001")
        for why in brought().broken.values()
    ]
