"""How review works: what reviewers learn, how many answers images need, how long claims last, which
tags the page offers, and how images look at first."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import TypeAdapter, ValidationError

from review_app.bootstrap import Application
from review_app.errors import InputError
from review_app.permissions import Permission
from review_app.review.options import Reveal, ReviewOptions, Veil, change_options, read_options
from review_app.review.tasks import MOST_TAGS, Tags
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, notice

REVEAL = {
    Reveal.AFTER_LABEL: "after their own answer is stored",
    Reveal.NEVER: "never",
}
VEIL = {
    Veil.NONE: "as they are",
    Veil.BLUR: "blurred",
    Veil.GREYSCALE: "without colour",
}
_SECOND = (
    "While auto-accept is on, ask one person more about images that are unclear to the detector"
)
_UNDO = "Then they count: for certificates, audits and exports. 0: at once."
_TAGS: TypeAdapter[tuple[str, ...]] = TypeAdapter(Tags)


class ReviewPanel:
    """What the panel's button does."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Any, ...]:
        """How review works now."""
        with self._app.database.read() as repos:
            options = read_options(repos)
        numbers = (options.needed_labels, options.undo_minutes, options.lease_minutes)
        tags = "\n".join(options.tags)
        gold = (100 * options.gold_share, options.gold_feedback)
        shown = (options.reveal.value, options.veil.value)
        return "", *shown, *numbers, options.second_reviewer, tags, *gold

    def save(
        self,
        call: Call,
        reveal: str,
        veil: str,
        needed: float | None,
        undo: float | None,
        lease: float | None,
        second: bool | None,
        tags: str | None,
        gold: float | None,
        feedback: bool | None,
    ) -> Markup:
        """Change how review works from the next image on."""
        if reveal not in set(Reveal):
            raise InputError("choose when reviewers learn what the model thinks")
        if veil not in set(Veil):
            raise InputError("choose how images look at first")
        if needed not in range(1, 10):
            raise InputError("answers per image is a whole number from 1 to 9")
        if undo is None or not 0 <= undo <= 24 * 60:
            raise InputError("answers can be taken back for 0 to 1440 minutes")
        if lease is None or not 0 < lease <= 24 * 60:
            raise InputError("a claim lasts more than 0 and at most 1440 minutes")
        if gold is None or not 0 <= gold <= 50:
            raise InputError("known images are 0 to 50 percent of what is handed out")
        options = ReviewOptions(
            reveal=Reveal(reveal),
            veil=Veil(veil),
            needed_labels=int(needed or 1),
            second_reviewer=bool(second),
            tags=_tags(tags or ""),
            gold_share=gold / 100,
            gold_feedback=bool(feedback),
            undo_minutes=undo,
            lease_minutes=lease,
        )
        change_options(self._app.database, call.person, options)
        return notice("Saved. Images taken in from now on follow it.", Tone.DONE)


def _tags(lines: str) -> tuple[str, ...]:
    try:
        return _TAGS.validate_python([line for line in lines.splitlines() if line.strip()])
    except ValidationError as error:
        raise InputError(
            f"there may be {MOST_TAGS} tags, one a line, each of 60 characters at most and without "
            "a semicolon"
        ) from error


def build_review_options(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = ReviewPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    reveals = [(words, value.value) for value, words in REVEAL.items()]
    veils = [(words, value.value) for value, words in VEIL.items()]
    with section("How review works"):
        with gr.Row():
            reveal = gr.Radio(reveals, label="Reviewers learn what the model thinks", min_width=240)
            veil = gr.Radio(
                veils, label="Images at first, unless a reviewer chose otherwise", min_width=240
            )
        with gr.Row():
            needed = gr.Number(1, label="Answers per image", precision=0)
            undo = gr.Number(5, label="Answers can be taken back, minutes", info=_UNDO)
            lease = gr.Number(10, label="A claim lasts, minutes")
        second = gr.Checkbox(label=_SECOND)
        with gr.Row():
            gold = gr.Number(0, label="Known images mixed in unseen, percent")
            feedback = gr.Checkbox(label="Tell reviewers the known label after their answer on one")
        tags = gr.Textbox(label="Tags for kinds of manipulation, one a line", lines=4)
        save = gr.Button("Save")
        message = html()
    fields = [reveal, veil, needed, undo, lease, second, tags, gold, feedback]
    wiring.quick(blocks.load, panel.load, [message, *fields])
    wiring.quick(save.click, panel.save, [message], fields)
