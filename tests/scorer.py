"""Stands in for the container of a deployment, where there is no Docker to run one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from apps.serving import answering
from tests.receiver import Receiver, receiving

ADDRESS = "172.31.0.9"
"""As the engine gives them. Nobody is there: `scoring` answers in its place."""


@contextmanager
def scoring() -> Iterator[Receiver]:
    """A model that predicts 0 whatever it is asked, at every address that rollouts have."""
    with receiving() as receiver, pytest.MonkeyPatch.context() as patch:
        receiver.body, receiver.headers = b'{"predictions": [0]}', {"Content-Type": "application/json"}
        patch.setattr(answering, "checked_address", lambda _: "127.0.0.1")
        patch.setattr(answering, "PORT", int(receiver.address.rpartition(":")[2]))
        yield receiver
