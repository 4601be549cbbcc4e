"""Mail: what waits for one address goes out together, and no more often than every few minutes.

The server's certificate is verified, and nothing is sent in the clear unless a setting says so.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from review_app.i18n import t, use_language
from review_app.notifications.messages import Message
from review_app.notifications.outcome import SendOutcome
from review_app.notifications.senders import Manner, Recipient
from storage.types import utc_now

PAUSE = 300.0
"""Seconds between two mails to one address: what comes meanwhile is in the next."""
TOGETHER = 50
"""Most alarms of one mail."""
SECONDS = 30.0


@dataclass(frozen=True)
class MailServer:
    """A server that mail is handed in at. ``security``: ``starttls``, ``tls`` or ``none``."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    def hand_in(self, message: EmailMessage, seconds: float) -> None:
        """Send ``message``. Raises ``OSError``, or ``SMTPException``, which is one."""
        with self._connected(seconds) as smtp:
            if self.security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self.user:
                smtp.login(self.user, self.password)
            smtp.send_message(message)

    def _connected(self, seconds: float) -> smtplib.SMTP:
        if self.security == "tls":
            secure = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=seconds, context=secure)
        return smtplib.SMTP(self.host, self.port, timeout=seconds)


class MailSender:
    """Mails to people. ``address``: of this deployment, for the link; ``server``: None where mail
    is not set up."""

    def __init__(self, server: MailServer | None, address: str, pause: float = PAUSE) -> None:
        self.manner = Manner(together=TOGETHER, pause=pause, seconds=SECONDS)
        self._server = server
        self._address = address

    def send(self, to: Recipient, messages: Sequence[Message]) -> SendOutcome:
        """Tell ``messages`` in one mail."""
        if self._server is None:
            return SendOutcome("mail is not set up: REVIEW_SMTP_HOST")
        with use_language(to.language):
            message = mail_of(self._server.sender, to.address, self._address, messages)
        try:
            self._server.hand_in(message, SECONDS)
        except smtplib.SMTPResponseException as error:
            return SendOutcome(f"the mail server refused it ({error.smtp_code})", error.smtp_code)
        except smtplib.SMTPRecipientsRefused:
            return SendOutcome("the mail server does not take mail for this address")
        except ssl.SSLCertVerificationError:
            return SendOutcome("the certificate of the mail server cannot be verified")
        except (OSError, ValueError) as error:
            return SendOutcome(f"the mail could not be handed in ({type(error).__name__})")
        return SendOutcome()


def mail_of(sender: str, to: str, address: str, messages: Sequence[Message]) -> EmailMessage:
    """The mail, in the language in use."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    first = messages[0].line
    mail["Subject"] = t("alerts.mail_subject", n=len(messages), first=_one_line(first))
    mail["Date"] = format_datetime(utc_now())
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or None)
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"{one.at:%Y-%m-%d %H:%M} UTC\n{one.line}" for one in messages]
    foot = t("alerts.mail_foot", address=f"{address}/admin/?tab=monitoring")
    mail.set_content("\n\n".join([*lines, foot]) + "\n")
    return mail


def _one_line(text: str, most: int = 120) -> str:
    return " ".join(text.split())[:most]
