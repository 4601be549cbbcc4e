"""A real mail server, which speaks as much of SMTP (RFC 5321) as handing in mail needs."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

USER, PASSWORD = "review", "hand it in"


@dataclass
class Mailbox:
    """What was handed in, by whom, and whether it came by TLS."""

    security: str
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    """Commands that came before TLS."""
    refuses: bool = False
    """Whether nobody is known here."""


class _MailConversation(socketserver.StreamRequestHandler):
    """One client, from its greeting to its end."""

    server: _MailServer

    def setup(self) -> None:
        self.is_secure = False
        if self.server.box.security == "tls":
            self.wrap()
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def wrap(self) -> None:
        """Speak TLS from here on."""
        plain, self.request = self.request, None
        try:
            self.request = self.server.secure.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            raise
        self.is_secure = True

    def handle(self) -> None:
        self.say("220 mail.example ESMTP")
        answers: dict[str, Callable[[str], None]] = {
            "EHLO": self.greet,
            "STARTTLS": self.begin_tls,
            "AUTH": self.sign_in,
            "RCPT": self.recipient,
            "DATA": self.take,
            "QUIT": lambda _: self.say("221 bye"),
        }
        while line := self.rfile.readline().decode().strip():
            if not self.is_secure:
                self.server.box.in_clear.append(line)
            answers.get(line.split()[0].upper(), self.agree)(line)

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def agree(self, _: str) -> None:
        self.say("250 fine")

    def greet(self, _: str) -> None:
        may_begin = self.server.box.security == "starttls" and not self.is_secure
        self.say("250-mail.example", "250 STARTTLS" if may_begin else "250 AUTH PLAIN")

    def begin_tls(self, _: str) -> None:
        self.say("220 go ahead")
        super().finish()
        self.wrap()
        super().setup()

    def sign_in(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.server.box.users.append(user)
        self.say("235 welcome" if password == PASSWORD else "535 wrong password")

    def recipient(self, _: str) -> None:
        self.say("550 nobody of that name" if self.server.box.refuses else "250 fine")

    def take(self, _: str) -> None:
        self.say("354 go on")
        content = b""
        while (line := self.rfile.readline()) != b".\r\n":
            content += line
        self.server.box.mails.append(message_from_bytes(content, policy=default))
        self.say("250 taken")


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, box: Mailbox, certificate: Path | None) -> None:
        super().__init__(("127.0.0.1", 0), _MailConversation)
        self.box = box
        self.secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate is not None:
            self.secure.load_cert_chain(certificate)

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust the certificate hangs up."""


@contextmanager
def mail_server(certificate: Path | None = None, security: str = "starttls") -> Iterator[Mailbox]:
    """A server that listens; with a certificate for those who want TLS."""
    box = Mailbox(security)
    with _MailServer(box, certificate) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()


def make_certificate(path: Path) -> Path:
    """A key and a certificate for ``localhost`` that vouches for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path
