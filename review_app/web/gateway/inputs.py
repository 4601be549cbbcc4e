"""The values of a call: each is what its component can hold, and files are own uploads.

Whatever names a file is looked for in every value, however deep: Gradio takes any object with a
``path`` and the right ``meta`` for one, in components that have nothing to do with files, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

import gradio as gr
from gradio.blocks import Block
from pydantic import BaseModel, ConfigDict, ValidationError

from review_app.core.errors import InputError
from review_app.i18n import Text
from review_app.web.gateway.bodies import walk

FILE_ROUTE = "/gradio_api/file="
_FILE_DATA = {"_type": "gradio.FileData"}
_MARKS = frozenset({"path", "url", "meta", "is_stream", "orig_name"})
"""Keys that make an object a file, or something that a later Gradio may take for one."""

_CHOICE = frozenset({str, int, float})
_HOLDS: dict[type[Block], frozenset[type]] = {
    gr.Checkbox: frozenset({bool}),
    gr.Dropdown: _CHOICE,
    gr.JSON: frozenset({dict, list}),
    gr.Number: frozenset({int, float}),
    gr.Radio: _CHOICE,
    gr.Slider: frozenset({int, float}),
    gr.Textbox: frozenset({str}),
}
"""What each component may hold besides nothing, or a list of choices where several are made. Others
are refused until they are listed here."""

Find = Callable[[str], Path]
"""The own upload that goes by a name. Raises NotFoundError."""


class _UploadedFile(BaseModel):
    """A file as the page names it; what else it says of it is dropped."""

    model_config = ConfigDict(strict=True)

    path: str
    url: str | None = None
    is_stream: Literal[False] = False
    meta: dict[str, str]

    def is_own(self) -> bool:
        """Whether nothing in it leads anywhere but to the upload that it names."""
        address = self.url is None or unquote(self.url).endswith(FILE_ROUTE + self.path)
        return address and self.meta == _FILE_DATA


def accept(blocks: Sequence[Block], values: Sequence[Any], find: Find) -> list[Any]:
    """``values`` as Gradio may have them for ``blocks``: uploads by their paths on this server.

    Raises:
        InputError: there are more or fewer, one cannot be held, or one names a file where none
            belongs.
        NotFoundError: it names a file that is no own upload.
    """
    if len(blocks) != len(values):
        raise odd()
    return [_accepted(block, value, find) for block, value in zip(blocks, values, strict=True)]


def refuse_files(value: Any) -> None:
    """Raise InputError where there is a file anywhere in ``value``."""
    if any(isinstance(one, dict) and not _MARKS.isdisjoint(one) for one in walk(value)):
        raise InputError(Text("refusals.file_elsewhere"))


def odd() -> InputError:
    """What is raised of a call that no page of ours makes."""
    return InputError(Text("refusals.odd_call"))


def _accepted(block: Block, value: Any, find: Find) -> Any:
    if isinstance(block, gr.File):
        return _files(value, find, several=block.file_count == "multiple")
    refuse_files(value)
    if value is not None and not _can_hold(block, value):
        raise odd()
    return value


def _can_hold(block: Block, value: Any) -> bool:
    if isinstance(block, gr.CheckboxGroup) or (
        isinstance(block, gr.Dropdown) and block.multiselect
    ):
        return type(value) is list and all(type(one) in _CHOICE for one in value)
    return type(value) in _HOLDS.get(type(block), ())


def _files(value: Any, find: Find, several: bool) -> Any:
    if value is None:
        return None
    if several and isinstance(value, list):
        return [_file(one, find) for one in value]
    return _file(value, find)


def _file(value: Any, find: Find) -> dict[str, Any]:
    try:
        named = _UploadedFile.model_validate(value)
    except ValidationError:
        raise odd() from None
    path = find(named.path)
    if not named.is_own():
        raise InputError(Text("refusals.file_elsewhere"))
    return {"path": str(path), "orig_name": path.name, "meta": _FILE_DATA}


def address_of(name: str) -> str:
    """The address of an upload, seen from its mount."""
    return FILE_ROUTE + quote(name)
