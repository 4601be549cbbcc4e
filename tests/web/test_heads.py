"""Heads of requests: none is too long, and no cookie holds the server up."""

from __future__ import annotations

import time

import pytest

from review_app.web.cookies import SESSION as COOKIE
from review_app.web.heads import MAX_HEAD
from tests.web.site import Site


@pytest.mark.parametrize("name", [COOKIE, "review_language", "anything"])
def test_a_cookie_that_is_slow_to_decode_holds_nobody_up(site: Site, name: str) -> None:
    quoted = '"' + "\\0" * ((MAX_HEAD - 1000) // 2) + '"'
    client = site.anybody()
    began = time.process_time()
    answer = client.get("/login", headers={"cookie": f"{name}={quoted}"})
    assert time.process_time() - began < 0.5, "it took seconds"
    assert answer.status_code == 200


def test_a_head_that_is_too_long_is_refused_in_words(site: Site) -> None:
    client, _ = site.signed_in()
    answer = client.get("/api/v1/me", headers={"x-long": "a" * MAX_HEAD})
    assert (answer.status_code, answer.json()["error"]["code"]) == (431, "long_head")
    spanish = {"x-long": "a" * MAX_HEAD, "accept-language": "es"}
    assert "cabeceras" in client.get("/api/v1/me", headers=spanish).json()["error"]["message"]
    assert client.get("/api/v1/me", headers={"x-long": "a" * 20_000}).status_code == 200


def test_a_request_by_two_names_is_refused(site: Site) -> None:
    headers = [("host", "127.0.0.1:7860"), ("host", "evil.example")]
    assert site.anybody().get("/login", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "cookies",
    [
        "other=1; {own}",
        "{own}; other=1",
        'a="b;c"; {own}; {name}="quoted"',
        "{name}=; {own}",
        "{own}; {name}=a b",
        ";;=;{own};;",
    ],
)
def test_cookies_of_others_change_nothing(site: Site, cookies: str) -> None:
    token = site.token(site.account())
    header = cookies.format(own=f"{COOKIE}={token}", name=COOKIE)
    answer = site.anybody().get("/api/v1/me", headers={"cookie": header})
    assert answer.status_code == 200


def test_cookies_in_several_headers_are_all_read(site: Site) -> None:
    own = f"{COOKIE}={site.token(site.account())}"
    headers = [("cookie", "review_language=de"), ("cookie", own)]
    answer = site.anybody().get("/nowhere", headers=headers)
    assert (answer.status_code, answer.json()["error"]["message"].split()[0]) == (404, "Unter")


@pytest.mark.parametrize("said", ["charset=punycode", "Charset*=utf-8''idna", "charset=utf-7"])
def test_no_form_says_by_what_its_fields_are_decoded(site: Site, said: str) -> None:
    fields = {"name": (None, "+2AA-"), "password": (None, "b")}
    plain = site.anybody().build_request("POST", "/login", files=fields)
    answer = site.anybody().post(
        "/login",
        content=plain.read(),
        headers={"content-type": f"{plain.headers['content-type']}; {said}"},
    )
    assert answer.status_code == 400
    assert "No page" in answer.json()["error"]["message"], "nothing has read the fields"
    assert site.anybody().post("/login", files=fields).status_code == 401, "as browsers send it"
