"""Messages as files: whole or not there, and each for one reader."""

# ruff: noqa: SLF001  kombu names the hooks of a transport with an underscore

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from mlregistry.folder_queue import Channel, Transport


@pytest.fixture
def channel(tmp_path: Path) -> Any:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    with Connection("folder://localhost", transport=Transport, transport_options=options) as connection:
        yield connection.default_channel


def test_messages_come_in_the_order_they_were_sent(channel: Channel) -> None:
    for number in range(5):
        channel._put("work", {"number": number})
    assert [channel._get("work")["number"] for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(Empty):
        channel._get("work")


def test_queues_in_one_folder_do_not_mix(channel: Channel) -> None:
    channel._put("work", {"number": 1})
    with pytest.raises(Empty):
        channel._get("rest")
    assert channel._size("work") == 1


def test_a_half_written_message_is_not_seen(channel: Channel, tmp_path: Path) -> None:
    channel._put("work", {"number": 1})
    whole = next(tmp_path.glob("*.msg"))
    whole.rename(whole.with_suffix(".half"))
    with pytest.raises(Empty):
        channel._get("work")


def test_of_many_readers_one_has_each_message(channel: Channel, tmp_path: Path) -> None:
    for number in range(100):
        channel._put("work", {"number": number})

    def read(_: int) -> list[int]:
        got = []
        while True:
            try:
                got.append(channel._get("work")["number"])
            except Empty:
                return got

    with ThreadPoolExecutor(4) as readers:
        counted = Counter(number for got in readers.map(read, range(4)) for number in got)
    assert counted == Counter(range(100))
    assert list(tmp_path.iterdir()) == []
