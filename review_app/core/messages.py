"""Errors on their way from one process to another: they keep their kind, and are worded later."""

from __future__ import annotations

from typing import Any, Final

from review_app.core.errors import (
    DetectorError,
    InputError,
    RefusalReason,
    RefusedFile,
    ReviewAppError,
)
from review_app.i18n import Text, Value

PLACES: Final = 2
"""Jobs that the worker does at a time."""

Job = dict[str, Any]
Said = dict[str, Any]


def packed(error: ReviewAppError) -> Said:
    """``error`` as what JSON can hold."""
    if isinstance(error, RefusedFile):
        return {"path": error.path, "reason": error.reason, "text": packed_text(error.detail_text)}
    return {"input": isinstance(error, InputError), "text": packed_text(error.text)}


def unpacked(said: Said) -> ReviewAppError:
    """The inverse of `packed`; of other kinds of errors only that the detector failed is kept."""
    text = unpacked_text(said["text"])
    if "reason" in said:
        return RefusedFile(said["path"], RefusalReason(said["reason"]), text)
    return InputError(text) if said["input"] else DetectorError(text)


def packed_text(text: str | Text) -> Any:
    """``text`` as what JSON can hold."""
    if isinstance(text, str):
        return text
    values = {name: _value(value) for name, value in text.values.items()}
    return {"key": text.key, "values": values}


def _value(value: Value | Text) -> Any:
    return packed_text(value) if isinstance(value, Text) else value


def unpacked_text(said: Any) -> str | Text:
    """The inverse of `packed_text`."""
    if isinstance(said, str):
        return said
    values = {name: _restored(value) for name, value in said["values"].items()}
    return Text(said["key"], values)


def _restored(value: Any) -> Value | Text:
    if isinstance(value, dict):
        text = unpacked_text(value)
        assert isinstance(text, Text)
        return text
    return value if isinstance(value, int) else str(value)
