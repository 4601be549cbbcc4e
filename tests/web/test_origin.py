"""Which names the server answers to, and whose pages may send it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.datastructures import Headers

from review_app.core.settings import Settings
from review_app.web.origin import Origins
from tests.web.site import Site

HERE = "127.0.0.1:7860"
PUBLIC = "https://review.example.org"


def is_foreign(settings: Settings, host: str, origin: str) -> bool:
    return Origins(settings).is_foreign_write("POST", Headers({"host": host, "origin": origin}))


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        (HERE, "http://127.0.0.1:7860", False),
        ("LOCALHOST:7860", "http://localhost:7860", False),
        ("127.0.0.1", "http://127.0.0.1", False),
        ("[::1]:7860", "http://[::1]:7860", False),
        (HERE, "https://127.0.0.1:7860", True),
        (HERE, "http://127.0.0.1:7861", True),
        (HERE, "http://localhost:7860", True),
        (HERE, "http://127.0.0.1", True),
        (HERE, "ftp://127.0.0.1:7860", True),
        (HERE, "null", True),
        (HERE, "http://a@127.0.0.1:7860", True),
        (HERE, "http://127.0.0.1:x", True),
        ("", "http://", True),
    ],
)
def test_on_this_machine_scheme_host_and_port_of_a_page_are_ours(
    host: str, origin: str, expected: bool
) -> None:
    assert is_foreign(Settings(), host, origin) is expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://review.example.org", False),
        ("https://review.example.org:443", False),
        ("http://review.example.org", True),
        ("https://review.example.org:8443", True),
        ("http://127.0.0.1:7860", True),
        ("https://www.review.example.org", True),
    ],
)
def test_behind_a_proxy_only_pages_of_the_public_address_are_ours(
    origin: str, expected: bool
) -> None:
    settings = Settings(public_url=PUBLIC + "/")
    for host in ("review.example.org", "review.example.org:443"):
        assert is_foreign(settings, host, origin) is expected


@pytest.mark.parametrize(
    "settings",
    [
        {"public_url": PUBLIC},
        {"public_url": PUBLIC, "host": "0.0.0.0", "allow_remote": True},
        {"public_url": PUBLIC, "host": "192.168.1.7", "allow_remote": True},
    ],
)
@pytest.mark.parametrize("host", [HERE, "localhost", "[::1]:7860", "192.168.1.7", "0.0.0.0"])
def test_a_public_deployment_goes_by_its_public_name_alone(
    settings: dict[str, object], host: str
) -> None:
    origins = Origins(Settings(**settings))  # type: ignore[arg-type]
    assert not origins.is_ours(Headers({"host": host}))
    assert origins.is_ours(Headers({"host": "review.example.org"}))


@pytest.mark.parametrize("host", ["a@127.0.0.1", "127.0.0.1/", "127.0.0.1?x", "127.0.0.1:x", ""])
def test_what_is_no_name_and_port_is_no_name_of_ours(host: str) -> None:
    assert not Origins(Settings()).is_ours(Headers({"host": host}))


def test_a_public_site_refuses_loopback_names_but_for_probes(tmp_path: Path) -> None:
    site = Site(tmp_path, public_url=PUBLIC)
    client = site.anybody()
    assert client.get("/login").json()["error"]["code"] == "unknown_host"
    assert client.get("/healthz").status_code == 200
    assert client.get("/login", headers={"host": "review.example.org"}).status_code == 200
    site.close()


def test_only_an_https_address_is_over_tls() -> None:
    headers = Headers({"host": "review.example.org"})
    assert Origins(Settings(public_url=PUBLIC)).is_over_tls(headers)
    plain = Settings(public_url="http://review.example.org")
    assert not Origins(plain).is_over_tls(headers)
