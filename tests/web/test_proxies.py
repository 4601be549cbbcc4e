"""Whose address a request is counted under, behind proxies that are trusted and without."""

from __future__ import annotations

import time

import pytest
from starlette.datastructures import Headers

from review_app.core.settings import Settings
from review_app.web.proxies import Client, Proxies

PUBLIC = "https://review.example.org"
NETWORKS = "10.0.0.7, 172.18.0.0/16, fd00::/8"


def address(peer: str, trusted: str = NETWORKS, **headers: str) -> str:
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    proxies = Proxies(Settings(public_url=PUBLIC, trusted_proxies=trusted))
    return proxies.client(peer, Headers(raw=lines)).address


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("10.0.0.7", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.7", "198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.7", "203.0.113.5, 172.18.3.4", "203.0.113.5"),
        ("10.0.0.7", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.7", "[2001:db8:1:2:3::4]:4711", "2001:db8:1:2::/64"),
        ("10.0.0.7", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.7", "::ffff:203.0.113.5", "203.0.113.5"),
        ("fd00::1", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.7", "", "10.0.0.7"),
        ("10.0.0.7", "unknown", "10.0.0.7"),
        ("10.0.0.7", "203.0.113.5, <script>", "10.0.0.7"),
        ("10.0.0.7", "172.18.0.1, 172.18.0.2", "172.18.0.1"),
        ("10.0.0.8", "203.0.113.5", "10.0.0.8"),
        ("203.0.113.9", "10.0.0.7", "203.0.113.9"),
    ],
)
def test_the_client_is_the_nearest_hop_that_is_no_trusted_proxy(
    peer: str, forwarded_for: str, expected: str
) -> None:
    assert address(peer, x_forwarded_for=forwarded_for) == expected


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("for=203.0.113.5;proto=https;by=10.0.0.7", "203.0.113.5"),
        ('for=198.51.100.1, For="203.0.113.5:4711"', "203.0.113.5"),
        ('by=10.0.0.7;for="[2001:db8:1:2::9]:80"', "2001:db8:1:2::/64"),
        ("for=_hidden", "10.0.0.7"),
        ("proto=https", "10.0.0.7"),
    ],
)
def test_the_standard_header_is_understood_too(forwarded: str, expected: str) -> None:
    assert address("10.0.0.7", forwarded=forwarded) == expected


def test_a_made_up_header_counts_for_nothing_beside_the_one_that_proxies_write() -> None:
    told = address("10.0.0.7", x_forwarded_for="203.0.113.5", forwarded="for=198.51.100.1")
    assert told == "203.0.113.5"


@pytest.mark.parametrize("name", ["forwarded", "x-forwarded-for"])
@pytest.mark.parametrize("part", ["for=[,", ",", "10.0.0.7,", "for="])
def test_a_long_header_takes_no_time(name: str, part: str) -> None:
    began = time.thread_time()
    address("10.0.0.7", **{name.replace("-", "_"): part * 20_000})
    assert time.thread_time() - began < 0.2


def test_several_lines_of_the_header_are_one_list() -> None:
    lines = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.5")]
    proxies = Proxies(Settings(trusted_proxies="10.0.0.7"))
    assert proxies.client("10.0.0.7", Headers(raw=lines)).address == "203.0.113.5"


@pytest.mark.parametrize("trusted", ["", "10.0.0.9"])
def test_nobody_is_believed_who_is_not_named(trusted: str) -> None:
    assert address("10.0.0.7", trusted, x_forwarded_for="203.0.113.5") == "10.0.0.7"


@pytest.mark.parametrize(
    ("settings", "peer", "forwarded_for", "is_shared"),
    [
        ({}, "127.0.0.1", "", True),
        ({}, "192.168.1.9", "", False),
        ({"public_url": PUBLIC}, "10.0.0.7", "203.0.113.5", True),
        ({"public_url": PUBLIC, "trusted_proxies": NETWORKS}, "10.0.0.7", "203.0.113.5", False),
        ({"public_url": PUBLIC, "trusted_proxies": NETWORKS}, "10.0.0.7", "", True),
        ({"public_url": PUBLIC, "trusted_proxies": NETWORKS}, "203.0.113.5", "", False),
        ({"trusted_proxies": "127.0.0.1"}, "127.0.0.1", "203.0.113.5", False),
        ({}, "testclient", "", True),
    ],
)
def test_where_everybody_may_come_from_one_address_it_says_so(
    settings: dict[str, str], peer: str, forwarded_for: str, is_shared: bool
) -> None:
    headers = Headers({"x-forwarded-for": forwarded_for})
    client = Proxies(Settings(**settings)).client(peer, headers)  # type: ignore[arg-type]
    assert isinstance(client, Client)
    assert client.is_shared is is_shared
