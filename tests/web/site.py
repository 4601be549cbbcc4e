"""A real application on a temporary data directory, and clients that are signed in to it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, lru_cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from review_app.bootstrap import Application, open_application
from review_app.core.hashing import sha256
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.web.identity import COOKIE
from review_app.web.server import create_app
from storage.enums import ItemState, Role
from tests.empty import begin
from tests.factories import Factory
from tests.review.bench import handle_of, items_of

ADDRESS = "http://127.0.0.1:7860"
PASSWORD = "correct horse battery"


class _NotYet:
    """Gradio makes an app whenever a part of its pages is whole, and once more where they are
    mounted, which is the one that answers: half of the time is gone without the others."""

    @staticmethod
    def create_app(*_: object, **__: object) -> None:
        """Nothing yet."""


class Site:
    """The application, its ASGI app, and builders of what a test needs in it."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        begin(data_dir)
        self.app: Application = open_application(
            Settings(data_dir=data_dir, **settings)  # type: ignore[arg-type]
        )
        self.app.policies.current()  # the shipped one, before the factory makes another
        self.factory = Factory(self.app.database)
        self._numbers = itertools.count(1)

    @cached_property
    def web(self) -> FastAPI:
        """The ASGI app, made when it is first asked for: that takes longer than all the rest."""
        # In a thread: the event loop of a browser under test may be running in this one.
        with ThreadPoolExecutor(1) as thread, patch("gradio.blocks.App", _NotYet):
            web = thread.submit(create_app, self.app).result()
        web.state.site = self
        return web

    def handle(self, item_id: int, person: Person | None = None) -> str:
        """What the person, or whoever was handed the item last, knows it by."""
        return handle_of(self.app.database, item_id, person)

    def known_as(self, handles: Iterable[str]) -> list[int]:
        """The ids of what was handed out under ``handles``."""
        return items_of(self.app.database, handles)

    def close(self) -> None:
        self.app.close()

    def account(self, role: Role = Role.REVIEWER, password: str | None = None) -> str:
        """The name of a new account."""
        name = f"{role}-{next(self._numbers)}"
        self.app.people.add(name, role, "test", password)
        return name

    def token(self, name: str) -> str:
        """The token of a new session of ``name``."""
        people = self.app.people
        return people.redeem_link(people.make_link(name, "test"))

    def anybody(self) -> TestClient:
        """A client that is not signed in."""
        return TestClient(self.web, ADDRESS, follow_redirects=False)

    def signed_in(self, role: Role = Role.REVIEWER) -> tuple[TestClient, Person]:
        """A client with a session, and whose it is."""
        token = self.token(self.account(role))
        client = self.anybody()
        client.cookies.set(COOKIE, token)
        person = self.app.people.person(token)
        assert person is not None
        return client, person

    def items(
        self, n: int, state: ItemState = ItemState.IN_REVIEW, decided: bool = False
    ) -> list[int]:
        """The ids of ``n`` new items with image files; they are handed out before older ones."""
        ids = self.factory.items(n, state)
        batch = next(self._numbers)
        with self.app.database.write() as repos:
            for i, item in enumerate(repos.items.get_many(ids)):
                item.rank = i - 10_000.0 * batch
                data = picture(item.id)
                digest = sha256(data)
                item.image.sha256 = item.image.public_sha256 = digest
                self.app.media.add(digest, data, data, "image/png")
        if decided:
            for item_id in ids:
                self.factory.decision(item_id)
        return ids


def site_of(client: TestClient) -> Site:
    """The site that a client of its own talks to."""
    site = client.app.state.site  # type: ignore[attr-defined]
    assert isinstance(site, Site)
    return site


@lru_cache(400)
def picture(seed: int, width: int = 320, height: int = 240) -> bytes:
    """A PNG of smooth colours, another one for each seed. Packed as hard as usual, pictures took
    a twentieth of the time of all tests; and each site of a process has the same first ones."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 216, (4, 5, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(out, "PNG", compress_level=1)
    return out.getvalue()
