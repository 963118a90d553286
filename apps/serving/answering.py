"""Passing questions on to what a deployment serves. Nobody else reaches its container: this server decides who does."""

import ipaddress
from typing import NamedTuple

import httpx2

from apps.serving.models import Deployment
from apps.serving.queries import live_rollout
from mlregistry.errors import Busy, InternalError, InvalidParameter, InvalidState, TooLarge

PORT = 8080
LONGEST = 32 * 1024 * 1024
"""Bytes of a question, and of an answer."""
WITHIN_S = 60.0
CONNECT_WITHIN_S = 3.0
CONTENT_TYPES = ("application/json", "text/csv", "application/vnd.apache.parquet")


class Reply(NamedTuple):
    status: int
    content_type: str
    body: bytes
    version: int
    """The version that answered."""


def invoke(deployment: Deployment, *, body: bytes, content_type: str) -> Reply:
    """A prediction, by the protocol of MLflow's scoring server; what the model says to a bad question is passed on.

    `InvalidState` where nothing is live, `Busy` where what is live does not answer.
    """
    rollout = live_rollout(deployment)
    if rollout is None or not rollout.address:
        raise InvalidState(f"Deployment {deployment.name} serves nothing now.")
    if content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise InvalidParameter(f"Send one of {', '.join(CONTENT_TYPES)}; not '{content_type[:100]}'.")
    if len(body) > LONGEST:
        raise TooLarge(f"At most {LONGEST:,} bytes can be sent at a time.")
    timeout = httpx2.Timeout(WITHIN_S, connect=CONNECT_WITHIN_S)
    address = f"http://{_checked(rollout.address)}:{PORT}/invocations"
    try:
        with (
            httpx2.Client(timeout=timeout, trust_env=False) as client,
            client.stream("POST", address, content=body, headers={"Content-Type": content_type}) as response,
        ):
            answer = bytearray()
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > LONGEST:
                    raise TooLarge(f"The model answered with more than {LONGEST:,} bytes.")
            said = response.headers.get("Content-Type", "").partition(";")[0]
            return Reply(response.status_code, said, bytes(answer), rollout.version.version)
    except httpx2.HTTPError as error:
        raise Busy(f"Deployment {deployment.name} does not answer now: {type(error).__name__}.") from None


def _checked(address: str) -> str:
    """Only addresses as the engine gives them: a row that names another place leads nowhere."""
    parsed = ipaddress.ip_address(address)
    if not parsed.is_private or parsed.is_loopback or parsed.is_link_local or parsed.is_unspecified:
        raise InternalError("The deployment's container has no address that this server gave it.")
    return f"[{address}]" if parsed.version == 6 else address  # noqa: PLR2004  of the Internet Protocol
