"""Signing in and out."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from review_app.errors import NotAllowedError
from review_app.permissions import Person
from review_app.web.identity import COOKIE, REMEMBERED_SECONDS
from review_app.web.login import safe_target
from review_app.web.throttle import PER_ADDRESS, PER_NAME, WINDOW_SECONDS, Throttle
from storage.enums import ClaimOutcome, Role
from tests.web.site import PASSWORD, Site

HTML = {"accept": "text/html"}


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
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags
    assert "secure" not in flags


def test_behind_tls_the_cookie_is_secure_and_addresses_are_https(tmp_path: Path) -> None:
    site = Site(tmp_path, public_url="https://review.example.org")
    name = site.account(password=PASSWORD)
    client = TestClient(site.web, "http://review.example.org", follow_redirects=False)
    answer = client.post(
        "/login",
        data={"name": name, "password": PASSWORD},
        headers={"origin": "https://review.example.org"},
    )
    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "max-age" in answer.headers["strict-transport-security"]
    client.cookies.set(COOKIE, site.token(name))
    page = client.get("/review/config", headers={"x-forwarded-host": "evil.example"})
    assert page.json()["root"] == "https://review.example.org/review"
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
    codes = [sign_in(client, name, f"wrong {i} wrong") for i in range(PER_NAME)]
    assert codes == [401] * PER_NAME
    answer = client.post("/login", data={"name": name, "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= WINDOW_SECONDS
    assert "Wait 5 minutes" in answer.text


def test_the_throttle_forgets_after_its_window_and_forgives_on_success() -> None:
    now = [0.0]
    throttle = Throttle(lambda: now[0])
    assert [throttle.attempt("ada", "::1") for _ in range(PER_NAME)] == [0] * PER_NAME
    assert throttle.attempt("ADA", "::1") == WINDOW_SECONDS
    assert throttle.attempt("ada", "::2") == 0, "another address is another matter"
    now[0] = WINDOW_SECONDS
    assert throttle.attempt("ada", "::1") == 0
    for _ in range(PER_NAME - 1):
        throttle.attempt("ada", "::1")
    throttle.succeeded("ada", "::1")
    assert throttle.attempt("ada", "::1") == 0


def test_the_throttle_counts_addresses_across_names() -> None:
    throttle = Throttle(lambda: 0.0)
    waits = [throttle.attempt(f"name-{i}", "::1") for i in range(PER_ADDRESS + 1)]
    assert waits[:-1] == [0] * PER_ADDRESS
    assert waits[-1] > 0


def test_a_link_signs_in_once_and_goes_on_by_a_page_of_ours(site: Site) -> None:
    token = site.app.people.make_link(site.account(), "test")
    client = site.anybody()
    answer = client.get(f"/login/link/{token}", headers=HTML)
    assert answer.status_code == 200
    assert 'content="0;url=/review/"' in answer.text
    assert client.get("/api/v1/me").status_code == 200
    again = site.anybody().get(f"/login/link/{token}", headers=HTML)
    assert again.status_code == 403
    assert "used already or has run out" in again.text
    assert "set-cookie" not in again.headers


def test_a_browser_that_only_guesses_does_not_spend_the_link(site: Site) -> None:
    token = site.app.people.make_link(site.account(), "test")
    client = site.anybody()
    for headers in ({"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}):
        assert client.get(f"/login/link/{token}", headers=headers).status_code == 204
    assert client.head(f"/login/link/{token}").status_code == 405
    assert client.get(f"/login/link/{token}").status_code == 200


def test_signing_out_ends_the_session_and_gives_items_back(site: Site) -> None:
    client, person = site.signed_in()
    item_id = site.items(1)[0]
    assert client.post("/api/v1/review/take", json={"n": 1}).json()[0]["item_id"] == item_id
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
