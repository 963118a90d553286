"""The server calls nobody who should not be called, however the address is spelled (SECURITY.md C and G7)."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from apps.registry.models import Webhook
from mlregistry import outgoing
from mlregistry.errors import InvalidParameter
from mlregistry.outgoing import OutgoingFailed, check_url, post
from tests.receiver import Receiver, receiving
from tests.security.recipes import filled
from tests.security.world import World

PUBLIC = "93.184.215.14"
HOSTS_OF_OUR_OWN = (
    "127.0.0.1",
    "127.8.9.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "2130706433",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "10.0.0.1",
    "10.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "3232235777",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "100.64.0.1",
    "100.127.255.254",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "127。0。0。1",
    "１２７.0.0.1",  # noqa: RUF001  full-width digits
    "ⓛocalhost",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::169.254.169.254]",
    "[64:ff9b:1::10.0.0.1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:7f00:1::]",
    "[2001:0:53aa:64c:0:0:80ff:fffe]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[ff02::1]",
    "[ff0e::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[4000::1]",
)
NO_URLS = (
    "",
    " ",
    "127.0.0.1",
    "//8.8.8.8/",
    "https://",
    "https:///hook",
    "https:8.8.8.8",
    "file:///etc/passwd",
    "ftp://8.8.8.8/",
    "gopher://8.8.8.8/",
    "javascript:alert(1)",
    "unix://8.8.8.8/",
    "https://user@8.8.8.8/",
    "https://user:password@8.8.8.8/",
    "https://:@8.8.8.8/",
    "https://8.8.8.8\\@127.0.0.1/",
    "https://8.8.8.8:0/",
    "https://8.8.8.8:65536/",
    "https://8.8.8.8:-1/",
    "https://8.8.8.8:port/",
    "https://8.8.8.8/\r\nX-Header: 1",
    "https://8.8.8.8/\x00",
    "https://[8.8.8.8/",
    "https://" + "a" * 300 + ".example/",
    "https://no-such-host.invalid/",
)


def says(*answers: Sequence[str]) -> tuple[outgoing.Resolver, list[str]]:
    """A resolver that says one answer after the other, and whom it was asked for."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    return resolver, asked


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)


def port_of(receiver: Receiver) -> str:
    return receiver.address.rpartition(":")[2]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HOSTS_OF_OUR_OWN)
def test_no_address_that_is_not_public_is_called_in_any_spelling(
    host: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", lambda *_: pytest.fail("it connected"))
    with pytest.raises(InvalidParameter):
        check_url(f"{scheme}://{host}/hook")
    with pytest.raises(InvalidParameter):
        check_url(f"{scheme}://{host}:8080/hook")
    with pytest.raises(OutgoingFailed):
        post(f"{scheme}://{host}/hook", content=b"", headers={})


@pytest.mark.parametrize("recipe", ["POST /api/2.0/mlflow/webhooks", "PATCH /api/2.0/mlflow/webhooks/{webhook_id}"])
def test_every_call_that_takes_an_address_refuses_those_and_writes_nothing(world: World, recipe: str) -> None:
    before = list(Webhook.objects.values())
    for url in [*(f"http://{host}/hook" for host in HOSTS_OF_OUR_OWN), *filter(None, NO_URLS)]:
        answer = world.callers["admin token"].send(filled(recipe, world.names, url=url))
        assert (answer.status, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), url
    assert list(Webhook.objects.values()) == before


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_url_to_call_is_refused(url: str) -> None:
    with pytest.raises(InvalidParameter, match=r"\.$"):
        check_url(url)
    with pytest.raises(OutgoingFailed):
        post(url, content=b"", headers={})


@pytest.mark.parametrize(
    "url",
    [
        "https://8.8.8.8/hook?for=a@b#part",
        "http://8.8.8.8:8080",
        "HTTPS://8.8.8.8/",
        "https://134744072/",
        "https://[2606:4700:4700::1111]/",
        "https://[::ffff:8.8.8.8]/",
        "https://[64:ff9b::8.8.8.8]/",
        "https://8.8.8.8/a path with spaces",
    ],
)
def test_public_addresses_may_be_called(url: str) -> None:
    check_url(url)


def test_schemes_can_be_narrowed() -> None:
    check_url("https://8.8.8.8/", schemes=("https",))
    with pytest.raises(InvalidParameter, match="https is needed, not http"):
        check_url("http://8.8.8.8/", schemes=("https",))


def test_every_address_of_a_name_counts() -> None:
    resolver, _ = says([PUBLIC, "10.0.0.1"])
    with pytest.raises(InvalidParameter, match=r"10\.0\.0\.1"):
        check_url("https://mixed.example/", resolver=resolver)


@pytest.mark.parametrize(
    "entry", ["127.0.0.1", "127.0.0.0/8", "Intern.Example", "0.0.0.0/0"], ids=lambda entry: entry.replace("/", " of ")
)
def test_settings_allow_hosts_addresses_and_networks(settings: Any, entry: str) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = (entry,)
    check_url("http://Intern.Example./", resolver=says(["127.0.0.1"])[0])
    check_url("http://intern.example/", resolver=says(["127.0.0.1"])[0])


def test_settings_allow_no_more_than_they_name(settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("10.1.0.0/16", "intern.example", "::1")
    check_url("http://10.1.255.3/")
    check_url("http://[::ffff:10.1.0.3]/")
    check_url("http://[::1]/")
    for host, address in (
        ("10.2.0.1", "10.2.0.1"),
        ("sub.intern.example", "10.2.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("x", "fe80::1"),
    ):
        with pytest.raises(InvalidParameter):
            check_url(f"http://{host}/", resolver=says([address])[0])


@pytest.mark.usefixtures("allowed")
def test_a_message_arrives_as_it_was_sent(receiver: Receiver) -> None:
    reply = post(f"{receiver.address}/hook?a=b", content=b'{"a": 1}', headers={"X-Kind": "test"})
    assert (reply.status, reply.reason) == (200, "OK")
    (got,) = receiver.got
    assert (got.path, got.body) == ("/hook?a=b", b'{"a": 1}')
    assert got.headers["X-Kind"] == "test"
    assert got.headers["Host"] == receiver.address.removeprefix("http://")


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("status", [204, 404, 429, 500, 799])
def test_every_status_is_a_reply_and_nothing_of_the_answer_is_told(receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: status
    receiver.body = b"" if status == 204 else receiver.body
    reply = post(receiver.address, content=b"", headers={})
    assert reply.status == status
    assert "only the receiver knows" not in repr(reply)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as elsewhere:
        receiver.answer = lambda _: status
        receiver.headers = {"Location": elsewhere.address}
        assert post(receiver.address, content=b"secret", headers={}).status == status
        assert elsewhere.got == []
    assert len(receiver.got) == 1


@pytest.mark.usefixtures("allowed")
def test_the_environments_proxies_are_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        assert post(receiver.address, content=b"", headers={}).status == 200
        assert proxy.got == []


def test_a_name_is_resolved_once_and_the_checked_address_is_called(receiver: Receiver, settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.1",)
    resolver, asked = says(["127.0.0.1"])
    url = f"http://rebound.example:{port_of(receiver)}/"
    assert post(url, content=b"", headers={}, resolver=resolver).status == 200
    assert asked == ["rebound.example"]
    assert receiver.got[0].headers["Host"] == f"rebound.example:{port_of(receiver)}"


def test_a_name_that_changes_its_address_after_the_check_leads_nowhere_else(receiver: Receiver, settings: Any) -> None:
    """The first answer is an address that may be called, where nobody is; the next would be the receiver's."""
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.9",)
    resolver, asked = says(["127.0.0.9"], ["127.0.0.1"], ["127.0.0.1"])
    url = f"http://rebound.example:{port_of(receiver)}/"
    with pytest.raises(OutgoingFailed, match="refused"):
        post(url, content=b"", headers={}, resolver=resolver)
    assert asked == ["rebound.example"]
    assert receiver.got == []


def test_who_is_really_there_is_checked_after_connecting(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = httpcore2.SyncBackend.connect_tcp

    def misled(backend: Any, host: str, port: int, *arguments: Any) -> Any:
        return connect(backend, "127.0.0.1", port, *arguments)

    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", misled)
    with pytest.raises(OutgoingFailed, match="another address"):
        post(f"http://{PUBLIC}:{port_of(receiver)}/", content=b"", headers={})
    assert receiver.got == []


@pytest.mark.usefixtures("allowed")
def test_of_several_addresses_one_that_answers_is_enough(receiver: Receiver, settings: Any) -> None:
    settings.MLREGISTRY_OUTGOING_ALLOW = ("127.0.0.0/8",)
    url = f"http://two.example:{port_of(receiver)}/"
    assert post(url, content=b"", headers={}, resolver=says(["127.0.0.9", "127.0.0.1"])[0]).status == 200


@contextmanager
def answering(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then does what `speak` does with the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                with suppress(OSError):  # the client has had enough
                    speak(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        thread.join(5)
        assert not thread.is_alive()


def drip(line: bytes, connection: socket.socket) -> None:
    """Something every twentieth of a second, so that no single read takes long."""
    while True:
        connection.sendall(line)
        time.sleep(0.05)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("start", "line"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    ],
    ids=["status", "headers", "interim answers"],
)
def test_an_answer_that_never_ends_is_given_up_in_time(start: bytes, line: bytes) -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(start)
        drip(line, connection)

    with answering(speak) as url, pytest.raises(OutgoingFailed):
        post(url, content=b"", headers={}, timeout=0.5)


@pytest.mark.usefixtures("allowed")
def test_a_body_that_never_ends_costs_no_more_than_its_time_and_the_status_counts() -> None:
    def speak(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        drip(b"x", connection)

    with answering(speak) as url:
        assert post(url, content=b"", headers={}, timeout=0.5).status == 200


@pytest.mark.usefixtures("allowed")
def test_a_huge_body_is_read_to_its_bound_only() -> None:
    sent = 0

    def speak(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"\0" * 0x10000 + b"\r\n")
            sent += 0x10000

    with answering(speak) as url:
        assert post(url, content=b"", headers={}).status == 200
    assert sent < 16 * 2**20  # what the sockets hold


@pytest.mark.usefixtures("allowed")
def test_who_does_not_answer_at_all_is_given_up_in_time() -> None:
    with answering(lambda _: time.sleep(0.6)) as url, pytest.raises(OutgoingFailed, match="in time"):
        post(url, content=b"", headers={}, timeout=0.3)


def test_a_name_server_that_does_not_answer_is_given_up_in_time() -> None:
    def slow(host: str, port: int) -> list[str]:
        time.sleep(2)
        return [PUBLIC]

    with pytest.raises(OutgoingFailed, match="no address that can be found"):
        post("https://slow.example/", content=b"", headers={}, timeout=0.2, resolver=slow)


@pytest.mark.usefixtures("allowed")
def test_what_is_no_http_is_told_without_quoting_it() -> None:
    with (
        answering(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2 secret\r\n")) as url,
        pytest.raises(OutgoingFailed) as failed,
    ):
        post(url, content=b"", headers={})
    assert failed.value.message == "127.0.0.1 gave no answer in HTTP."


@pytest.mark.usefixtures("allowed")
def test_nobody_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(OutgoingFailed, match=r"^No connection to 127\.0\.0\.1: .*refused\.$"):
        post(f"http://127.0.0.1:{port}/", content=b"", headers={})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate for hook.example, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "hook.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[Receiver]:
    """A receiver that speaks TLS, as hook.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(context) as running:
        yield running


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    outgoing._trusted.cache_clear()  # noqa: SLF001  it is read once for each process
    yield
    outgoing._trusted.cache_clear()  # noqa: SLF001


@pytest.mark.usefixtures("allowed", "trusted")
def test_tls_is_held_against_the_name_although_an_address_is_called(secured: Receiver) -> None:
    resolver, _ = says(["127.0.0.1"])
    assert post(f"https://hook.example:{port_of(secured)}/", content=b"x", headers={}, resolver=resolver).status == 200


@pytest.mark.usefixtures("allowed", "trusted")
def test_a_certificate_for_another_name_is_refused(secured: Receiver) -> None:
    resolver, _ = says(["127.0.0.1"])
    with pytest.raises(OutgoingFailed, match="certificate"):
        post(f"https://other.example:{port_of(secured)}/", content=b"x", headers={}, resolver=resolver)


@pytest.mark.usefixtures("allowed")
def test_a_certificate_that_nobody_vouches_for_is_refused(secured: Receiver) -> None:
    resolver, _ = says(["127.0.0.1"])
    with pytest.raises(OutgoingFailed, match="certificate"):
        post(f"https://hook.example:{port_of(secured)}/", content=b"x", headers={}, resolver=resolver)
