"""Correcting the verdict of the image whose record is open: a question first, then the deed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import listed, t
from review_app.records.correction import MAX_LETTERS, VALUES, Proposal
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.images_record import picture_trouble, record_html, veiled
from review_app.web.handlers import Call, Wiring, held_as, html, section
from review_app.web.markup import Tone, notice
from storage.enums import LabelValue


class Correcting(BaseModel):
    """The correction that the question was about."""

    item: int
    seen: int
    value: LabelValue
    reason: str


class CorrectionPanel:
    """The handlers of the panel's buttons. Every call names the image: the page is not trusted."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def ask(
        self,
        call: Call,
        item: int | None,
        seen: int | None,
        value: str | None,
        reason: str | None,
    ) -> Question:
        """The question before a verdict is corrected, with what the present one proves."""
        made = self._app.records.propose(call.person, item or 0, value, reason, seen or 0)
        words = t(
            "corrections.ask",
            item=str(made.item_id),
            was=t(f"review.answer_{made.was}"),
            value=t(f"review.answer_{made.value}"),
            evidence=_evidence(made),
        )
        about = Correcting(item=made.item_id, seen=made.seen, value=made.value, reason=made.reason)
        return Question(words, about)

    def correct(self, call: Call, asked: Any) -> tuple[Markup, Markup, int, None, str]:
        """Correct it; the record anew, and an empty form."""
        about = held_as(Correcting, asked)
        made = self._app.records.correct(
            call.person, about.item, about.value, about.reason, about.seen
        )
        words = t(
            "corrections.done", item=str(made.item_id), value=t(f"review.answer_{made.value}")
        )
        trouble = picture_trouble(self._app, made.item_id)
        record = self._app.records.show(call.person, made.item_id)
        shown = veiled(self._app, record_html(record, trouble))
        return notice(words, Tone.DONE), shown, record.last_event, None, ""


@dataclass(frozen=True)
class CorrectionForm:
    """The panel's parts that others need."""

    panel: gr.Column
    """Hidden until an image is chosen."""
    message: gr.HTML
    seen: gr.Number
    """The `Record.last_event` of the record beside it."""
    value: gr.Radio
    reason: gr.Textbox
    confirm: Confirm
    done: Callable[..., Any]
    """The event that follows once a verdict was corrected, or refused to be."""


def build_correction(app: Application, item: gr.Number, record: gr.HTML) -> CorrectionForm:
    """Add the panel to the open context; it is about the image in ``item``."""
    corrections = CorrectionPanel(app)
    wiring = Wiring(app, Permission.ADJUDICATE)
    title, remark = t("corrections.title"), t("corrections.remark")
    with gr.Column(visible=False) as panel, section(title, remark):
        choices = [(t(f"review.answer_{value}"), value.value) for value in VALUES]
        value = gr.Radio(choices, label=t("corrections.value"))
        reason = gr.Textbox(label=t("corrections.reason"), lines=2, max_length=MAX_LETTERS)
        correct = gr.Button(t("corrections.correct"))
        confirm = Confirm(t("corrections.yes"))
        message, seen = html(), gr.Number(visible=False, precision=0)
    given = [item, seen, value, reason]
    confirm.ask(wiring, correct, corrections.ask, given)
    for event in (value.input, reason.input):
        confirm.withdraw(event)
    done = confirm.then(wiring, corrections.correct, [message, record, seen, value, reason])
    return CorrectionForm(panel, message, seen, value, reason, confirm, done.then)


def _evidence(made: Proposal) -> str:
    if not made.evidence:
        return t("corrections.evidence_none")
    names = listed([t(f"corrections.of_{evidence}") for evidence in made.evidence])
    return t("corrections.evidence_some", evidence=names)
