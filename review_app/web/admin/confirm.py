"""A question before something that touches many images or a person's access."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from markupsafe import Markup

from review_app.web.handlers import Call, Wiring, html
from review_app.words import t

_HIDE = "() => ['', { __type__: 'update', visible: false }]"


class Confirm:
    """A question with "yes" and "cancel"; hidden until asked, and hidden again by any answer."""

    def __init__(self, yes: str) -> None:
        # Outside the part that hides, so that a refusal to ask can be read too.
        self._question = html()
        with gr.Row(visible=False) as self._answers:
            self._yes = gr.Button(yes, variant="primary")
            self._no = gr.Button(t("confirm.cancel"))

    def ask(
        self,
        wiring: Wiring,
        button: gr.Button,
        question: Callable[..., str],
        inputs: Sequence[Block] = (),
    ) -> None:
        """Show what ``question`` (Call, inputs) says when ``button`` is pressed."""

        def show(call: Call, *values: Any) -> tuple[Markup, Any]:
            words = Markup('<p class="question" role="status">{}</p>')
            return words.format(question(call, *values)), gr.update(visible=True)

        wiring.quick(button.click, show, [self._question, self._answers], inputs)
        self.withdraw(self._no.click)

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
        """Do ``action`` when the answer is yes; the event, for what follows it."""
        self.withdraw(self._yes.click)
        return wiring.slow(self._yes.click, action, outputs, inputs)
