"""`manage.py serve`: bring the database up to date, make the first administrator, and serve until told to stop."""

import http.client
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from mlregistry import greeting, signing, startup
from mlregistry.errors import RegistryError
from mlregistry.supervisor import Child, Supervisor

ANSWER_WITHIN_S = 60.0
ASK_EVERY_S = 0.02


class Command(BaseCommand):
    help = "Start the server and the worker for background jobs; settings come from the environment."
    # The settings are checked below; the other checks are for developers, and CI makes them.
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        first = self._prepare()
        supervisor = Supervisor([Child("web server", _web), Child("worker", _worker)], self._say)
        supervisor.start()
        if _answers(supervisor) or first:  # its secrets are told even if the start fails: there is no second time
            self._say("\n".join(greeting.lines(first)))
        sys.exit(supervisor.run())

    def _prepare(self) -> greeting.FirstAdmin | None:
        """Everything that can refuse a start, and what the children share."""
        from mlregistry import web  # noqa: PLC0415  loads every view, which a refusal need not wait for

        try:
            startup.require_good_settings(self._say)
            startup.require_writable(settings.MLREGISTRY_DATA)
            signing.public_keys()  # made at the first start rather than by whoever signs first
            startup.require_free(settings.MLREGISTRY_HOST, settings.MLREGISTRY_PORT)
            web.load()
            startup.prepare_database(self._say)
            first = greeting.make_first_admin()
        except (startup.Refusal, RegistryError) as refusal:
            sys.exit(str(refusal))
        connection.close()  # a connection must not be shared with children
        return first

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _answers(supervisor: Supervisor) -> bool:
    """Wait for the first answer; whatever it is, the server is there."""
    deadline = time.monotonic() + ANSWER_WITHIN_S
    while supervisor.alive() and time.monotonic() < deadline:
        ask = http.client.HTTPConnection(greeting.reachable_host().strip("[]"), settings.MLREGISTRY_PORT, timeout=5)
        try:
            ask.request("GET", "/health")
            ask.getresponse()
        except OSError:
            time.sleep(ASK_EVERY_S)
        else:
            return True
        finally:
            ask.close()
    return False


def _web() -> None:
    from mlregistry import web  # noqa: PLC0415  in the child that runs it

    web.serve(settings.MLREGISTRY_HOST, settings.MLREGISTRY_PORT, settings.MLREGISTRY_WORKERS)


def _worker() -> None:
    from mlregistry import worker  # noqa: PLC0415  Celery is loaded by the child that runs it

    worker.main()
