"""Frozen dataclasses to JSON documents and back, read strictly.

A certificate or policy is evidence that outlives the program that wrote it. So a document with a
missing, unknown or wrongly typed field is refused; nothing is guessed. Only a field that a later
schema brought (`added`) may be missing, and only in a document of an older schema.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import ConfigDict, TypeAdapter, ValidationError

from review_app.core.errors import InputError

T = TypeVar("T")
_ADDED = "added"
_REMEDY = "Restore the document as it was written."


def added(schema: int, default: T) -> T:
    """A dataclass field that came with ``schema``; documents from before it mean ``default``."""
    found: T = dataclasses.field(default=default, metadata={_ADDED: schema})
    return found


def to_document(record: object) -> dict[str, Any]:
    """The fields of a dataclass as values that `json` writes without help."""
    assert dataclasses.is_dataclass(record)
    assert not isinstance(record, type)
    document: dict[str, Any] = json.loads(
        json.dumps(dataclasses.asdict(record), default=datetime.isoformat)
    )
    return document


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
    try:
        found: T = _reader(cast(Hashable, kind)).validate_json(json.dumps([document]))[0]
    except ValidationError as error:
        raise _mistyped(where, error) from error
    _require_fields(found, document, where, schema)
    return found


@cache
def _reader(kind: Hashable) -> TypeAdapter[list[Any]]:
    # Of a list: dataclasses of the standard library take the configuration of what holds them.
    strict = ConfigDict(strict=True, allow_inf_nan=False)
    return TypeAdapter(list[kind], config=strict)  # type: ignore[valid-type]


def _require_fields(record: object, document: Any, where: str, schema: int | None) -> None:
    """Raise InputError where ``document`` lacks fields of what was read from it, or has others."""
    if isinstance(record, tuple):
        for at, (one, part) in enumerate(zip(record, document, strict=True)):
            _require_fields(one, part, f"{where}[{at}]", schema)
    if not dataclasses.is_dataclass(record):
        return
    fields = dataclasses.fields(record)
    later = {f.name for f in fields if schema is not None and schema < f.metadata.get(_ADDED, 0)}
    names = {f.name for f in fields} - later
    if wrong := sorted(names ^ set(document)):
        told = ", ".join(f"{n} ({'missing' if n in names else 'unknown'})" for n in wrong)
        raise InputError(f"{where}: wrong fields: {told}. {_REMEDY}")
    for name in names:
        _require_fields(getattr(record, name), document[name], f"{where}.{name}", schema)


def _mistyped(where: str, error: ValidationError) -> InputError:
    first = error.errors()[0]
    path = [f"[{at}]" if isinstance(at, int) else f".{at}" for at in first["loc"][1:]]
    return InputError(f"{where}{''.join(path)}: {first['msg']}. {_REMEDY}")
