"""Frozen dataclasses to JSON documents and back, read strictly.

A certificate or policy is evidence that outlives the program that wrote it. So a document with a
missing, unknown or wrongly typed field is refused; nothing is guessed. Only a field that a later
schema brought (`added`) may be missing, and only in a document of an older schema.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from review_app.core.errors import InputError

T = TypeVar("T")
_ADDED = "added"


def added(schema: int, default: T) -> T:
    """A dataclass field that came with ``schema``; documents from before it mean ``default``."""
    found: T = dataclasses.field(default=default, metadata={_ADDED: schema})
    return found


def to_document(record: object) -> dict[str, Any]:
    """The fields of a dataclass as values that `json` writes without help."""
    assert dataclasses.is_dataclass(record)
    return {f.name: _plain(getattr(record, f.name)) for f in dataclasses.fields(record)}


def from_document(
    kind: type[T], document: object, where: str = "", *, schema: int | None = None
) -> T:
    """Build ``kind`` from the document that `to_document` wrote.

    ``where`` names the place in the message of an error; ``schema`` is the one the document was
    written in, by default today's.

    Raises:
        InputError: a field is missing, unknown, or of another type.
    """
    where = where or kind.__name__.lower()
    if not isinstance(document, Mapping):
        raise InputError(f"{where}: expected an object, found {type(document).__name__}.")
    hints = get_type_hints(kind)
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    later = {f.name for f in fields if schema is not None and schema < f.metadata.get(_ADDED, 0)}
    names = {f.name for f in fields} - later
    if wrong := sorted(names ^ set(document)):
        found = ", ".join(f"{n} ({'missing' if n in names else 'unknown'})" for n in wrong)
        raise InputError(f"{where}: wrong fields: {found}. Restore the document as it was written.")
    values = {n: _typed(hints[n], document[n], f"{where}.{n}", schema) for n in names}
    return kind(**values)


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if dataclasses.is_dataclass(value):
        return to_document(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def _typed(hint: Any, value: Any, where: str, schema: int | None) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (a for a in args if a is not type(None))
        return None if value is None else _typed(inner, value, where, schema)
    if origin is tuple:
        if not isinstance(value, list):
            raise _mistyped(where, "a list", value)
        return tuple(_typed(args[0], v, f"{where}[{i}]", schema) for i, v in enumerate(value))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return from_document(hint, value, where, schema=schema)
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise _mistyped(where, "a finite number", value)
        return float(value)
    if hint is datetime or issubclass(hint, StrEnum):
        try:
            return datetime.fromisoformat(value) if hint is datetime else hint(value)
        except (TypeError, ValueError) as error:
            raise _mistyped(where, f"a {hint.__name__}", value) from error
    if type(value) is not hint:
        raise _mistyped(where, hint.__name__, value)
    return value


def _mistyped(where: str, wanted: str, value: object) -> InputError:
    return InputError(
        f"{where}: expected {wanted}, found {value!r}. Restore the document as it was written."
    )
