"""A call of one of our functions: read, checked, and written anew as Gradio gets it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import gradio as gr
from gradio.block_function import BlockFunction
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from review_app.core.permissions import Person
from review_app.web.gateway.inputs import Find, accept, odd, refuse_files

SessionHash = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]


class _Call(BaseModel):
    """What a page sends. Whatever else Gradio would take, it never gets."""

    model_config = ConfigDict(strict=True)

    session_hash: SessionHash
    fn_index: int
    data: list[Any]
    event_data: Any = None
    trigger_id: int | None = None


def rewritten(document: Any, pages: gr.Blocks, queued: bool, person: Person, find: Find) -> bytes:
    """The call ``document`` as Gradio may have it. ``queued``: it came by way of the queue.

    Raises:
        InputError: no page of ours makes such a call.
        NotFoundError: it names a file that is no own upload.
    """
    try:
        call = _Call.model_validate(document)
    except ValidationError:
        raise odd() from None
    function = _function(pages, call.fn_index)
    if function is None or function.queue is not queued:
        raise odd()
    if call.trigger_id not in (None, pages._id) and call.trigger_id not in pages.blocks:
        raise odd()
    refuse_files(call.event_data)
    body = {
        "session_hash": session_of(person, call.session_hash),
        "fn_index": call.fn_index,
        "data": accept(function.inputs, call.data, find),
        "event_data": call.event_data,
        "trigger_id": call.trigger_id,
    }
    return json.dumps(body).encode()


def session_of(person: Person, session_hash: str) -> str:
    """The session as Gradio knows it. It binds none to a person; so nobody can name another's."""
    return f"{person.id}-{session_hash}"


def _function(pages: gr.Blocks, index: int) -> BlockFunction | None:
    """The function, if there is one that runs on the server."""
    function = pages.fns.get(index)
    return None if function is None or function.fn is None else function
