"""Speaks to Gradio's routes as its pages do, over a real connection, or as no page would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
import httpx
from gradio.block_function import BlockFunction

from review_app.web.identity import COOKIE
from storage.enums import Role
from tests.web.serving import LETS_GO, TRUST, Serving
from tests.web.site import Site
from tests.web.walk import blocks_at

MOUNTS = ("/review", "/admin")
FILE_DATA = {"_type": "gradio.FileData"}


@dataclass(frozen=True)
class Answer:
    """What came of a call: the status, and the body; that of the events where there were any."""

    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Caller:
    """A signed-in person's program. Close it."""

    def __init__(self, site: Site, serving: Serving, role: Role = Role.ADMIN) -> None:
        self.site = site
        token = site.token(site.account(role))
        person = site.app.people.person(token)
        assert person is not None
        self.id = person.id
        cookies = {COOKIE: token}
        self.http = httpx.Client(
            base_url=serving.url, cookies=cookies, timeout=60, limits=LETS_GO, verify=TRUST
        )

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def upload(self, mount: str, name: str, data: bytes) -> str:
        """What the server calls the file that it was sent."""
        answer = self.http.post(f"{mount}/gradio_api/upload", files={"files": (name, data)})
        assert answer.status_code == 200, answer.text
        (path,) = answer.json()
        assert isinstance(path, str)
        return path

    def call(self, mount: str, index: int, data: list[Any], **more: Any) -> Answer:
        """Call a function by its number, and wait for what comes of it."""
        function = blocks_at(self.site.web, mount).fns.get(index)
        route = "queue/join" if function is None or function.queue else "run/predict"
        body = {"fn_index": index, "data": data, "session_hash": "abc123", **more}
        return self.post(mount, route, json.dumps(body).encode(), body["session_hash"])

    def read(self, data: list[Any]) -> Answer:
        """Have an upload read on the Inspect page."""
        return self.call("/review", reads_files(self.site, "/review"), data)

    def take_in(self, data: list[Any]) -> Answer:
        """Have uploads taken in on the admin's page."""
        return self.call("/admin", reads_files(self.site, "/admin"), data)

    def post(self, mount: str, route: str, body: bytes, session: Any = "abc123") -> Answer:
        """Send ``body`` as JSON, and wait for what comes of it."""
        headers = {"content-type": "application/json"}
        path = f"{mount}/gradio_api/{route}"
        answer = self.http.post(path, content=body, headers=headers)
        if answer.status_code != 200 or route != "queue/join":
            return Answer(answer.status_code, answer.text)
        events = self.http.get(f"{mount}/gradio_api/queue/data?session_hash={session}")
        return Answer(events.status_code, events.text)


def file_of(path: str, **more: Any) -> dict[str, Any]:
    """A file as Gradio's pages name it in a call."""
    return {"path": path, "meta": FILE_DATA, **more}


def inputs_of(site: Site) -> Iterator[tuple[str, int, int, BlockFunction]]:
    """Mount, function and input of everything that the server can be given a value for."""
    for mount in MOUNTS:
        for index, function in blocks_at(site.web, mount).fns.items():
            yield from ((mount, index, n, function) for n in range(len(function.inputs)))


def reads_files(site: Site, mount: str) -> int:
    """The function of the mount's pages that is given uploads."""
    functions = blocks_at(site.web, mount).fns.items()
    (index,) = (i for i, f in functions if any(isinstance(b, gr.File) for b in f.inputs))
    return index


def takes_events(site: Site, mount: str) -> list[int]:
    """The functions of the mount's pages that are told what the page sent with the event."""
    functions = blocks_at(site.web, mount).fns.items()
    return [i for i, f in functions if f.fn is not None and f.fn.__name__ == "with_event"]
