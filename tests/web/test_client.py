"""The client of the API against a real server; the examples of its page run here."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from review_app.client import ApiClient, ApiProblem
from review_app.client.calls import pause_before_next, pauses
from review_app.core.permissions import TokenScope
from storage.enums import ItemState, Role
from tests.web.serving import Serving
from tests.web.site import Site, picture

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")


def test_the_examples_of_the_page_run(
    site: Site, serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    image = picture(9500)
    owner = site.account(Role.ADMIN)
    token = site.app.tokens.make(owner, "test", set(TokenScope), 1, "test").secret
    named = {"address": serving.url, "token": token, "image": image}
    for example in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(example, named)
    (decision,) = named["found"]
    assert decision.name == "lake.png"  # type: ignore[attr-defined]
    assert capsys.readouterr().out
    with ApiClient(serving.url, token) as client:
        item_id = site.factory.item(ItemState.RESOLVED)
        client.label(item_id, "real", "seen before")
        with pytest.raises(ApiProblem, match="conflict"):
            client.label(item_id, "real")
        with pytest.raises(ApiProblem) as refused:
            client.get(10**9)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


class Stumbling(BaseHTTPRequestHandler):
    """A server that does nothing at first."""

    keys: list[str | None] = []  # noqa: RUF012 - what one test collects

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.keys.append(self.headers["idempotency-key"])
        done = len(self.keys) > 1
        body = b'{"images": []}' if done else b"{}"
        self.send_response(200 if done else 503)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stumbling() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Stumbling)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_fails_for_the_moment_is_sent_again_under_the_same_key(stumbling: str) -> None:
    with ApiClient(stumbling, "dfr_1_x") as client:
        assert client.add([("a.png", b"x")]) == []
    first, second = Stumbling.keys
    assert first == second != None  # noqa: E711 - a chain of comparisons


@pytest.mark.parametrize(
    ("status", "retry_after", "pause"),
    [(429, "7", 7.0), (429, "0", 2.0), (503, "", 2.0), (503, "soon", 2.0), (404, "9", None)],
)
def test_the_server_says_how_long_to_wait(
    status: int, retry_after: str, pause: float | None
) -> None:
    answer = httpx.Response(status, headers={"retry-after": retry_after})
    assert pause_before_next(answer, 2.0) == pause
    assert pause_before_next(None, 2.0) == 2.0
    assert list(pauses(8)) == [0.5, 1, 2, 4, 8, 16, 30, 30]
