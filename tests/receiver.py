"""A server that webhooks are sent to: it keeps what it got, and answers as the test says."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FRESH_FOR_S = 300


@dataclass(frozen=True)
class Got:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.body)["data"]

    @property
    def delivery_id(self) -> str:
        return self.headers["X-MLflow-Delivery-Id"]

    def is_signed_with(self, secret: str) -> bool:
        """What MLflow's documentation tells receivers to check before they believe a message."""
        sent_at = self.headers["X-MLflow-Timestamp"]
        content = f"{self.delivery_id}.{sent_at}.{self.body.decode()}"
        digest = hmac.new(secret.encode(), content.encode(), hashlib.sha256).digest()
        version, _, signature = self.headers["X-MLflow-Signature"].partition(",")
        is_fresh = abs(time.time() - int(sent_at)) <= FRESH_FOR_S
        return version == "v1" and is_fresh and hmac.compare_digest(base64.b64encode(digest).decode(), signature)


@dataclass
class Receiver:
    address: str
    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int] = lambda _: 200
    """The status for a request; it is called before the request is answered."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"what only the receiver knows"


@contextmanager
def receiving(secured: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver in a thread; with TLS where a context for it is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed on the way
                return
            got = Got(self.path, dict(self.headers.items()), body)
            receiver.got.append(got)
            self.send_response(receiver.answer(got))
            for name, value in ({"Content-Length": str(len(receiver.body))} | receiver.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: Any) -> None:
            """Nothing of it is for the test's output."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that is gone before its answer is part of what is tested."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if secured:
            server.socket = secured.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(f"{'https' if secured else 'http'}://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield receiver
        server.shutdown()
