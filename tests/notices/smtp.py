"""A mail server that keeps what it is sent, and refuses what the test says; as much of SMTP as senders speak."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port: int = self.server_address[1]
        self.got: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse: Callable[[str], str] = lambda _: ""
        """What to answer, instead of yes, to this recipient."""


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(":")[0].upper()
            if verb == "RCPT TO":
                self.take(line.partition("<")[2].partition(">")[0])
            elif verb == "DATA":
                self.say("354 go on")
                self.server.got.append(self.read_message())
                self.say("250 taken")
            else:
                self.say("250 here")

    def take(self, recipient: str) -> None:
        refused = self.server.refuse(recipient)
        if not refused:
            self.server.recipients.append(recipient)
        self.say(refused or "250 fine")

    def read_message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
