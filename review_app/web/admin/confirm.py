"""A question before something that touches many images or a person's access, or that cannot be had
back.

The page holds what the question was about, and "yes" sends it along: what is done is what was
asked, whatever has been typed, chosen or changed by others meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import gradio as gr
from gradio.blocks import Block
from markupsafe import Markup
from pydantic import BaseModel

from review_app.i18n import t
from review_app.web.handlers import Call, Wiring, html

_HIDE = "() => ['', { __type__: 'update', visible: false }]"


class Question(NamedTuple):
    """A question in words, and what "yes" then is the answer to."""

    text: str
    about: BaseModel


class Confirm:
    """A question with "yes" and "cancel"; hidden until asked, and hidden again by any answer."""

    def __init__(self, yes: str) -> None:
        # Outside the part that hides, so that a refusal to ask can be read too.
        self._question = html()
        self._about = gr.JSON(visible=False)
        with gr.Row(visible=False) as self._answers:
            self._yes = gr.Button(yes, variant="primary")
            self._no = gr.Button(t("confirm.cancel"))

    def ask(
        self,
        wiring: Wiring,
        button: gr.Button,
        question: Callable[..., Question],
        inputs: Sequence[Block] = (),
        js: str | None = None,
    ) -> Any:
        """Ask what ``question`` (Call, inputs) says when ``button`` is pressed; the event. ``js``:
        what the browser makes of the inputs first."""

        def show(call: Call, *values: Any) -> tuple[Markup, Any, Any]:
            asked = question(call, *values)
            words = Markup('<p class="question" role="status">{}</p>').format(asked.text)
            return words, gr.update(visible=True), asked.about.model_dump(mode="json")

        shown = [self._question, self._answers, self._about]
        self.withdraw(self._no.click)
        self.withdraw(button.click)  # an earlier question, also where this one is refused
        return wiring.quick(partial(button.click, js=js), show, shown, inputs)

    def withdraw(self, event: Callable[..., Any]) -> None:
        """Take the question back after ``event``: it was about something else.

        In the browser, at once: an answer of the server could come after a later question.
        """
        event(None, None, [self._question, self._answers], js=_HIDE, api_visibility="private")

    def then(
        self,
        wiring: Wiring,
        action: Callable[..., Any],
        outputs: Sequence[Block],
        inputs: Sequence[Block] = (),
    ) -> Any:
        """Do ``action`` (Call, what was asked about, inputs) when the answer is yes; the event, for
        what follows it."""
        self.withdraw(self._yes.click)
        return wiring.slow(self._yes.click, action, outputs, [self._about, *inputs])
