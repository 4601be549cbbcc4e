"""Pages that answer a value which a component cannot hold in words, where Gradio fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from review_app.i18n import t

_log = logging.getLogger(__name__)
_odd: ContextVar[list[str] | None] = ContextVar("odd", default=None)
"""What was odd about the call that this task is answering."""


class Pages(gr.Blocks):
    """Blocks that refuse a value which a component cannot hold: a choice that is none, a number out
    of its range. Gradio prints a traceback of it and calls it a fault of the server."""

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,
    ) -> list[Any]:
        """The values of the inputs as the function takes them. Raises gr.Error, in words."""
        try:
            given = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except OSError:
            raise  # a fault of the server, as the disk being full
        except Exception as error:
            _log.warning("a value was refused: %s", error)
            words = t("refusals.odd_input")
            odd = _odd.get()
            if odd is not None:
                odd.append(words)
            raise gr.Error(words, print_exception=False) from error
        return list(given)


@contextmanager
def noting_odd() -> Iterator[list[str]]:
    """A list that holds, once the call was answered, what was odd about its values."""
    odd: list[str] = []
    token = _odd.set(odd)
    try:
        yield odd
    finally:
        _odd.reset(token)
