"""Bad settings are system checks with ids; `serve` refuses to start with any of them.

What keeps the settings from loading at all (a port that is no number) is refused where it is read.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from email.utils import parseaddr
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from mlregistry import signing

TAG = "mlregistry"
SERVE = ("all", "artifacts-only", "no-artifacts")
AUTH = ("on", "off")
BROKER_DRIVERS = {"redis": "redis", "rediss": "redis", "amqp": "amqp", "amqps": "amqp"}
HIGHEST_PORT = 65535
HOST_NAME = re.compile(r"([a-z0-9_-]+\.)*[a-z][a-z0-9_-]*", re.IGNORECASE)
"""Without a port; what ends in a number is an address, or wrong."""
SHORTEST_SECRET = 16
STAGE_NAME = 20
TAKEN_STAGES = ("None", "Staging", "Production", "Archived", "Deleted_Internal", "latest")
"""What a stage cannot be called: MLflow's own, and the words that mean something else where a stage may be named."""


@register(TAG)
def check_settings(*, app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Every setting that is wrong, each with what would be right."""
    return [*_serving(), *_access(), *_database(), *_work(), *_outgoing(), *_keys(), *_stages(), *_gates(), *_notices()]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _serving() -> Iterator[Error]:
    if settings.MLREGISTRY_SERVE not in SERVE:
        yield _error("E001", f"MLREGISTRY_SERVE is {settings.MLREGISTRY_SERVE!r}; use one of {', '.join(SERVE)}.")
    if not 1 <= settings.MLREGISTRY_PORT <= HIGHEST_PORT:
        yield _error("E004", f"MLREGISTRY_PORT is {settings.MLREGISTRY_PORT}; use one from 1 to {HIGHEST_PORT}.")
    if settings.MLREGISTRY_WORKERS < 1:
        yield _error("E005", f"MLREGISTRY_WORKERS is {settings.MLREGISTRY_WORKERS}; at least one has to serve.")


def _access() -> Iterator[Error]:
    if settings.MLREGISTRY_AUTH not in AUTH:
        yield _error("E002", f"MLREGISTRY_AUTH is {settings.MLREGISTRY_AUTH!r}; use one of {', '.join(AUTH)}.")
    elif settings.MLREGISTRY_AUTH == "off" and not is_loopback(settings.MLREGISTRY_HOST):
        yield _error(
            "E003",
            f"MLREGISTRY_AUTH=off makes everyone the administrator, so it serves this machine alone: "
            f"set MLREGISTRY_HOST to 127.0.0.1 (it is {settings.MLREGISTRY_HOST!r}), or turn sign-in on.",
        )


def _database() -> Iterator[Error]:
    postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    if postgresql and not (find_spec("psycopg2") or find_spec("psycopg")):
        yield _error(
            "E006",
            "DATABASE_URL names PostgreSQL, whose driver is not installed: "
            "pip install --require-hashes -r requirements/postgres.txt",
        )


def _work() -> Iterator[Error]:
    if settings.MLREGISTRY_JOB_HEARTBEAT <= 0:
        yield _error("E009", "MLREGISTRY_JOB_HEARTBEAT has to be more than 0 seconds.")
    broker = settings.MLREGISTRY_BROKER
    if not broker:
        return
    driver = BROKER_DRIVERS.get(broker.partition("://")[0])
    if driver is None:
        yield _error("E007", "MLREGISTRY_BROKER has to be redis://… or amqp://…, or empty for a queue in a folder.")
    elif not find_spec(driver):
        yield _error(
            "E008",
            f"MLREGISTRY_BROKER needs the package {driver}, which is not installed: "
            f"pip install --require-hashes -r requirements/{driver}.txt",
        )


def _outgoing() -> Iterator[Error]:
    for entry in settings.MLREGISTRY_OUTGOING_ALLOW:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if not HOST_NAME.fullmatch(entry):
                yield _error(
                    "E020",
                    f"MLREGISTRY_OUTGOING_ALLOW has {entry!r}, which is no host, address or network: "
                    "use such as hooks.example.com, 10.1.2.3 or 10.1.0.0/16, with commas between them.",
                )


def _keys() -> Iterator[Error]:
    try:
        signing.check_keys()
    except ImproperlyConfigured as wrong:
        yield _error("E010", str(wrong))


def _stages() -> Iterator[Error]:
    known = {stage.lower() for stage in TAKEN_STAGES}
    for stage in settings.MLREGISTRY_STAGES:
        if not 1 <= len(stage) <= STAGE_NAME or not stage.isprintable() or stage != stage.strip():
            yield _error("E011", f"MLREGISTRY_STAGES has {stage!r}; a stage is 1 to {STAGE_NAME} printable characters.")
        elif "/" in stage or stage.isdigit():
            yield _error("E011", f"MLREGISTRY_STAGES has {stage!r}: models:/name/… names no stage with / or of digits.")
        elif stage.lower() in known:
            yield _error("E011", f"MLREGISTRY_STAGES has {stage!r}, which is taken (in any case); use another name.")
        known.add(stage.lower())


def _gates() -> Iterator[Error]:
    advisories, secret = settings.MLREGISTRY_ADVISORIES, settings.MLREGISTRY_GATE_SECRET
    if advisories and not Path(advisories).exists():
        yield _error(
            "E021",
            f"MLREGISTRY_ADVISORIES is {advisories!r}, where nothing is: name a JSON file, a zip or a folder of OSV's.",
        )
    if secret and len(secret) < SHORTEST_SECRET:
        yield _error("E022", f"MLREGISTRY_GATE_SECRET has {len(secret)} characters; it needs {SHORTEST_SECRET}.")


def _notices() -> Iterator[Error]:
    """The address of the channel is a secret, so nothing here repeats it."""
    channel = settings.MLREGISTRY_SLACK_WEBHOOK
    if channel and not channel.startswith(("https://", "http://")):
        yield _error("E023", "MLREGISTRY_SLACK_WEBHOOK has to be an address, https://…, or empty.")
    sender = settings.MLREGISTRY_EMAIL_FROM
    if "@" not in parseaddr(sender)[1] or not sender.isprintable():
        yield _error("E024", f"MLREGISTRY_EMAIL_FROM is {sender!r}; give an address, such as ml@example.org.")


def _error(code: str, said: str) -> Error:
    return Error(said, id=f"mlregistry.{code}")
