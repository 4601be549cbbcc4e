"""One's own account: where one is signed in, ending that, another password."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from review_app.people import JUST_NOW
from review_app.web.browsers import browser_of
from review_app.web.cookies import DEVICE
from review_app.web.identity import COOKIE, REMEMBERED_SECONDS, UNATTENDED
from review_app.web.throttle import FREE_PER_NAME
from storage.enums import AuditKind, Role
from storage.models import UserSession
from storage.types import utc_now
from tests.web.site import PASSWORD, Site

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
NEW = "another horse, another battery"


def signed_in(site: Site, name: str, user_agent: str = FIREFOX) -> TestClient:
    client = site.anybody()
    client.headers["user-agent"] = user_agent
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def change(client: TestClient, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> int:
    form = {"old": old, "new": new, "again": again}
    return client.post("/account/password", data=form).status_code


def is_in(client: TestClient) -> bool:
    return client.get("/api/v1/me").status_code == 200


def latest(site: Site) -> tuple[AuditKind, str, dict[str, object]]:
    with site.app.database.read() as repos:
        (event,) = repos.event_history.latest(1)
        return event.kind, event.actor, event.details


def test_own_sessions_are_listed_in_words_and_nobody_elses(site: Site) -> None:
    name, other = (site.account(password=PASSWORD) for _ in range(2))
    signed_in(site, other)
    signed_in(site, name, CHROME)
    page = signed_in(site, name).get("/account").text
    assert f"Signed in as {name} (reviewer)" in page
    assert re.findall(r"<strong>(.*?)</strong>(.*?)<br>", page) == [
        ("Firefox on Linux", " (this browser)"),
        ("Chrome on Windows", ""),
    ]
    assert page.count("UTC") == 4


def test_one_session_is_ended_or_all_others(site: Site) -> None:
    name = site.account(password=PASSWORD)
    first, second, third = (signed_in(site, name, CHROME) for _ in range(3))
    ids = re.findall(r'name="session" value="(\w+)"', third.get("/account").text)
    assert len(ids) == 2
    answer = third.post("/account/sessions/end", data={"session": ids[0]}, follow_redirects=True)
    assert "That session is ended." in answer.text
    assert [is_in(client) for client in (first, second, third)] == [True, False, True]
    assert latest(site) == (AuditKind.SESSIONS_ENDED, name, {"n": 1})
    assert third.post("/account/sessions/end", data={"session": ids[0]}).status_code == 404
    fourth = signed_in(site, name)
    answer = third.post("/account/sessions/end-others", follow_redirects=True)
    assert "You are signed out everywhere else." in answer.text
    assert [is_in(client) for client in (first, third, fourth)] == [False, True, False]
    assert latest(site) == (AuditKind.SESSIONS_ENDED, name, {"n": 2})


def test_nobody_ends_a_session_of_somebody_else(site: Site) -> None:
    name, other = (site.account(password=PASSWORD) for _ in range(2))
    victim, _ = signed_in(site, name), signed_in(site, name)
    (theirs,) = re.findall(r'name="session" value="(\w+)"', victim.get("/account").text)
    attacker = signed_in(site, other)
    assert attacker.post("/account/sessions/end", data={"session": theirs}).status_code == 404
    attacker.post("/account/sessions/end-others")
    assert len(re.findall("<li>", victim.get("/account").text)) == 2


def test_another_password_ends_other_sessions_and_the_old_one_opens_nothing(site: Site) -> None:
    name = site.account(password=PASSWORD)
    elsewhere, client = signed_in(site, name), signed_in(site, name)
    lost = elsewhere.cookies[DEVICE]
    assert change(client, old="not the password") == 403
    assert change(client, again=NEW + "x") == 400
    assert change(client, new="short", again="short") == 400
    assert is_in(elsewhere)
    assert change(client) == 303
    assert (is_in(client), is_in(elsewhere)) == (True, False)
    assert latest(site) == (
        AuditKind.PASSWORD_CHANGED,
        name,
        {"name": name, "first": False, "sessions_ended": 1},
    )
    assert not site.app.people.knows_device(name, lost)
    assert site.app.people.knows_device(name, client.cookies[DEVICE])
    for password, status in ((PASSWORD, 401), (NEW, 303)):
        form = {"name": name, "password": password}
        assert site.anybody().post("/login", data=form).status_code == status


def test_a_first_password_needs_no_old_one_nor_who_came_by_link_just_now(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, person = site.signed_in(Role.ADMIN)
    assert 'name="old"' not in client.get("/account").text
    assert change(client, old="", new=PASSWORD, again=PASSWORD) == 303
    assert 'name="old"' not in client.get("/account").text, "the link proves who it is"
    assert change(client, old="") == 303
    assert 'name="old"' in signed_in_with(site, person.name, NEW).get("/account").text
    monkeypatch.setattr("review_app.people.sessions.JUST_NOW", -JUST_NOW)
    assert 'name="old"' in client.get("/account").text
    assert change(client, old="") == 403


def test_a_page_from_before_the_password_was_changed_does_not_put_another_in_its_place(
    site: Site,
) -> None:
    client, person = site.signed_in(Role.ADMIN)  # by link: no old password is asked for

    def seen() -> str:
        found = re.search(r'name="seen" value="(\w*)"', client.get("/account").text)
        assert found
        return found[1]

    form = {"seen": seen(), "new": PASSWORD, "again": PASSWORD}
    assert client.post("/account/password", data=form).status_code == 303
    late = client.post("/account/password", data={**form, "new": NEW, "again": NEW})
    assert late.status_code == 409
    assert "Your password was changed since this page was loaded, at 20" in late.text
    signed_in_with(site, person.name, PASSWORD)
    again = {"seen": seen(), "new": NEW, "again": NEW}
    assert client.post("/account/password", data=again).status_code == 303
    signed_in_with(site, person.name, NEW)


def signed_in_with(site: Site, name: str, password: str) -> TestClient:
    client = site.anybody()
    assert client.post("/login", data={"name": name, "password": password}).status_code == 303
    return client


def test_the_old_password_is_guessed_no_faster_than_at_the_door(site: Site) -> None:
    client = signed_in(site, site.account(password=PASSWORD))
    tries = [change(client, old=f"wrong {i} wrong") for i in range(FREE_PER_NAME)]
    assert tries == [403] * FREE_PER_NAME
    assert change(client) == 429
    assert (
        "That was a lot of attempts"
        in client.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW}).text
    )


def test_other_sites_change_nothing_here(site: Site) -> None:
    client = signed_in(site, site.account(password=PASSWORD))
    for path in ("sessions/end", "sessions/end-others", "password"):
        answer = client.post(f"/account/{path}", headers={"origin": "https://evil.example"})
        assert answer.status_code == 403
        assert site.anybody().post(f"/account/{path}").status_code == 401
    assert site.anybody().get("/account").status_code == 401


def test_a_disabled_account_has_no_session_left_nor_known_browser(site: Site) -> None:
    name = site.account(password=PASSWORD)
    client = signed_in(site, name)
    site.app.people.set_enabled(name, False, "test")
    site.app.people.set_enabled(name, True, "test")
    assert site.app.people.person(client.cookies[COOKIE]) is None
    assert not site.app.people.knows_device(name, client.cookies[DEVICE])


@pytest.mark.parametrize(
    ("user_agent", "browser", "platform"),
    [
        (FIREFOX, "Firefox", "Linux"),
        (CHROME, "Chrome", "Windows"),
        (CHROME + " Edg/140.0.0.0", "Edge", "Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari",
            "iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Mobile Safari/537.36",
            "Chrome",
            "Android",
        ),
        ("curl/8.9", "curl", None),
        ("<script>alert(1)</script>", None, None),
        ("", None, None),
    ],
)
def test_a_browser_is_told_in_known_words_only(
    user_agent: str, browser: str | None, platform: str | None
) -> None:
    found = browser_of(user_agent)
    assert (found.name, found.platform) == (browser, platform)


def test_only_what_people_do_themselves_keeps_their_session_alive(site: Site) -> None:
    client, person = site.signed_in()
    longer_ago = utc_now() - timedelta(minutes=30)
    mine = UserSession.user_id == person.id
    with site.app.database.write() as repos:
        repos.session.execute(update(UserSession).where(mine).values(last_seen_at=longer_ago))

    def seen_at() -> datetime | None:
        with site.app.database.read() as repos:
            return repos.session.scalar(select(UserSession.last_seen_at).where(mine))

    assert client.get("/api/v1/me", headers={UNATTENDED: "1"}).status_code == 200
    time.sleep(REMEMBERED_SECONDS)  # and long enough for a write aside
    assert seen_at() == longer_ago
    assert client.get("/api/v1/me").status_code == 200
    deadline = time.monotonic() + 60
    while seen_at() == longer_ago:
        assert time.monotonic() < deadline
        time.sleep(0.02)
