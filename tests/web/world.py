"""A site that runs, the seven kinds of people who may knock at it, and what belongs to whom."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx

from review_app.core.permissions import Person
from review_app.web.identity import COOKIE, REMEMBERED_SECONDS
from storage.enums import ItemState, LabelValue, Role
from storage.models import Image, Item
from tests.web.serving import LETS_GO, TRUST, Serving
from tests.web.site import Site, picture
from tests.web.walk import blocks_at

API = "/api/v1/review"
GRADIO = "/review/gradio_api"
SECRET = "what lies beside the data is nobody's business"
P_FAKE = 0.73164
"""What the detector says of every image: nobody who reviews may read it before they answer."""
_MOST = 500_000
"""Bytes of an answer that are looked at."""
_PATIENCE = 60.0


class Who(StrEnum):
    """Those who knock."""

    NOBODY = "nobody"
    DISABLED = "disabled account"
    SIGNED_OUT = "signed out"
    OTHER = "other reviewer"
    REVIEWER = "reviewer"
    LEAD = "lead"
    ADMIN = "admin"


STRANGERS = frozenset({Who.NOBODY, Who.DISABLED, Who.SIGNED_OUT})
PEOPLE = frozenset(Who) - STRANGERS
_NAMES = {
    Who.DISABLED: "Dora Disabled",
    Who.SIGNED_OUT: "Sam Signed-Out",
    Who.OTHER: "Otto Other",
    Who.REVIEWER: "Rosa Reviewer",
    Who.LEAD: "Lea Lead",
    Who.ADMIN: "Ada Admin",
}
_ROLES = {Who.LEAD: Role.LEAD, Who.ADMIN: Role.ADMIN}


@dataclass(frozen=True)
class Ask:
    """A request; ``more`` is what httpx takes."""

    method: str
    path: str
    more: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Seen:
    """The beginning of an answer."""

    status: int
    text: str


class World:
    """The site behind a real server. The reviewer holds images, has answered one and inspects
    another; the other reviewer holds and has answered some, too."""

    def __init__(self, folder: Path) -> None:
        self.private = folder
        """A folder beside the data, with files that are nobody's business."""
        self.site = Site(folder / "data-of-the-site")
        self.server = Serving(self.site.web)
        self.server.start()
        self.people: dict[Who, Person] = {}
        self.clients = {who: self._client(who) for who in Who}
        self._stock(folder)
        self._part()

    def close(self) -> None:
        for client in self.clients.values():
            client.close()
        self.server.stop()
        self.site.close()

    def ask(self, who: Who, ask: Ask, anew: bool = False) -> Seen:
        """What ``who`` is answered, in a new session if ``anew``; of a stream that goes on, what
        comes at once."""
        with ExitStack() as stack:
            client = stack.enter_context(self._anew(who)) if anew else self.clients[who]
            answer = stack.enter_context(client.stream(ask.method, ask.path, **ask.more))
            return Seen(answer.status_code, "".join(_beginning(answer)))

    def _anew(self, who: Who) -> httpx.Client:
        """A client with another session of ``who``; it keeps no cookie that it is sent."""
        cookie = f"{COOKIE}={self.site.token(_NAMES[who])}" if who in _NAMES else ""
        nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(
            base_url=self.server.url,
            headers={"cookie": cookie},
            cookies=nothing,
            timeout=_PATIENCE,
            limits=LETS_GO,
            verify=TRUST,
        )

    def take(self, who: Who) -> dict[str, Any]:
        """A task that ``who`` holds from now on, and did not before."""
        known = {task["item_id"] for task in self._held(who, 1)}
        n = len(known) + 1
        return next(task for task in self._held(who, n) if task["item_id"] not in known)

    def answered(self, who: Who) -> str:
        """The client id of an answer that ``who`` has given."""
        entry = {**answer_to(self.take(who)["item_id"]), "client_id": new_id()}
        self._post(who, f"{API}/label", entry)
        return str(entry["client_id"])

    def upload(self, who: Who, mount: str = "/review") -> str:
        """What the server calls a file that ``who`` has sent it."""
        files = {"files": ("rosas-own.png", picture(77), "image/png")}
        answer = self.clients[who].post(f"{mount}/gradio_api/upload", files=files)
        (path,) = answer.raise_for_status().json()
        return str(path)

    def run(self, who: Who, mount: str, index: int, data: list[Any]) -> str:
        """Everything that ``who`` is told of the call they make."""
        session = secrets.token_hex(6)
        call = {"fn_index": index, "data": data, "session_hash": session}
        queued = blocks_at(self.site.web, mount).fns[index].queue
        route = "queue/join" if queued else "run/predict"
        answer = self.clients[who].post(f"{mount}/gradio_api/{route}", json=call)
        if answer.status_code != 200 or not queued:
            return answer.text
        path = f"{mount}/gradio_api/queue/data?session_hash={session}"
        with self.clients[who].stream("GET", path, timeout=60) as stream:
            told = []
            for line in stream.iter_lines():
                told.append(line)
                if '"process_completed"' in line or '"close_stream"' in line:
                    break
        return "\n".join(told)

    @cached_property
    def inspected(self) -> str:
        """The token of an image that the reviewer has had inspected."""
        own = self.private / "inspected.png"
        own.write_bytes(picture(79))
        return self.site.app.upload_cache.hold(self.people[Who.REVIEWER].id, own)

    @cached_property
    def hidden(self) -> dict[str, str]:
        """What no answer may hold, by what it would tell: of images, places and the detector."""
        with self.site.app.database.read() as repos:
            hashes = [image.sha256 for image in repos.session.query(Image).all()]
            sources = {item.source for item in repos.session.query(Item).all()}
        found = {f"hash {i}": h for i, h in enumerate(hashes) if h}
        found |= {f"source {i}": s for i, s in enumerate(sources) if s}
        found |= {"place": str(self.site.app.settings.data_dir), "reading": str(P_FAKE)}
        return found

    def names_but(self, who: Who) -> dict[str, str]:
        """The names and pseudonyms of everybody else."""
        own = _NAMES.get(who)
        return {
            f"{kind} of {account.name}": text
            for account in self.site.app.people.all()
            for kind, text in (("name", account.name), ("pseudonym", account.pseudonym))
            if account.name != own
        }

    def _client(self, who: Who) -> httpx.Client:
        name = _NAMES.get(who)
        if name is not None:
            self.site.app.people.add(name, _ROLES.get(who, Role.REVIEWER), "test")
        client = self._anew(who)
        if name is not None:
            person = self.site.app.people.person(client.headers["cookie"].partition("=")[2])
            assert person is not None
            self.people[who] = person
        return client

    def _stock(self, folder: Path) -> None:
        for item_id in self.site.items(60, decided=False):
            self.site.factory.decision(item_id, p_fake=P_FAKE)
            with self.site.app.database.write() as repos:
                item = repos.items.get(item_id)
                assert item is not None
                item.source = f"secret-source-{item_id}"
        self.site.factory.item(ItemState.ESCALATED, known=LabelValue.FAKE)
        (folder / "private.txt").write_text(SECRET)
        (folder / "private.png").write_bytes(picture(78))

    def _part(self) -> None:
        """Two of those who knock have no session any more, but had one that was used."""
        for who in (Who.DISABLED, Who.SIGNED_OUT):
            assert self.ask(who, Ask("GET", "/api/v1/me")).status == 200
        assert self.ask(Who.SIGNED_OUT, Ask("POST", "/logout")).status == 303
        self.site.app.people.set_enabled(_NAMES[Who.DISABLED], False, "test")
        time.sleep(REMEMBERED_SECONDS)

    def _held(self, who: Who, n: int) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = self._post(who, f"{API}/take", {"n": n})
        return tasks

    def _post(self, who: Who, path: str, body: dict[str, Any]) -> Any:
        return self.clients[who].post(path, json=body).raise_for_status().json()


def new_id() -> str:
    """A client id."""
    return str(uuid.uuid4())


def answer_to(item_id: Any) -> dict[str, Any]:
    """A submission."""
    return {"client_id": new_id(), "item_id": item_id, "value": "fake"}


def _beginning(answer: httpx.Response) -> Iterator[str]:
    """Up to `_MOST` bytes; of events one at most, for more may never come."""
    is_stream = answer.headers.get("content-type", "").startswith("text/event-stream")
    got = 0
    for chunk in answer.iter_bytes():
        yield chunk.decode("utf-8", "replace")
        got += len(chunk)
        if is_stream or got > _MOST:
            return
