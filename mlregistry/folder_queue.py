"""Celery messages as files in a folder, for one machine without a broker.

Kombu's own filesystem transport lets a reader see a message that is half written, and keeps the table of queues in a
file that two starting processes can tear. Here a message appears whole, by rename, and every process knows its queues.
A message that was taken and not run is lost: `apps.jobs` sends it again.
"""

import time
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    # The table of queues as kombu keeps it in memory.
    supports_fanout = False
    get_table = virtual.Channel.get_table  # type: ignore[assignment]  # the stubs of the two differ in words only

    def _put(self, queue: str, payload: dict[str, Any], **_: Any) -> None:  # type: ignore[override]  # as its parent
        """Write under another name first: `_get` looks for names that end in `.msg`."""
        path = Path(self.data_folder_out) / f"{time.time_ns():020}_{uuid4().hex}.{queue}.msg"
        half = path.with_suffix(".half")
        half.write_text(dumps(payload))
        half.rename(path)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message; of several readers, the one whose rename succeeds has it."""
        for message in sorted(Path(self.data_folder_in).glob(f"*.{queue}.msg")):
            taken = message.with_suffix(".taken")
            try:
                message.rename(taken)
            except FileNotFoundError:
                continue
            payload = loads(taken.read_text())
            taken.unlink()
            return payload
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
