"""Odd calls of Gradio's functions end in words: no traceback, and no reading without end."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio.blocks import Block
from starlette.types import Message

from review_app.core.errors import InputError
from review_app.web.gateway.bodies import MAX_DEPTH, MAX_JSON
from review_app.web.gateway.inputs import accept
from review_app.web.identity import COOKIE
from storage.enums import Role
from tests.web.gradio_calls import MOUNTS, Answer, Caller, reads_files
from tests.web.serving import Serving
from tests.web.site import Site
from tests.web.walk import blocks_at

ROUTES = ("run/predict", "queue/join")
GOOD = {"fn_index": 0, "data": [], "session_hash": "abc123"}
JSON = {"content-type": "application/json"}

pytestmark = pytest.mark.usefixtures("no_traceback")


@pytest.fixture(scope="module")
def admin(site: Site, serving: Serving) -> Iterator[Caller]:
    with Caller(site, serving, Role.ADMIN) as caller:
        yield caller


def is_told(answer: Answer, status: int = 400) -> bool:
    document = answer.json
    message = document["error"]["message"]
    return answer.status == status and bool(message) and document["detail"] == message


def body(**changed: Any) -> bytes:
    return json.dumps({**GOOD, **changed}).encode()


ODD = {
    "nothing": b"",
    "no JSON": b"fn_index=0",
    "half of it": b'{"fn_index": 0, "data": [',
    "an empty object": b"{}",
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a text": b'"x"',
    "not UTF-8": b'{"session_hash": "\xff"}',
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "NaN": body(event_data=[float("nan")]),
    "infinity": body(event_data=["1e999"]).replace(b'"1e999"', b"1e999"),
    "a number that no column holds": body(event_data=[2**63]),
    "a number of 5000 digits": b'{"fn_index": ' + b"9" * 5000 + b', "data": []}',
    "half a character": body(event_data="\ud800"),
    "half a character for a name": body(event_data={"\ud800": 1}),
    "lists in lists": b"[" * 50_000,
    "lists in lists that end": b"[" * 900 + b"]" * 900,
    "a value nested too deep": body(
        event_data=json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    ),
    "no function": json.dumps({"data": [], "session_hash": "abc123"}).encode(),
    "a function that is not there": body(fn_index=9999),
    "a negative function": body(fn_index=-1),
    "a function by name": body(fn_index="plain"),
    "a function by fraction": body(fn_index=0.5),
    "no data": json.dumps({"fn_index": 0, "session_hash": "abc123"}).encode(),
    "data that is no list": body(data={"a": 1}),
    "too much data": body(data=[1]),
    "no session": json.dumps({"fn_index": 0, "data": []}).encode(),
    "a session that is none": body(session_hash="../x"),
    "a session by number": body(session_hash=1),
    "another's session": body(session_hash="1-abc123"),
    "a trigger that is not there": body(trigger_id=9999),
    "a trigger by name": body(trigger_id="x"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_bodies_are_refused_in_words(admin: Caller, name: str) -> None:
    for mount in MOUNTS:
        for route in ROUTES:
            assert is_told(admin.post(mount, route, ODD[name])), (mount, route)


def test_a_body_that_does_not_say_what_it_is_is_refused(admin: Caller) -> None:
    for kind in ("", "text/plain", "multipart/form-data", "application/jsonx"):
        headers = {"content-type": kind} if kind else {}
        for mount in MOUNTS:
            for route in ROUTES:
                path = f"{mount}/gradio_api/{route}"
                answer = admin.http.post(path, content=body(), headers=headers)
                assert is_told(Answer(answer.status_code, answer.text)), kind


def test_functions_of_the_browser_and_of_the_other_route_are_refused(
    site: Site, admin: Caller
) -> None:
    for mount in MOUNTS:
        for index, function in blocks_at(site.web, mount).fns.items():
            data = [None] * len(function.inputs)
            wrong = "run/predict" if function.queue else "queue/join"
            assert is_told(admin.post(mount, wrong, body(fn_index=index, data=data)))
            if function.fn is None:
                assert is_told(admin.call(mount, index, data))


def test_a_call_may_have_a_mebibyte(admin: Caller) -> None:
    small = body(event_data="x" * (MAX_JSON - len(body(event_data=""))))
    assert len(small) == MAX_JSON
    assert admin.post("/admin", "run/predict", small).status == 200
    for mount in MOUNTS:
        for route in ROUTES:
            answer = admin.post(mount, route, small + b" ")
            assert is_told(answer, 413), answer
            assert "1,024 KiB" in answer.json["detail"]


def test_a_body_of_unknown_length_is_counted_while_it_comes(site: Site, admin: Caller) -> None:
    for mount, route in itertools.product(MOUNTS, ROUTES):
        status, parts = asyncio.run(poured(site, admin, f"{mount}/gradio_api/{route}", []))
        assert (status, parts) == (413, MAX_JSON // PART + 1)
    small = admin.http.post("/admin/gradio_api/run/predict", content=iter([body()]), headers=JSON)
    assert small.status_code == 200


def test_a_body_that_says_it_is_long_is_not_read(site: Site, admin: Caller) -> None:
    for mount, route in itertools.product(MOUNTS, ROUTES):
        for length, refused in ((str(200 * 1024**2), 413), ("1e9", 400), ("-1", 400), ("", 400)):
            says = [(b"content-length", length.encode())]
            path = f"{mount}/gradio_api/{route}"
            status, parts = asyncio.run(poured(site, admin, path, says))
            assert (status, parts) == (refused, 0)


PART = 64 * 1024


async def poured(
    site: Site, caller: Caller, path: str, headers: list[tuple[bytes, bytes]]
) -> tuple[int, int]:
    """The status that a body without end is answered by, and how many parts of it were read."""
    parts = 0
    statuses: list[int] = []

    async def receive() -> Message:
        nonlocal parts
        parts += 1
        return {"type": "http.request", "body": b" " * PART, "more_body": True}

    async def send(message: Message) -> None:
        statuses.append(message.get("status", 0))

    cookie = f"{COOKIE}={caller.http.cookies[COOKIE]}".encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"cookie", cookie),
            (b"content-type", b"application/json"),
            *headers,
        ],
    }
    await site.web(scope, receive, send)
    return statuses[0], parts


VALUES: list[Any] = [
    True,
    0,
    -1,
    10**18,
    1e308,
    0.1,
    "",
    "text",
    "\0",
    "x" * 10_000,
    [],
    [1, "a", None],
    ["text"],
    [0, 0.1, ""],
    ["x"] * 1000,
    {},
    {"a": {"b": [1]}},
    {"search": {"text": 1}, "begins": "x"},
    {"search": None, "begins": [[]], "older": "x"},
]


def held(block: Block, value: Any) -> bool:
    try:
        return accept([block], [value], Path) == [value]
    except InputError:
        return False


def test_every_input_of_a_page_can_say_something(site: Site) -> None:
    """A component that the gateway does not know would shut a button for good."""
    for mount in MOUNTS:
        for index, function in blocks_at(site.web, mount).fns.items():
            if function.fn is None or index == reads_files(site, mount):
                continue
            for block in function.inputs:
                samples: list[Any] = [True, 1, "x", {}, ["x"]]
                said = [one for one in samples if held(block, one)]
                assert said, (mount, index, block)


def test_odd_values_of_any_input_are_refused_or_answered_in_words(
    site: Site, admin: Caller
) -> None:
    """Whatever a component says, no function of ours trips over it."""
    for mount in MOUNTS:
        for index, function in blocks_at(site.web, mount).fns.items():
            if function.fn is None or index == reads_files(site, mount):
                continue
            for value in VALUES if function.inputs else ():
                answer = admin.call(mount, index, [value] * len(function.inputs))
                assert answer.status in (200, 400), (mount, index, value, answer)
                assert answer.status == 200 or is_told(answer)


@pytest.mark.parametrize(
    "path",
    [
        "queue/data",
        "queue/data?session_hash=",
        "queue/data?session_hash=unknown",
        "queue/data?session_hash=../x",
        "queue/data?session_hash=a&session_hash=b",
        "upload_progress",
        "upload_progress?upload_id=",
        "upload_progress?upload_id=a%00b",
        f"upload_progress?upload_id={'a' * 100}",
    ],
)
def test_odd_queries_are_refused_in_words(admin: Caller, path: str) -> None:
    for mount in MOUNTS:
        answer = admin.http.get(f"{mount}/gradio_api/{path}")
        assert answer.status_code == (404 if "unknown" in path else 400)
        assert answer.json()["error"]["message"]


def test_the_events_of_one_person_are_not_told_to_another(
    site: Site, serving: Serving, admin: Caller
) -> None:
    with Caller(site, serving, Role.REVIEWER) as reviewer:
        joined = admin.http.post(
            "/review/gradio_api/queue/join",
            content=body(session_hash="shared"),
            headers=JSON,
        )
        assert joined.status_code == 200
        path = "/review/gradio_api/queue/data?session_hash=shared"
        assert reviewer.http.get(path).status_code == 404
        assert "process_completed" in admin.http.get(path).text
