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
from review_app.review.options import Reveal, Veil, change_options, read_options
from review_app.review.tasks import MOST_TAGS, Tags
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, notice
from review_app.words import Text, t

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
        choices = (
            options.second_reviewer,
            options.reviewers_inspect,
            options.claim_before_answer,
        )
        return "", *shown, *numbers, *choices, tags, *gold

    def save(
        self,
        call: Call,
        reveal: str,
        veil: str,
        needed: float | None,
        undo: float | None,
        lease: float | None,
        second: bool | None,
        inspect: bool | None,
        claim: bool | None,
        tags: str | None,
        gold: float | None,
        feedback: bool | None,
    ) -> Markup:
        """Change how review works from the next image on."""
        if reveal not in set(Reveal):
            raise InputError(Text("rules.wrong_reveal"))
        if veil not in set(Veil):
            raise InputError(Text("rules.wrong_veil"))
        if needed not in range(1, 10):
            raise InputError(Text("rules.wrong_needed"))
        if undo is None or not 0 <= undo <= 24 * 60:
            raise InputError(Text("rules.wrong_undo"))
        if lease is None or not 0 < lease <= 24 * 60:
            raise InputError(Text("rules.wrong_lease"))
        if gold is None or not 0 <= gold <= 50:
            raise InputError(Text("rules.wrong_gold"))
        with self._app.database.read() as repos:
            kept = read_options(repos)
        options = kept.model_copy(
            update={
                "reveal": Reveal(reveal),
                "veil": Veil(veil),
                "needed_labels": int(needed or 1),
                "second_reviewer": bool(second),
                "reviewers_inspect": bool(inspect),
                "claim_before_answer": bool(claim),
                "tags": _tags(tags or ""),
                "gold_share": gold / 100,
                "gold_feedback": bool(feedback),
                "undo_minutes": undo,
                "lease_minutes": lease,
            }
        )
        change_options(self._app.database, call.person, options)
        return notice(t("rules.saved"), Tone.DONE)


def _tags(lines: str) -> tuple[str, ...]:
    try:
        return _TAGS.validate_python([line for line in lines.splitlines() if line.strip()])
    except ValidationError as error:
        raise InputError(Text("rules.wrong_tags", {"most": MOST_TAGS})) from error


def build_review_options(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = ReviewPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    reveals = [(t(f"rules.reveal_{value}"), value.value) for value in Reveal]
    veils = [(t(f"rules.veil_{value}"), value.value) for value in Veil]
    with section(t("rules.title")):
        with gr.Row():
            reveal = gr.Radio(reveals, label=t("rules.reveal"), min_width=240)
            veil = gr.Radio(veils, label=t("rules.veil"), min_width=240)
        with gr.Row():
            needed = gr.Number(1, label=t("rules.needed"), precision=0)
            undo = gr.Number(5, label=t("rules.undo"), info=t("rules.undo_info"))
            lease = gr.Number(10, label=t("rules.lease"))
        second = gr.Checkbox(label=t("rules.second"))
        inspect = gr.Checkbox(True, label=t("rules.inspect"))
        claim = gr.Checkbox(label=t("rules.claim"), info=t("rules.claim_info"))
        with gr.Row():
            gold = gr.Number(0, label=t("rules.gold"))
            feedback = gr.Checkbox(label=t("rules.feedback"))
        tags = gr.Textbox(label=t("rules.tags"), lines=4)
        save = gr.Button(t("rules.save"))
        message = html()
    fields = [reveal, veil, needed, undo, lease, second, inspect, claim, tags, gold, feedback]
    wiring.quick(blocks.load, panel.load, [message, *fields])
    wiring.quick(save.click, panel.save, [message], fields)
