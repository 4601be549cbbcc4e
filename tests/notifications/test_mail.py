"""Mail, handed in at a real server: by TLS with a certificate that is verified, what waits together
in one, and no flood."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.bootstrap import mail_server as server_of
from review_app.core.errors import SettingsError
from review_app.core.settings import load_settings
from review_app.i18n import ENGLISH
from review_app.notifications.mail import MailSender, MailServer
from review_app.notifications.messages import Message
from review_app.notifications.outcome import SendOutcome
from review_app.notifications.senders import Recipient
from storage.database import Database
from storage.enums import Channel, DeliveryState, Topic
from storage.types import utc_now
from tests.languages import GERMAN
from tests.notifications.bench import TellingBench
from tests.notifications.mailbox import PASSWORD, USER, Mailbox, mail_server, make_certificate
from tests.notifications.receiver import wait_until

FULL: dict[str, object] = {"status": "raised", "facts": {"gib": 1.5}}
OVER: dict[str, object] = {"status": "settled", "facts": {"gib": 1.5}}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("mail") / "localhost.pem")


def server(box: Mailbox, host: str = "localhost", password: str = PASSWORD) -> MailServer:
    return MailServer(host, box.port, box.security, "review@a.example", USER, password)


def send(server: MailServer | None, *data: dict[str, object]) -> SendOutcome:
    messages = [Message(n, Topic.STORAGE, utc_now(), dict(one)) for n, one in enumerate(data, 1)]
    to = Recipient(1, "ops", "ops@a.example", (), GERMAN)
    return MailSender(server, "https://review.example.org").send(to, messages)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_alarms_come_as_one_mail_in_the_language_of_the_subscription(
    security: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate, security) as box:
        assert send(server(box), FULL, OVER) == SendOutcome()
    (mail,) = box.mails
    assert (mail["From"], mail["To"]) == ("review@a.example", "ops@a.example")
    assert mail["Subject"].startswith("deepfake-review: 2 Meldungen; Die Platte der Datenbank")
    text = mail.get_content()
    assert "1,5 GiB sind frei" in text
    assert "Vorbei: " in text
    assert "https://review.example.org/admin/?tab=monitoring" in text
    assert box.users == [USER]
    said = " ".join(box.in_clear)
    assert "AUTH" not in said
    assert "MAIL" not in said


def test_a_certificate_that_nobody_vouches_for_is_not_believed(certificate: Path) -> None:
    with mail_server(certificate) as box:
        outcome = send(server(box), FULL)
    assert outcome.error == "the certificate of the mail server cannot be verified"
    assert box.mails == []


def test_a_certificate_of_another_server_is_not_believed(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as box:
        outcome = send(server(box, "127.0.0.1"), FULL)
    assert outcome.error == "the certificate of the mail server cannot be verified"


def test_what_the_server_refuses_is_told_without_the_password(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with mail_server(certificate) as box:
        wrong = server(box, password="not this one")
        assert send(wrong, FULL) == SendOutcome("the mail server refused it (535)", 535)
        assert "not this one" not in repr(wrong)
        box.refuses = True
        assert send(server(box), FULL).error == (
            "the mail server does not take mail for this address"
        )
    nobody = send(MailServer("localhost", box.port, "none", "review@a.example"), FULL)
    assert nobody.error == "the mail could not be handed in (ConnectionRefusedError)"
    assert send(None, FULL).error == "mail is not set up: REVIEW_SMTP_HOST"


def test_a_server_without_starttls_gets_nothing_in_the_clear() -> None:
    with mail_server(None, "none") as box:
        asked = MailServer("localhost", box.port, "starttls", "a@a.example", USER, PASSWORD)
        assert send(asked, FULL).error is not None
    assert box.mails == []
    assert not any("AUTH" in line for line in box.in_clear)


def test_what_comes_soon_after_a_mail_is_in_the_next_one(
    telling: TellingBench, database: Database
) -> None:
    def raise_alarms(*numbers: int) -> None:
        with database.write() as repos:
            for number in numbers:
                repos.alerts.raise_(Topic.STORAGE, str(number), {"gib": 1.5}, utc_now())

    with mail_server(None, "none") as box:
        known = MailServer("localhost", box.port, "none", "review@a.example")
        telling.subscribe("ops@a.example", [Topic.STORAGE], Channel.MAIL, language=ENGLISH)
        telling.work(mail=MailSender(known, "https://review.example.org", pause=0.6))
        raise_alarms(1)
        wait_until(lambda: len(box.mails) == 1)
        raise_alarms(*range(2, 12))
        wait_until(lambda: telling.states() == [DeliveryState.DELIVERED] * 11)
    first, second = box.mails
    assert first["Subject"].startswith("deepfake-review: The disk")
    assert second["Subject"].startswith("deepfake-review: 10 messages; ")
    assert second.get_content().count("1.5 GiB are free") == 10


def test_a_mail_server_is_set_with_all_that_it_needs(tmp_path: Path) -> None:
    assert server_of(load_settings()) is None
    secret = tmp_path / "password"
    secret.write_text("hand it in\n")
    known = {"smtp_host": "mail.example", "mail_from": "review@a.example", "smtp_user": "review"}
    found = server_of(load_settings(**known, smtp_password_file=secret))
    assert found == MailServer(
        "mail.example", 587, "starttls", "review@a.example", "review", "hand it in"
    )
    assert "hand it in" not in repr(found)
    given = load_settings(**known, smtp_password="hand it in")
    assert "hand it in" not in repr(given)
    assert server_of(given) == found
    with pytest.raises(SettingsError, match="REVIEW_MAIL_FROM"):
        load_settings(smtp_host="mail.example")
    with pytest.raises(SettingsError, match="in the clear"):
        load_settings(**known, smtp_security="none")
    with pytest.raises(SettingsError, match="every address could be reached"):
        load_settings(webhook_networks="0.0.0.0/0")
    with pytest.raises(SettingsError, match="cannot be read"):
        server_of(load_settings(**known, smtp_password_file=tmp_path / "gone"))
