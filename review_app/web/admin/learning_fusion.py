"""Fused detectors: choosing members, asking for a fusion, and what each member is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.detectors.fusing import DEFAULT_LABELS
from review_app.fusion.assessment import Interval
from review_app.fusion.card import FusedCard, FusedMember, fused_id
from review_app.i18n import number, percent, t
from review_app.web.admin.learning_jobs import answer_to
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Content, table
from storage.enums import JobKind


class FusionPanel:
    """The handlers of the panel's button and choice."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, call: Call, shown: str | None = None) -> tuple[Markup, Any, Any]:
        """The card of the fusion ``shown``; what may be a member; the fusions that there are."""
        members = [f"{checkpoint}:{head}" for checkpoint, head in self._app.fusion.choices()]
        made = list(self._app.detectors.fused())
        shown = shown if shown in made else next(reversed(made), None)
        choice = gr.update(choices=made, value=shown, visible=bool(made))
        return self.show(call, shown), gr.update(choices=members), choice

    def show(self, _call: Call, shown: str | None) -> Markup:
        """What the fusion ``shown`` was made of, and what each member is worth to it."""
        found = self._app.detectors.fused_detector(shown or "")
        if found is None:
            return Markup('<p class="empty">{}</p>').format(t("fuse.none"))
        return card_html(found.id, found.card)

    def fuse(
        self, call: Call, name: str | None, named: Sequence[str] | None, labels: float | None
    ) -> Markup:
        """Ask for a fusion in the background; what cannot be is refused at once."""
        members = [self._app.fusion.resolve(each) for each in named or ()]
        kept = self._app.fusion.check(name or "", members)
        parameters = {
            "name": kept,
            "members": [f"{checkpoint}:{head}" for checkpoint, head in members],
            "labels": DEFAULT_LABELS if labels is None else max(int(labels), 0),
            "by": call.person.name,
        }
        job = self._app.jobs.ask(call.person, JobKind.FUSE, parameters)
        return answer_to(job, t("fuse.asked", job=job.id, detector=fused_id(kept)))


def card_html(detector: str, card: FusedCard) -> Markup:
    """The card: what it rests on, what it is worth, and a row for each member."""
    words = t("fuse.rests_on", detector=detector, labels=card.n_labels, fake=card.n_fake)
    if not card.learned:
        words += f" {t('fuse.too_few')}"
    elif (figures := card.figures) is None:
        words += f" {t('fuse.not_measured')}"
    else:
        best = card.members[figures.best].checkpoint
        auroc, gain = _ends(figures.auroc), _ends(figures.gain)
        words += f" {t('fuse.worth', auroc=auroc, gain=gain, best=best)}"
    names = ("member", "weight", "counts", "alone", "cost")
    headers = [t(f"fuse.{name}") for name in names]
    rows = table(t("fuse.members"), headers, (_row(card, each) for each in card.members))
    return Markup("<p>{}</p>{}").format(words, rows)


def _row(card: FusedCard, member: FusedMember) -> Sequence[Content]:
    name = f"{member.checkpoint}:{member.head}"
    if member.inverted:
        name += f"; {t('fuse.inverted')}"
    if member.like:
        others = ", ".join(card.members[other].checkpoint for other in member.like)
        name += f"; {t('fuse.like', others=others)}"
    return (
        name,
        f"{number(member.weight, 2)} ± {number(member.weight_std, 2)}",
        "–" if member.included is None else percent(member.included),
        "–" if member.auroc is None else number(member.auroc, 3),
        "–" if member.cost is None else _ends(member.cost),
    )


def _ends(interval: Interval) -> str:
    value, low, high = (number(each, 3) for each in interval)
    return t("fuse.interval", value=value, low=low, high=high)


def build_fusion(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel, wiring = FusionPanel(app), Wiring(app, Permission.MANAGE_POLICY)
    with section(t("fuse.title"), t("fuse.remark")):
        members = gr.CheckboxGroup([], label=t("fuse.choose"))
        with gr.Row():
            name = gr.Textbox(label=t("fuse.name"), max_length=100)
            labels = gr.Number(
                DEFAULT_LABELS, label=t("fuse.labels"), minimum=0, precision=0, min_width=280
            )
        button = gr.Button(t("fuse.button"))
        message = html()
        made = gr.Dropdown([], label=t("fuse.made"), value=None, visible=False)
        card = html()
    wiring.quick(button.click, panel.fuse, [message], [name, members, labels])
    wiring.quick(made.input, panel.show, [card], [made])
    for event in (blocks.load, tab.select):
        wiring.quick(event, panel.load, [card, members, made], [made])
