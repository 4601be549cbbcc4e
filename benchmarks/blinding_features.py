"""What a reviewer's browser is told of one item, as numbers: every header, key, text, size and time
of every answer, whatever it means."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

Features = dict[str, float]
BUCKETS = 64
"""Words of texts are told apart by so many numbers."""
_WORD = re.compile(r"\w+")


@dataclass
class Told:
    """One answer of the server."""

    what: str
    seconds: float
    status: int
    headers: list[tuple[str, str]]
    text: str
    """The text of JSON; pictures are told by their size alone, for their content is what is
    judged."""
    n_bytes: int


def told(what: str, answer: httpx.Response, seconds: float) -> Told:
    """``answer`` as it is kept."""
    is_text = "json" in answer.headers.get("content-type", "")
    return Told(
        what,
        seconds,
        answer.status_code,
        [(name.lower(), value) for name, value in answer.headers.multi_items()],
        answer.text if is_text else "",
        len(answer.content),
    )


def features(answer: Told) -> Features:
    """All that ``answer`` tells, each under a name of its own."""
    found = {
        f"{answer.what} seconds": answer.seconds,
        f"{answer.what} status": float(answer.status),
        f"{answer.what} bytes": float(answer.n_bytes),
        f"{answer.what} headers": float(len(answer.headers)),
    }
    for i, (name, value) in enumerate(answer.headers):
        found[f"{answer.what} {name} place"] = float(i)
        found |= _of_text(f"{answer.what} {name}", value)
    if answer.text:
        for path, leaf in _leaves(json.loads(answer.text), answer.what):
            found |= _of_leaf(path, leaf)
    return found


def changes(before: Features, after: Features, what: str) -> Features:
    """The amounts by which the same numbers have changed."""
    shared = before.keys() & after.keys()
    return {f"{what} {name}": after[name] - before[name] for name in shared}


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield f"{path} keys", " ".join(value)
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path} length", len(value)
        for i, inner in enumerate(value[:3]):
            yield from _leaves(inner, f"{path}[{i}]")
    else:
        yield path, value


def _of_leaf(path: str, value: object) -> Features:
    if value is None or isinstance(value, bool):
        return {f"{path} {value}": 1.0}
    if isinstance(value, int | float):
        return {path: float(value)}
    return _of_text(path, str(value))


def _of_text(path: str, text: str) -> Features:
    found = {f"{path} letters": float(len(text))}
    number = _number(text)
    if number is not None:
        found[f"{path} number"] = number
    for word in _WORD.findall(text):
        found[f"{path} word {zlib.crc32(word.encode()) % BUCKETS}"] = 1.0
        if word.isdecimal() and len(word) < 15:
            found[f"{path} within"] = float(word)
    return found


def _number(text: str) -> float | None:
    for reads in (
        float,
        lambda t: datetime.fromisoformat(t).timestamp(),
        lambda t: parsedate_to_datetime(t).timestamp(),
    ):
        try:
            return float(reads(text))
        except (ValueError, TypeError):
            continue
    return None
