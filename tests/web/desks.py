"""A deployment with two desks behind a real server, and those who knock at one of them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

from review_app.bootstrap import Application
from review_app.core.hashing import sha256
from review_app.core.permissions import TokenScope
from review_app.sites import Sites
from review_app.web.desks import DeskDoor
from review_app.web.identity import COOKIE, REMEMBERED_SECONDS
from storage.enums import ItemState, Role
from tests.factories import Factory
from tests.web.serving import LETS_GO, TRUST, Serving
from tests.web.site import PASSWORD, Site, picture

PRESS, COURT, NOWHERE = "press-7", "court-7", "nosuch-7"
"""The desk that is knocked at, another one, and the name of none."""


class Knocks(StrEnum):
    """Those who knock at the desk."""

    NOBODY = "nobody"
    DISABLED = "a member whose account is closed"
    SIGNED_OUT = "a member who has signed out"
    REMOVED = "somebody who was a member"
    HOME_ADMIN = "the admin of the deployment"
    HOME_REVIEWER = "a reviewer of the home queue"
    OTHER_REVIEWER = "a reviewer of another desk"
    OTHER_ADMIN = "an admin of another desk"
    REVIEWER = "a reviewer of the desk"
    ADMIN = "an admin of the desk"


MEMBERS = (Knocks.REVIEWER, Knocks.ADMIN)
OUTSIDERS = tuple(who for who in Knocks if who not in MEMBERS)
_ADMINS = (Knocks.ADMIN, Knocks.OTHER_ADMIN)
_HOME = (Knocks.HOME_ADMIN, Knocks.HOME_REVIEWER)
_OF_COURT = (Knocks.OTHER_ADMIN, Knocks.OTHER_REVIEWER)


class Desks:
    """The deployment. At home, at ``press`` and at ``court`` wait images of other sources."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder / "data")
        self.home = self.site.app
        assert self.home.desks is not None
        self.desks = self.home.desks
        for name in (PRESS, COURT):
            self.desks.add(name, f"Queue of {name}", "test")
        for who in Knocks:
            self._enrol(who)
        self.sites = Sites(self.home)
        self.apps = {name: self.sites.open(name) for name in (PRESS, COURT)}
        for app in (self.home, *self.apps.values()):
            _stock(app)
        # In a thread: the event loop of a browser under test may be running in this one.
        with ThreadPoolExecutor(1) as thread:
            self.door = thread.submit(DeskDoor, self.sites).result()
        self.server = Serving(self.door)
        self.server.start()
        self.clients = {who: self.client(who) for who in Knocks}
        self._part()

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.server.stop()
        self.sites.close()
        self.site.close()

    def client(self, who: Knocks) -> httpx.Client:
        """A client with a session of ``who``; it keeps no cookie that it is sent."""
        cookie = "" if who is Knocks.NOBODY else f"{COOKIE}={self.site.token(who.value)}"
        return self.plain({"cookie": cookie})

    def plain(self, headers: dict[str, str]) -> httpx.Client:
        """A client that sends ``headers`` and keeps no cookie."""
        nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        url = self.server.url
        return httpx.Client(
            base_url=url,
            headers=headers,
            cookies=nothing,
            timeout=60,
            limits=LETS_GO,
            verify=TRUST,
        )

    def program(self, app: Application, who: Knocks) -> dict[str, str]:
        """The headers of a program with a token of ``who`` for all that their role allows."""
        made = app.tokens.make(who.value, "script", [TokenScope.STATS], 1, "test")
        return {"authorization": f"Bearer {made.secret}"}

    def _enrol(self, who: Knocks) -> None:
        if who is Knocks.NOBODY:
            return
        role = Role.ADMIN if who is Knocks.HOME_ADMIN else Role.REVIEWER
        self.home.people.add(who.value, role, "test", PASSWORD, is_away=who not in _HOME)
        if who not in _HOME:
            desk = COURT if who in _OF_COURT else PRESS
            own = Role.ADMIN if who in _ADMINS else Role.REVIEWER
            self.desks.add_member(desk, who.value, own, "test")

    def _part(self) -> None:
        """Some of those who knock have been let in before, and are not any more."""
        for who in (Knocks.DISABLED, Knocks.SIGNED_OUT, Knocks.REMOVED):
            assert self.clients[who].get(f"/desks/{PRESS}/api/v1/me").status_code == 200, who
        # Both are made by now: while one is made, no test may end, for that touches warnings.
        assert self.clients[Knocks.OTHER_ADMIN].get(f"/desks/{COURT}/").status_code == 303
        self.clients[Knocks.SIGNED_OUT].post("/logout")
        self.home.people.set_enabled(Knocks.DISABLED.value, False, "test")
        self.desks.remove_member(PRESS, Knocks.REMOVED.value, "test")
        time.sleep(REMEMBERED_SECONDS)


def source_of(app: Application) -> str:
    """Where the images of a queue are from, which nobody elsewhere may read."""
    return f"secret-source-of-{app.settings.desk or 'home'}"


def _stock(app: Application) -> None:
    app.policies.current()
    factory = Factory(app.database)
    for _ in range(3):
        item_id = factory.item(ItemState.IN_REVIEW)
        data = picture(item_id + len(source_of(app)))
        digest = sha256(data)
        with app.database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            item.image.sha256 = item.image.public_sha256 = digest
            item.source = source_of(app)
        app.media.add(digest, data, data, "image/png")


def told(answer: httpx.Response, name: str) -> tuple[Any, ...]:
    """All that an answer tells, but for the time and the desk's name."""
    headers = {
        key: value.replace(name, "*")
        for key, value in answer.headers.items()
        if key not in ("date", "content-length")
    }
    return answer.status_code, headers, answer.text.replace(name, "*")
