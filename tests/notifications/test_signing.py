"""Signatures, pauses, and addresses: what is pure of telling."""

from __future__ import annotations

import pytest

from review_app.core.errors import AddressError
from review_app.notifications.backoff import Backoff
from review_app.notifications.signing import signed_headers, signing_secret
from review_app.notifications.subscriptions import shown_address
from review_app.notifications.webhooks import WebhookCaller
from storage.enums import Channel
from tests.notifications.receiver import NETWORKS

KNOWN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    body = b'{"test": 2432232314}'
    headers = signed_headers([KNOWN], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_that_of_one_subscription_of_one_deployment() -> None:
    one = signing_secret(b"a" * 32, "salt")
    assert one == signing_secret(b"a" * 32, "salt")
    assert len({one, signing_secret(b"b" * 32, "salt"), signing_secret(b"a" * 32, "pepper")}) == 3


def test_pauses_grow_up_to_the_longest_and_end() -> None:
    backoff = Backoff(first=2, factor=3, longest=10, attempts=5)
    assert [backoff.pause(n, 0) for n in range(1, 6)] == [1, 3, 5, 5, None]
    assert backoff.pause(1, 0.999) == pytest.approx(2, rel=0.01)
    assert backoff.pause(1, 0, asked=7) == 7
    assert backoff.pause(1, 0, asked=1e9) == 10, "no longer than the longest"


def test_as_it_is_set_something_is_tried_for_about_two_days() -> None:
    pauses = [Backoff().pause(n, 0.5) or 0 for n in range(1, 17)]
    assert 24 < sum(pauses) / 3600 < 60


HIDDEN = (
    "http://127.0.0.1/x",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest",
    "http://[::1]/",
)


@pytest.mark.parametrize("address", HIDDEN)
def test_without_a_setting_nothing_beside_the_server_is_called(address: str) -> None:
    caller = WebhookCaller()
    with pytest.raises(AddressError, match="https"):
        caller.check(address)
    for one in (address, address.replace("http:", "https:")):
        outcome = caller.post(one, {}, b"{}")
        assert not outcome.is_taken
        assert "not on the public internet" in (outcome.error or "")


def test_of_the_networks_that_a_setting_names_others_are_not_reached() -> None:
    outcome = WebhookCaller(NETWORKS).post("http://10.0.0.1/", {}, b"{}")
    assert "not on the public internet" in (outcome.error or "")


@pytest.mark.parametrize("address", ["ftp://a.example/", "https://user@a.example/", "a.example"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        WebhookCaller(NETWORKS).check(address)


def test_of_an_address_its_secret_is_not_shown() -> None:
    address = "https://hooks.slack.com/services/T0/B0/secret?x=1"
    assert shown_address(Channel.SLACK, address) == "https://hooks.slack.com/…"
    assert shown_address(Channel.MAIL, "ops@a.example") == "ops@a.example"
