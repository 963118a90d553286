"""The one way in which this server calls others: to public addresses, once, and not for long (SECURITY.md C and G7).

Whoever may name an address could otherwise have the server call what only the server can reach: itself, the machines
beside it, a cloud's metadata. So a name is resolved once, all its addresses are checked, and the connection goes to one
of these and to nothing else. Below it is the transport that httpx2 stands on, which knows no redirects, no proxies, no
cookies and no compressed answers: what is not there cannot be left switched on.
"""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus

import httpcore2
import httpx2
from django.conf import settings

from mlregistry.errors import InvalidParameter

CONNECT_WITHIN_S = 3.0
ANSWER_WITHIN_S = 10.0
"""Finding the address, connecting, sending and the answer's first byte to its last, all together."""
READ_AT_MOST = 64 * 1024
"""Bytes of an answer: enough for the other side to finish in peace."""
HIGHEST_PORT = 65535

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""The addresses of a host, as text; raises OSError or UnicodeError where there are none."""

UNICAST = ipaddress.IPv6Network("2000::/3")
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64: how a network without IPv4 spells an IPv4 address, in its last 32 bits."""
TUNNELS = (ipaddress.IPv6Network("2001::/32"), ipaddress.IPv6Network("2002::/16"))
"""Teredo and 6to4: IPv6 addresses that lead to whatever IPv4 address is inside them."""

_FAILURES = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError)


class OutgoingFailed(Exception):
    """Nobody was told, or nobody said that they were; `message` is a sentence that quotes nothing of an answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, as far as anybody here needs to know."""

    status: int
    reason: str
    """The standard's words for the status, not the other side's."""
    content: bytes = field(default=b"", repr=False)
    """What was answered, where that was asked for, and cut at `READ_AT_MOST`: nothing to be shown as it is."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system, which takes decimal, octal and short forms of IPv4 addresses for what they are."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_url(url: str, *, schemes: Iterable[str] = ("https", "http"), resolver: Resolver = resolve) -> None:
    """Raise `InvalidParameter` unless this server may call `url`: a public address, or one that settings allow."""
    _addresses(_parsed(url, schemes), resolver, _Deadline(ANSWER_WITHIN_S))


def post(
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    timeout: float = ANSWER_WITHIN_S,
    resolver: Resolver = resolve,
    keep_content: bool = False,
    verify: bool = True,
) -> Reply:
    """Send `content` to `url`; whatever status comes back is a reply. Raises `OutgoingFailed` where none does.

    Without `verify` any certificate will do, as whoever named the URL wanted; the address is checked all the same.
    What is answered is thrown away, unless `keep_content` asks for it: then an answer that breaks off is a failure.
    """
    deadline = _Deadline(timeout)
    try:
        target = _parsed(url, ("https", "http"))
        addresses = _addresses(target, resolver, deadline)
    except InvalidParameter as refused:
        raise OutgoingFailed(refused.message) from None
    try:
        trust = _trusted() if verify else _trusting()
        return _send(target, _Pinned(addresses, deadline), content, headers, trust, keep_content=keep_content)
    except httpcore2.TimeoutException:
        raise OutgoingFailed(f"{target.host} did not answer in time ({timeout:g} s).") from None
    except httpcore2.NetworkError as error:
        raise OutgoingFailed(f"No connection to {target.host}: {error}.") from None
    except httpcore2.ProtocolError:  # its words would quote what the other side sent
        raise OutgoingFailed(f"{target.host} gave no answer in HTTP.") from None


def _send(
    target: httpx2.URL,
    backend: "_Pinned",
    content: bytes,
    headers: Mapping[str, str],
    trust: ssl.SSLContext,
    *,
    keep_content: bool,
) -> Reply:
    # Host is said here because httpcore2's own leaves out the brackets of an IPv6 address.
    sent = [("Host", target.netloc.decode()), ("User-Agent", "mlregistry"), *headers.items()]
    with (
        httpcore2.ConnectionPool(ssl_context=trust, network_backend=backend) as pool,
        pool.stream("POST", _core_url(target), headers=sent, content=content) as response,
    ):
        answer = bytearray()
        # The status has come: the message has arrived, whatever becomes of the rest that nobody wants.
        with suppress(*(() if keep_content else _FAILURES)):
            for chunk in response.iter_stream():
                answer += chunk
                if len(answer) >= READ_AT_MOST:
                    break
        kept = bytes(answer[:READ_AT_MOST]) if keep_content else b""
        return Reply(response.status, _reason(response.status), kept)


def _core_url(target: httpx2.URL) -> httpcore2.URL:
    return httpcore2.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "a status of its own"


@cache
def _trusted() -> ssl.SSLContext:
    """The system's certificates, or those that SSL_CERT_FILE names."""
    return httpx2.create_ssl_context()


@cache
def _trusting() -> ssl.SSLContext:
    """Takes the other side for whom it says it is."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _parsed(url: str, schemes: Iterable[str]) -> httpx2.URL:
    allowed = tuple(schemes)
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise InvalidParameter(f"This is no URL: {error}.") from None
    if parsed.scheme not in allowed:
        raise InvalidParameter(f"A URL of {' or '.join(allowed)} is needed, not {parsed.scheme or 'none'}.")
    if parsed.userinfo:
        raise InvalidParameter("The URL holds user info before an @; leave it out.")
    if not parsed.host:
        raise InvalidParameter("The URL names no host.")
    if parsed.port is not None and not 1 <= parsed.port <= HIGHEST_PORT:
        raise InvalidParameter(f"The URL's port is {parsed.port}; use one from 1 to {HIGHEST_PORT}.")
    return parsed


def _addresses(target: httpx2.URL, resolver: Resolver, deadline: "_Deadline") -> list[str]:
    """Every address of the target's host, each of which may be called."""
    host = target.raw_host.decode().lower().rstrip(".")
    found = _resolved(resolver, host, target.port or (443 if target.scheme == "https" else 80), deadline)
    if host in map(str.lower, settings.MLREGISTRY_OUTGOING_ALLOW):
        return found
    for address in found:
        if not _may_be_called(address):
            raise InvalidParameter(
                f"{target.host} is at {address}, which is no public address; "
                "name it in MLREGISTRY_OUTGOING_ALLOW if this server may call it."
            )
    return found


def _resolved(resolver: Resolver, host: str, port: int, deadline: "_Deadline") -> list[str]:
    """What the resolver says, in a thread: the system's own sets no limit to the time that it takes."""
    said: list[Sequence[str] | Exception] = []

    def ask() -> None:
        try:
            said.append(resolver(host, port))
        except (OSError, UnicodeError) as error:
            said.append(error)

    thread = threading.Thread(target=ask, name="resolver", daemon=True)
    thread.start()
    thread.join(deadline.left())
    found = said[0] if said else TimeoutError()
    if isinstance(found, Exception) or not found:
        raise InvalidParameter(f"{host} has no address that can be found.")
    return list(found)


def _may_be_called(address: str) -> bool:
    parsed = _normalised(ipaddress.ip_address(address))
    return _is_public(parsed) or any(_names(entry, parsed) for entry in settings.MLREGISTRY_OUTGOING_ALLOW)


def _normalised(address: Address) -> Address:
    """The IPv4 address that `address` stands for, if it is one of those."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in TRANSLATED:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return address in UNICAST and not any(address in tunnel for tunnel in TUNNELS)


def _names(entry: str, address: Address) -> bool:
    """Whether an entry of the setting is this address, or a network that holds it."""
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:  # a host's name
        return False


class _Deadline:
    """When all has to be over."""

    def __init__(self, within: float) -> None:
        self._at = time.monotonic() + within

    def left(self, at_most: float | None = None) -> float:
        """Seconds that are left, and no more than `at_most`; raises a time-out when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left if at_most is None else min(left, at_most)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, whatever the host's name has come to mean since."""

    def __init__(self, addresses: Sequence[str], deadline: _Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._real = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("it has no address")
        for address in self._addresses:
            try:
                stream = self._real.connect_tcp(address, port, self._deadline.left(CONNECT_WITHIN_S))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
                continue
            return _Timed(self._checked(stream), self._deadline)
        raise failure

    def _checked(self, stream: httpcore2.NetworkStream) -> httpcore2.NetworkStream:
        """The last look, at who is really there."""
        peer = ipaddress.ip_address(stream.get_extra_info("server_addr")[0])
        if peer not in map(ipaddress.ip_address, self._addresses):
            stream.close()
            raise httpcore2.ConnectError("it led to another address than the one that was checked")
        return stream


class _Timed(httpcore2.NetworkStream):
    """A connection on which everything together is over by the deadline: a byte now and then does not prolong it."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Timed(secured, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
