"""Rows as lines of text, CSV or JSON: those of a whole batch at once.

pyarrow writes them. What it would write otherwise than ``csv`` and ``json`` of the standard library
do is found first, and written here, a value at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow
from pyarrow import compute

_FORMULA: Final = re.compile(
    r"(?:\A|(?<=[;\t]))(?=[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])(?=[=+\-@＝＋－＠])"
)
"""The places where a formula may begin in some spreadsheet or locale (OWASP, CSV injection): where
text begins, and where whoever separates cells by semicolons or tabs would take it apart."""
_HAS_FORMULA: Final = r"(?:\A|[;\t])[=+\-@\t\r\n＝＋－＠]|[\r\n][=+\-@＝＋－＠]"
"""The same for pyarrow, which cannot look around."""
_SMALL, _LARGE = 1e-4, 1e9
"""The sizes between which pyarrow writes a number with the digits that ``repr`` gives it."""


@dataclass(frozen=True)
class LineFormat:
    """How values are written."""

    nothing: str
    """What stands for None."""
    truth: tuple[str, str]
    """What stands for True, and for False."""
    odd: str
    """The pattern of text that does not stand as it is between its quotation marks."""
    text: Callable[[str], str]
    """A function that writes such text."""
    number: Callable[[float], str]
    """A function that writes any number."""


def quoted(text: str) -> str:
    """``text`` as a cell of CSV, with an apostrophe wherever a cell may begin in it like a
    formula."""
    return '"' + _FORMULA.sub("'", text).replace('"', '""') + '"'


CSV: Final = LineFormat('""', ("True", "False"), f'"|{_HAS_FORMULA}', quoted, repr)
_JSON: Final = json.JSONEncoder(ensure_ascii=False)
JSON: Final = LineFormat("null", ("true", "false"), r'["\\\x00-\x1f]', _JSON.encode, _JSON.encode)


def lines(batch: Any, before: Sequence[str], end: str, form: LineFormat) -> bytes:
    """The rows of a record batch, which has some. ``before``: what stands before each column's
    values; ``end``: what ends a row."""
    pairs = zip(before, batch.columns, strict=True)
    parts = _joined(
        [*(part for text, column in pairs for part in (text, _cells(column, form))), end]
    )
    if all(isinstance(part, str) for part in parts):
        return "".join(parts * len(batch)).encode()
    rows = compute.binary_join_element_wise(*parts, "")
    length = compute.sum(compute.binary_length(rows)).as_py()
    written: bytes = rows.buffers()[2].slice(0, length).to_pybytes()
    return written


def _joined(parts: Sequence[Any]) -> list[Any]:
    """``parts`` with neighbours made one that are the same text in each row."""
    found: list[Any] = []
    for part in parts:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found


def _cells(values: Any, form: LineFormat) -> Any:
    """Each of ``values`` as it is written; one text where that is the same in each row."""
    if values.null_count == len(values):
        return form.nothing
    if pyarrow.types.is_string(values.type):
        # Equal texts are written once.
        distinct = values.dictionary_encode()
        written = _texts(distinct.dictionary, form)
        if len(written) == 1 and not values.null_count:
            return written[0].as_py()
        cells = written.take(distinct.indices)
    elif pyarrow.types.is_floating(values.type):
        cells = _numbers(values, form)
    elif pyarrow.types.is_boolean(values.type):
        cells = compute.if_else(values, *form.truth)
    else:
        cells = values.cast(pyarrow.string())
    return cells.fill_null(form.nothing)


def _texts(values: Any, form: LineFormat) -> Any:
    odd = compute.match_substring_regex(values, form.odd)
    written = compute.binary_join_element_wise('"', values, '"', "")
    return _rewritten(written, odd, values, form.text)


def _numbers(values: Any, form: LineFormat) -> Any:
    size = compute.abs(values)
    is_usual = compute.or_(compute.greater_equal(size, _SMALL), compute.equal(size, 0.0))
    is_usual = compute.and_(is_usual, compute.less(size, _LARGE))
    ends = compute.if_else(compute.equal(compute.floor(values), values), ".0", "")
    written = compute.binary_join_element_wise(values.cast(pyarrow.string()), ends, "")
    odd = compute.invert(is_usual).fill_null(False)
    return _rewritten(written, odd, values, form.number)


def _rewritten(written: Any, odd: Any, values: Any, write: Callable[[Any], str]) -> Any:
    """What is ``written``; where it is ``odd``, what ``write`` makes of the value."""
    if not compute.any(odd).as_py():
        return written
    own = list(map(write, values.filter(odd).to_pylist()))
    return compute.replace_with_mask(written, odd, pyarrow.array(own, pyarrow.string()))
