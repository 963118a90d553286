"""Passing questions on to what a deployment serves. Nobody else reaches its container: this server decides who does."""

import ipaddress
import time
from typing import NamedTuple

import httpx2

from apps.serving.models import Deployment, Rollout
from apps.serving.queries import live_rollout
from mlregistry.errors import BadRequest, Busy, InternalError, InvalidParameter, TooLarge
from mlregistry.printable import printable

PORT = 8080
LONGEST = 32 * 1024 * 1024
"""Bytes of a question, and of an answer."""
WITHIN_S = 60.0
CONNECT_WITHIN_S = 3.0
CONTENT_TYPES = ("application/json", "text/csv", "application/vnd.apache.parquet")
ANSWERED = (*CONTENT_TYPES, "text/plain")
UNKNOWN = "application/octet-stream"
"""What other types are passed on as: nothing that a browser would run."""
OK, LAST_STATUS = 200, 599


class Reply(NamedTuple):
    status: int
    content_type: str
    body: bytes
    version: int
    """The version that answered."""


def live_in(deployment: Deployment) -> Rollout:
    """What answers for the deployment; `BadRequest` where nothing does."""
    rollout = live_rollout(deployment)
    if rollout is None or not rollout.address:
        raise BadRequest(f"Deployment {deployment.name} serves nothing now.")
    return rollout


def invoke(deployment: Deployment, *, body: bytes, content_type: str) -> Reply:
    """A prediction, by the protocol of MLflow's scoring server; what the model says to a bad question is passed on.

    `BadRequest` where nothing is live, `Busy` where what is live does not answer.
    """
    rollout = live_in(deployment)
    _check_content_type(content_type)
    if len(body) > LONGEST:
        raise TooLarge(f"At most {LONGEST:,} bytes can be sent at a time.")
    headers = {"Content-Type": content_type, "Accept-Encoding": "identity"}
    timeout = httpx2.Timeout(WITHIN_S, connect=CONNECT_WITHIN_S)
    address = f"http://{checked_address(str(rollout.address))}:{PORT}/invocations"
    try:
        with (
            httpx2.Client(timeout=timeout, trust_env=False) as client,
            client.stream("POST", address, content=body, headers=headers) as response,
        ):
            return _read(response, rollout, until=time.monotonic() + WITHIN_S)
    except httpx2.HTTPError as error:
        raise Busy(f"Deployment {deployment.name} does not answer now: {type(error).__name__}.") from None


def _check_content_type(given: str) -> None:
    if given.partition(";")[0].strip().lower() not in CONTENT_TYPES or not (given.isascii() and given.isprintable()):
        raise InvalidParameter(f"Send one of {', '.join(CONTENT_TYPES)}; not '{printable(given, 100)}'.")


def _read(response: httpx2.Response, rollout: Rollout, *, until: float) -> Reply:
    """Whatever is in the container is the model's author's: nothing that it says of its answer is taken on trust."""
    if not OK <= response.status_code <= LAST_STATUS:
        raise Busy(f"The model answered with the status {response.status_code}, which HTTP does not have.")
    answer = bytearray()
    for chunk in response.iter_raw():  # as it comes: what was packed could be any number of times as long
        answer += chunk
        if len(answer) > LONGEST:
            raise TooLarge(f"The model answered with more than {LONGEST:,} bytes.")
        if time.monotonic() > until:
            raise Busy(f"The model has not finished its answer within {WITHIN_S:.0f} seconds.")
    said = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_plain = said in ANSWERED and "Content-Encoding" not in response.headers
    return Reply(response.status_code, said if is_plain else UNKNOWN, bytes(answer), rollout.version.version)


def checked_address(address: str) -> str:
    """Only addresses as the engine gives them: a row that names another place leads nowhere."""
    parsed = ipaddress.ip_address(address)
    meant = getattr(parsed, "ipv4_mapped", None) or parsed  # ::ffff:127.0.0.1 leads to this machine too
    if not meant.is_private or meant.is_loopback or meant.is_link_local or meant.is_unspecified:
        raise InternalError("The deployment's container has no address that this server gave it.")
    return f"[{address}]" if parsed.version == 6 else address  # noqa: PLR2004  of the Internet Protocol
