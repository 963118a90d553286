"""The Celery application. Messages are hints, never the truth: that is the `Job` row (see `apps.jobs`)."""

import os
from pathlib import Path
from typing import Any

import django
from celery import Celery, signals
from django.conf import settings
from kombu import Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlregistry.settings.prod")

POLL_S = 0.5
"""How often the folder is looked at; a job waits this long at most."""
CONNECT_WITHIN_S = 2
"""A request that enqueues waits no longer for a broker that is away; the sweeper sends the message later."""


TRANSPORT_ALIASES["folder"] = "mlregistry.folder_queue:Transport"


def make_app(broker: str, queue: str, data: Path) -> Celery:
    """A Celery application on the `queue` of `broker`; without a broker, on a folder in `data`."""
    # Celery's fix-ups for Django would run the system checks in the worker and so load every view of the server.
    made = Celery("mlregistry", fixups=[])
    made.conf.update(
        **_broker(broker, data),
        broker_connection_timeout=CONNECT_WITHIN_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_queues=[Queue(queue)],
        task_default_queue=queue,
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0},
        # One process with one thread for jobs beside the one that talks to the broker: less memory than a pool of
        # processes, and the broker's heartbeats go on while a job runs.
        worker_pool="threads",
        worker_concurrency=1,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_detect_quorum_queues=False,
        worker_log_color=False,
    )
    return made


def _broker(address: str, data: Path) -> dict[str, Any]:
    if address:
        timeouts = {"socket_connect_timeout": CONNECT_WITHIN_S} if address.startswith("redis") else {}
        return {"broker_url": address, "broker_transport_options": timeouts}
    folder = data / "queue"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "broker_url": "folder://localhost",
        "broker_transport_options": {
            "data_folder_in": str(folder),
            "data_folder_out": str(folder),
            "polling_interval": POLL_S,
        },
    }


app = make_app(settings.MLREGISTRY_BROKER, settings.MLREGISTRY_QUEUE, settings.MLREGISTRY_DATA)


@signals.import_modules.connect(weak=False)
def _load_jobs(**_: Any) -> None:
    """A worker starts: load the apps, and their `tasks` modules, which register what it can run."""
    django.setup()
    from django.utils.module_loading import autodiscover_modules  # noqa: PLC0415  needs the apps

    autodiscover_modules("tasks")
