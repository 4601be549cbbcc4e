"""Signing in and out."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Person
from review_app.web.cookies import DEVICE
from review_app.web.identity import COOKIE, REMEMBERED_SECONDS
from review_app.web.login import safe_target
from review_app.web.throttle import FIRST_WAIT, FREE_PER_ADDRESS, FREE_PER_NAME
from storage.enums import ClaimOutcome, Role
from tests.web.site import PASSWORD, Site
from tests.web.walk import config_in

HTML = {"accept": "text/html"}
PUBLIC = "https://review.example.org"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are told without the wait that makes guessing slow."""
    for name in ("WRONG_AFTER", "REFUSED_AFTER"):
        monkeypatch.setattr(f"review_app.web.login.{name}", 0.0)


def sign_in(client: TestClient, name: str, password: str = PASSWORD, target: str = "/") -> int:
    form = {"name": name, "password": password, "next": target}
    return client.post("/login", data=form).status_code


@pytest.mark.parametrize(("role", "home"), [(Role.REVIEWER, "/review/"), (Role.ADMIN, "/admin/")])
def test_a_password_signs_in_and_leads_to_the_page_of_the_role(
    site: Site, role: Role, home: str
) -> None:
    name = site.account(role, PASSWORD)
    client = site.anybody()
    answer = client.post("/login", data={"name": name, "password": PASSWORD, "next": "/"})
    assert (answer.status_code, answer.headers["location"]) == (303, home)
    assert client.get("/").headers["location"] == home
    assert client.get("/api/v1/me").json()["name"] == name


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    name = site.account(password=PASSWORD)
    answer = site.anybody().post("/login", data={"name": name, "password": PASSWORD})
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == [COOKIE, DEVICE]
    for flags in map(str.lower, cookies):
        assert "httponly" in flags
        assert "samesite=strict" in flags
        assert "secure" not in flags


def test_behind_tls_the_cookie_is_secure_and_addresses_are_https(tmp_path: Path) -> None:
    site = Site(tmp_path, public_url=PUBLIC)
    name = site.account(password=PASSWORD)
    client = TestClient(site.web, "http://review.example.org", follow_redirects=False)
    answer = client.post(
        "/login",
        data={"name": name, "password": PASSWORD},
        headers={"origin": PUBLIC},
    )
    assert answer.status_code == 303
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-review_")
        assert "; secure" in cookie.lower()
        assert "path=/" in cookie.lower()
        assert "domain" not in cookie.lower()
    assert "max-age" in answer.headers["strict-transport-security"]
    token = site.token(name)
    client.cookies.set(COOKIE, token)
    assert client.get("/api/v1/me").status_code == 401, "another host may have planted that"
    client.cookies.set("__Host-" + COOKIE, token)
    page = client.get("/review/", headers={"x-forwarded-host": "evil.example"})
    assert config_in(page.text)["root"] == "https://review.example.org/review"
    assert "evil.example" not in page.text
    site.close()


def test_a_wrong_password_an_unknown_name_and_a_closed_account_look_the_same(site: Site) -> None:
    name, closed = site.account(password=PASSWORD), site.account(password=PASSWORD)
    site.app.people.set_enabled(closed, False, "test")
    pages = []
    for tried, password in ((name, "wrong password"), ("nobody", PASSWORD), (closed, PASSWORD)):
        answer = site.anybody().post("/login", data={"name": tried, "password": password})
        assert answer.status_code == 401
        pages.append(answer.text.replace(tried, "NAME"))
    assert len(set(pages)) == 1
    assert "Name or password is wrong" in pages[0]


def test_a_hostile_name_comes_back_as_text(site: Site) -> None:
    answer = site.anybody().post("/login", data={"name": "<script>x", "password": "y" * 12})
    assert "&lt;script&gt;x" in answer.text
    assert "<script>x" not in answer.text


def test_guessing_is_slowed_down_even_for_the_right_password(site: Site) -> None:
    name = site.account(password=PASSWORD)
    client = site.anybody()
    codes = [sign_in(client, name, f"wrong {i} wrong") for i in range(FREE_PER_NAME)]
    assert codes == [401] * FREE_PER_NAME
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= FIRST_WAIT
    assert "Wait 1 minute" in answer.text


def test_a_name_is_one_to_guess_at_however_its_accents_are_composed(site: Site) -> None:
    client = site.anybody()
    names = ["nobody-\u00e9", "nobody-e\u0301", " NOBODY-\u00c9 "]
    codes = [sign_in(client, names[i % 3], "wrong wrong") for i in range(FREE_PER_NAME + 1)]
    assert codes == [401] * FREE_PER_NAME + [429]


def test_a_refused_attempt_costs_no_check_of_a_password(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = site.account(password=PASSWORD)
    client = site.anybody()
    for i in range(FREE_PER_NAME):
        sign_in(client, name, f"wrong {i} wrong")
    monkeypatch.setattr("review_app.people.signing_in.is_password", None)
    assert sign_in(client, name) == 429


def test_who_hammers_at_a_name_shuts_out_nobody_at_a_browser_that_is_known(site: Site) -> None:
    name, other = site.account(password=PASSWORD), site.account(password=PASSWORD)
    known, attacker = site.anybody(), site.anybody()
    assert sign_in(known, name) == 303
    known.post("/logout")
    # The attacker is known as well, as somebody else.
    assert sign_in(attacker, other) == 303
    codes = [sign_in(attacker, name, f"wrong {i} wrong") for i in range(FREE_PER_NAME + 1)]
    assert codes[-1] == 429
    assert sign_in(site.anybody(), name) == 429
    assert sign_in(known, name) == 303


def test_the_cookie_of_a_browser_is_known_by_its_hash_and_opens_nothing(site: Site) -> None:
    name = site.account(password=PASSWORD)
    client = site.anybody()
    sign_in(client, name)
    device = client.cookies[DEVICE]
    assert site.app.people.knows_device(name, device)
    assert not site.app.people.knows_device("nobody", device)
    assert device not in "".join(_dump(site))
    thief = site.anybody()
    thief.cookies.set(DEVICE, device)
    assert thief.get("/api/v1/me").status_code == 401


def test_a_browser_keeps_its_cookie_when_somebody_else_signs_in_at_it(site: Site) -> None:
    first, second = site.account(password=PASSWORD), site.account(password=PASSWORD)
    client = site.anybody()
    sign_in(client, first)
    device = client.cookies[DEVICE]
    client.post("/logout")
    sign_in(client, second)
    assert client.cookies[DEVICE] == device
    assert site.app.people.knows_device(first, device)
    assert site.app.people.knows_device(second, device)


def test_a_browsers_cookie_that_is_not_from_here_is_replaced(site: Site) -> None:
    client = site.anybody()
    planted = "x" * 43
    client.cookies.set(DEVICE, planted)
    answer = client.post(
        "/login", data={"name": site.account(password=PASSWORD), "password": PASSWORD}
    )
    assert planted not in answer.headers["set-cookie"]


def test_one_outsider_behind_the_proxy_locks_nobody_else_out(tmp_path: Path) -> None:
    """Whether or not the proxy is named in the settings."""
    for trusted in ("", "10.0.0.7"):
        site = Site(tmp_path / f"of-{trusted}", public_url=PUBLIC, trusted_proxies=trusted)
        names = [site.account(password=PASSWORD) for _ in range(2)]
        proxy = TestClient(site.web, PUBLIC, follow_redirects=False, client=("10.0.0.7", 1))
        outsider = {"x-forwarded-for": "198.51.100.6"}
        tried = [names[0]] * (FREE_PER_NAME + 1) + [f"nobody-{i}" for i in range(FREE_PER_ADDRESS)]
        for name in tried:
            form = {"name": name, "password": "wrong wrong"}
            last = proxy.post("/login", data=form, headers=outsider).status_code
        assert trusted == "" or last == 429
        form = {"name": names[1], "password": PASSWORD}
        inside = {"x-forwarded-for": "203.0.113.5"}
        assert proxy.post("/login", data=form, headers=inside).status_code == 303
        site.close()


def test_looking_at_a_link_spends_nothing_and_its_button_signs_in_once(site: Site) -> None:
    name = site.account()
    path = f"/login/link/{site.app.people.make_link(name, 'test')}"
    client = site.anybody()
    for headers in (HTML, {}, {"sec-purpose": "prefetch;prerender"}, HTML):
        page = client.get(path, headers=headers)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    assert f"Sign in as {name}?" in page.text
    assert f'<form method="post" action="{path}">' in page.text
    assert client.head(path).status_code == 405
    answer = client.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/review/")
    assert client.get("/api/v1/me").json()["name"] == name
    for method in ("GET", "POST"):
        again = site.anybody().request(method, path, headers=HTML)
        assert again.status_code == 403
        assert "set-cookie" not in again.headers
        assert "used already or has run out" in again.text


def test_a_link_says_who_is_signed_in_and_will_be_signed_out(site: Site) -> None:
    client, person = site.signed_in()
    token = client.cookies[COOKIE]
    held = site.items(1)[0]
    client.post("/api/v1/review/take", json={"n": 1})
    name = site.account()
    path = f"/login/link/{site.app.people.make_link(name, 'test')}"
    page = client.get(path, headers=HTML)
    assert f"{person.name} is signed in in this browser and will be signed out" in page.text
    assert client.get("/api/v1/me").json()["name"] == person.name, "nothing has happened yet"
    assert client.post(path).status_code == 303
    assert client.get("/api/v1/me").json()["name"] == name
    assert site.app.people.person(token) is None
    with site.app.database.read() as repos:
        claim = repos.claims.last_of(person.id, held)
        assert claim is not None
        assert claim.outcome is ClaimOutcome.RELEASED


def test_another_sites_page_cannot_press_the_button_of_a_link(site: Site) -> None:
    path = f"/login/link/{site.app.people.make_link(site.account(), 'test')}"
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert site.anybody().post(path, headers=headers).status_code == 403
    assert site.anybody().post(path).status_code == 303, "it was not spent"


def test_a_link_in_another_site_comes_to_the_question_with_the_cookie(site: Site) -> None:
    path = f"/login/link/{site.app.people.make_link(site.account(), 'test')}"
    headers = {**HTML, "sec-fetch-site": "cross-site", "cookie": "review_language=en"}
    assert f'content="0;url={path}"' in site.anybody().get(path, headers=headers).text


def test_a_link_pressed_again_by_whom_it_let_in_leads_on(site: Site) -> None:
    path = f"/login/link/{site.app.people.make_link(site.account(), 'test')}"
    client = site.anybody()
    client.post(path)
    again = client.post(path, headers=HTML)
    assert again.status_code == 403
    assert 'href="/"' in again.text


def test_signing_out_ends_the_session_and_gives_items_back(site: Site) -> None:
    client, person = site.signed_in()
    item_id = site.items(1)[0]
    (task,) = client.post("/api/v1/review/take", json={"n": 1}).json()
    assert task["item_id"] == site.handle(item_id)
    token = client.cookies[COOKIE]
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert answer.headers["clear-site-data"] == '"cache"'
    client.cookies.set(COOKIE, token)
    assert client.get("/api/v1/me").status_code == 401, "at once, whatever was remembered"
    with site.app.database.read() as repos:
        claim = repos.claims.last_of(person.id, item_id)
        assert claim is not None
        assert claim.outcome is ClaimOutcome.RELEASED


def test_a_closed_account_is_out_within_moments(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, person = site.signed_in()
    assert client.get("/api/v1/me").status_code == 200
    site.app.people.set_enabled(person.name, False, "test")
    later = time.monotonic() + REMEMBERED_SECONDS
    monkeypatch.setattr("review_app.web.identity.time.monotonic", lambda: later)
    assert client.get("/api/v1/me").status_code == 401


def test_who_held_a_session_of_a_closed_account_is_told_and_nobody_else(site: Site) -> None:
    """Signed out reads differently: signing in again helps there."""
    name = site.account()
    closed, ended = site.anybody(), site.anybody()
    closed.cookies.set(COOKIE, site.token(name))
    token = site.token(site.account())
    ended.cookies.set(COOKIE, token)
    site.app.people.sign_out(token)
    site.app.people.set_enabled(name, False, "test")
    answers = [
        client.get("/api/v1/me").json()["error"] for client in (closed, ended, site.anybody())
    ]
    assert [one["code"] for one in answers] == ["account_closed", "not_signed_in", "not_signed_in"]
    assert answers[0]["message"] == "Your account was closed. Ask an admin to open it again."
    for path in ("/review/", "/login?next=/review/"):
        pages = [one.get(path, headers={"accept": "text/html"}).text for one in (closed, ended)]
        assert ["account was closed" in page for page in pages] == [True, False]
    site.app.people.set_enabled(name, True, "test")
    again = closed.get("/api/v1/me").json()["error"]
    assert again["code"] == "not_signed_in", "the session is over all the same"


def test_a_page_asked_for_without_a_session_is_the_sign_in_page_that_leads_back(
    site: Site,
) -> None:
    client = site.anybody()
    answer = client.get("/review/inspect?x=1", headers=HTML)
    assert answer.status_code == 401
    assert 'name="next" value="/review/inspect?x=1"' in answer.text
    name = site.account(password=PASSWORD)
    form = {"name": name, "password": PASSWORD, "next": "/review/inspect?x=1"}
    assert client.post("/login", data=form).headers["location"] == "/review/inspect?x=1"


def test_an_address_too_long_to_lead_back_to_still_lets_in(site: Site) -> None:
    name = site.account(Role.ADMIN, PASSWORD)
    page = site.anybody().get(f"/admin/?text={'x' * 3000}", headers=HTML)
    assert page.status_code == 401
    target = re.search('name="next" value="([^"]*)"', page.text)
    assert target is not None
    form = {"name": name, "password": PASSWORD, "next": target[1]}
    assert site.anybody().post("/login", data=form).headers["location"] == "/admin/"


def test_a_link_from_another_site_gets_a_second_chance_with_the_cookie(site: Site) -> None:
    headers = {**HTML, "sec-fetch-site": "cross-site"}
    answer = site.anybody().get("/review/", headers=headers)
    assert 'content="0;url=/review/"' in answer.text
    own = site.anybody().get("/review/", headers={**HTML, "sec-fetch-site": "same-origin"})
    assert "<h1>Sign in</h1>" in own.text


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/review/\nlocation: x",
        "evil",
        "",
        "/",
        "/admin/",
        "/exports/labels.csv",
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere_or_where_they_may_not_go(target: str) -> None:
    assert safe_target(target, Person(1, "rita", Role.REVIEWER)) == "/review/"


def test_a_target_that_is_fine_is_kept() -> None:
    ada = Person(1, "ada", Role.ADMIN)
    assert safe_target("/exports/labels.csv", ada) == "/exports/labels.csv"
    assert safe_target("/review/inspect?a=b", ada) == "/review/inspect?a=b"


def test_somebody_signed_in_does_not_see_the_form_again(site: Site) -> None:
    client, _ = site.signed_in(Role.ADMIN)
    assert client.get("/login?next=/review/").headers["location"] == "/review/"


def test_a_link_of_an_account_closed_meanwhile_is_refused(site: Site) -> None:
    name = site.account()
    token = site.app.people.make_link(name, "test")
    site.app.people.set_enabled(name, False, "test")
    assert site.anybody().get(f"/login/link/{token}", headers=HTML).status_code == 403
    with pytest.raises(NotAllowedError):
        site.app.people.redeem_link(token)


def _dump(site: Site) -> Iterator[str]:
    raw = sqlite3.connect(str(site.app.database.engine.url.database))
    yield from raw.iterdump()
    raw.close()
