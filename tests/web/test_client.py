"""The client of the API against a real server; the examples of its page run here."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from review_app.client import ApiClient, ApiProblem, SignatureError, verify_signature
from review_app.client.calls import pause_before_next, pauses
from review_app.core.permissions import TokenScope
from review_app.notifications.messages import Message
from review_app.notifications.signing import signed_headers, signing_secret
from storage.enums import ItemState, Role, Topic
from storage.types import utc_now
from tests.web.serving import Serving
from tests.web.site import Site, picture

SECRET = signing_secret(b"d" * 32, "salt")
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
    _receive(named)
    with ApiClient(serving.url, token) as client:
        item_id = site.factory.item(ItemState.RESOLVED)
        client.label(item_id, "real", "seen before")
        with pytest.raises(ApiProblem, match="conflict"):
            client.label(item_id, "real")
        with pytest.raises(ApiProblem) as refused:
            client.get(10**9)
    assert (refused.value.status, refused.value.code) == (404, "not_found")


def _receive(example: dict[str, Any]) -> None:
    """Send the page's receiver a decision, signed as by the server, and a changed one."""
    server = HTTPServer(("127.0.0.1", 0), example["Decisions"])
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    message = Message(7, Topic.RESOLVED, utc_now(), {"item_id": 3, "verdict": "fake"})
    body = message.body()
    headers = signed_headers([example["secret"]], message.id, int(time.time()), body)
    url = f"http://127.0.0.1:{server.server_port}/"
    statuses = [
        httpx.post(url, content=content, headers=headers).status_code
        for content in (body, body, body.replace(b"fake", b"real"))
    ]
    server.shutdown()
    server.server_close()
    assert statuses == [204, 204, 401]
    assert example["decided"] == {3: (7, "fake")}


TOLD = b'{"id": "evt_1"}'


def signed(**changed: str) -> dict[str, str]:
    return {**signed_headers([SECRET], "evt_1", 1000, TOLD), **changed}


def test_a_signature_is_believed_by_any_case_of_the_headers_and_among_others() -> None:
    headers = {name.title(): value for name, value in signed().items()}
    assert verify_signature(SECRET, headers, TOLD, now=1200) == {"id": "evt_1"}
    both = signed(**{"webhook-signature": f"v1,AAAA {signed()['webhook-signature']}"})
    assert verify_signature(SECRET, both, TOLD, now=1200)
    other = signing_secret(b"d" * 32, "another salt")
    assert verify_signature([other, SECRET], signed(), TOLD, now=1000)
    with pytest.raises(SignatureError, match="not that of this secret"):
        verify_signature([other], signed(), TOLD, now=1000)


@pytest.mark.parametrize(
    ("changed", "body", "now", "why"),
    [
        ({}, b'{"id": "evt_2"}', 1000, "not that of this secret"),
        ({"webhook-id": "evt_2"}, TOLD, 1000, "not that of this secret"),
        ({"webhook-timestamp": "1001"}, TOLD, 1000, "not that of this secret"),
        ({"webhook-signature": "v1,"}, TOLD, 1000, "not that of this secret"),
        ({"webhook-signature": ""}, TOLD, 1000, "not that of this secret"),
        ({"webhook-timestamp": "soon"}, TOLD, 1000, "cannot be read"),
        ({}, TOLD, 1301, "too old"),
        ({}, TOLD, 699, "from the future"),
    ],
)
def test_what_is_not_as_it_was_sent_is_refused(
    changed: dict[str, str], body: bytes, now: float, why: str
) -> None:
    with pytest.raises(SignatureError, match=why):
        verify_signature(SECRET, signed(**changed), body, now=now)


def test_a_call_without_a_signature_is_refused() -> None:
    headers = signed()
    del headers["webhook-signature"]
    with pytest.raises(SignatureError, match="webhook-signature is missing"):
        verify_signature(SECRET, headers, TOLD, now=1000)


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
