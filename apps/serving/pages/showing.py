"""What the pages of deployments, and panels about them, show alike."""

import json
from contextlib import suppress

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from apps.governance.queries.policies import policies_for
from apps.registry.content.files import VersionFiles
from apps.registry.models import Content, ModelVersion
from apps.serving.models import Deployment
from apps.serving.rules import example_of
from apps.tracking.artifacts.locations import open_location
from mlregistry.errors import RegistryError

BEARER = '-H "Authorization: Bearer $MLFLOW_TRACKING_TOKEN"'
JSON = '-H "Content-Type: application/json"'
LONGEST_IN_A_LINE = 500
LONGEST_EXAMPLE = 20_000
"""Bytes of an input that a page offers to try with."""


def now_over() -> HttpResponse:
    """To a part that kept itself true: the page has more to show than this part, so it loads anew."""
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


def protected_names(model_name: str) -> list[str]:
    """The deployments, as policies name them, into which no version of this model comes without approval."""
    met = policies_for(model_name)
    return sorted({pattern for each in met for pattern in each.terms.protects.get("deploy", ())})


def takes_approval(model_name: str, deployment: str) -> bool:
    return any(each.terms.protects_any([("deploy", deployment)]) for each in policies_for(model_name))


def example_input(version: ModelVersion) -> str:
    """The input that was logged with the model, as its server takes it; empty where there is none to show."""
    content = Content.objects.filter(version=version).first()
    path = example_of(content) if content else ""
    if not path:
        return ""
    try:
        with VersionFiles(*open_location(version.location)).stream(path) as stored:
            raw = stored.read(LONGEST_EXAMPLE + 1)
        return raw.decode() if len(raw) <= LONGEST_EXAMPLE else ""
    except (RegistryError, OSError, UnicodeDecodeError):
        return ""  # the form is there without it


def deploying_lines(request: HttpRequest) -> str:
    """Lines to copy: how a version is deployed over REST."""
    return "\n".join(
        [
            f"curl -X POST {_here(request)}/api/v1/deployments/fraud-live/rollouts \\",
            f"  {BEARER} \\",
            f"  {JSON} \\",
            '  -d \'{"model": "fraud", "version": "3"}\'',
        ]
    )


def calling_lines(request: HttpRequest, deployment: Deployment, example: str) -> list[tuple[str, str]]:
    """Lines to copy, each with what they are for."""
    address = f"{_here(request)}/api/v1/deployments/{deployment.name}/invocations"
    said = _in_a_line(example) or '{"inputs": []}'
    curl = [f"curl -X POST {address} \\", f"  {BEARER} \\", f"  {JSON} \\", f"  -d '{said}'"]
    python = [
        "import os",
        "",
        "import requests",
        "",
        "answer = requests.post(",
        f"    {address!r},",
        "    headers={",
        "        'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN'],",
        "        'Content-Type': 'application/json',",
        "    },",
        f"    data={said!r},",
        ")",
        'print(answer.json()["predictions"])',
    ]
    return [("From a shell", "\n".join(curl)), ("From Python", "\n".join(python))]


def _in_a_line(example: str) -> str:
    """The example if it is short enough for one, and means the same between a shell's quotes."""
    with suppress(ValueError):
        line = json.dumps(json.loads(example))
        if len(line) <= LONGEST_IN_A_LINE and "'" not in line:
            return line
    return ""


def _here(request: HttpRequest) -> str:
    return request.build_absolute_uri(settings.FORCE_SCRIPT_NAME or "/").rstrip("/")
