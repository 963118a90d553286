"""`python -m mlregistry.worker`: a Celery worker for the jobs of this server, beside it or on a machine of its own."""

import sys
import warnings
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning

from mlregistry.celery import app


@signals.setup_logging.connect
def _leave_logging_to_django(**_: Any) -> None:
    """A receiver is enough: Celery then leaves the handlers alone that the settings name."""


def main() -> None:
    """Work until told to stop: SIGTERM lets a running job give itself back at its next report of progress."""
    # Celery warns of root because of pickled messages; ours are JSON.
    warnings.simplefilter("ignore", SecurityWarning)
    worker = app.Worker(quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True)
    worker.start()
    sys.exit(worker.exitcode)


if __name__ == "__main__":
    main()
