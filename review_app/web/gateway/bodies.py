"""Bodies of requests: read up to a limit, and JSON that is what it should be."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from review_app.core.errors import InputError, TooLargeError
from review_app.i18n import Text

MAX_JSON = 1024**2
"""Most bytes of a call: the names of some 2,000 uploads fit."""
MAX_DEPTH = 32
"""How deep lists and objects of a call may be nested."""
_MAX_NUMBER = 2**63


async def read_json(headers: Headers, receive: Receive) -> Any:
    """The JSON document that is the request's body.

    Raises:
        TooLargeError: the body says, or turns out, to be longer than is taken.
        InputError: it is something else.
        ClientDisconnect: whoever sent it has left.
    """
    if content_length(headers, 0) > MAX_JSON:
        raise _too_large()
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise InputError(Text("refusals.not_json"))
    body = bytearray()
    more = True
    while more:
        part, more = chunk(await receive())
        body += part
        if len(body) > MAX_JSON:
            raise _too_large()
    return parse(bytes(body))


def content_length(headers: Headers, default: int | None = None) -> int:
    """How long the request says that its body is, in bytes.

    Raises:
        InputError: it does not say so, and there is no ``default``; or it is no number.
    """
    given = headers.get("content-length")
    if given is None and default is not None:
        return default
    if given is None or not (given.isascii() and given.isdecimal() and len(given) < 20):
        raise InputError(Text("refusals.length_required"))
    return int(given)


def chunk(message: Message) -> tuple[bytes, bool]:
    """What ``message`` brings of a body, and whether there is more. Raises ClientDisconnect."""
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def parse(body: bytes) -> Any:
    """The JSON document ``body``. Raises InputError where it is none, or nothing we would send."""
    try:
        document = json.loads(body.decode(), parse_constant=_refuse)
        for value in walk(document):
            _check(value)
    except (ValueError, RecursionError):  # of which UnicodeError is one
        raise InputError(Text("refusals.not_json")) from None
    return document


def walk(document: Any) -> Iterator[Any]:
    """Every value within ``document``, itself and the keys of objects included.

    Raises InputError where it is nested too deep. No recursion: how deep it is is up to whoever
    sent it.
    """
    waiting = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise InputError(Text("refusals.not_json"))
        yield value
        inner = value if isinstance(value, list) else ()
        if isinstance(value, dict):
            inner = [*value, *value.values()]
        waiting += ((one, depth + 1) for one in inner)


def _check(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # half a surrogate pair breaks whatever stores or shows it
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("not a number")
    elif isinstance(value, int | float) and not -_MAX_NUMBER <= value < _MAX_NUMBER:
        raise ValueError("no column holds it")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _too_large() -> TooLargeError:
    return TooLargeError(Text("refusals.too_large", {"n": MAX_JSON // 1024}))
