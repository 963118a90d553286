"""The two halves of the server, tracking and artifacts: `MLREGISTRY_SERVE` can switch either off."""

import re
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse

from mlregistry.levels import Access

if TYPE_CHECKING:
    from mlregistry.wire.endpoint import Endpoint

ARTIFACTS_BASE = "mlflow-artifacts"
_NEITHER = frozenset({"accounts", "jobs", "audit"})
"""Apps whose calls answer in either half: who may sign in has to be managed on both."""

_NO_TRACKING = (
    "Endpoint: {rule} disabled due to the mlflow server running in `--artifacts-only` mode."
    " To enable tracking server functionality, run `mlflow server` without `--artifacts-only`"
)
_NO_ARTIFACTS = (
    "Endpoint: {rule} disabled due to the mlflow server running with `--no-serve-artifacts`."
    " To enable artifacts server functionality, run `mlflow server` with `--serve-artifacts`"
)


def refusal(call: "Endpoint") -> HttpResponse | None:
    """What to answer when the half that `call` belongs to is switched off, in the genuine server's words."""
    mode = settings.MLREGISTRY_SERVE
    if mode == "all" or call.tag in _NEITHER or call.requires is Access.PUBLIC:
        return None
    if call.base == ARTIFACTS_BASE:
        said = _NO_ARTIFACTS if mode == "no-artifacts" else ""
    else:
        said = _NO_TRACKING if mode == "artifacts-only" else ""
    if not said:
        return None
    return HttpResponse(said.format(rule=_rule(call)), status=503, content_type="text/plain; charset=utf-8")


def _rule(call: "Endpoint") -> str:
    """The call's path as the genuine server spells it."""
    rule = re.sub(r"\{(\w+_path)\}", r"<path:\1>", call.routes[0])
    return "/" + re.sub(r"\{(\w+)\}", r"<\1>", rule)
