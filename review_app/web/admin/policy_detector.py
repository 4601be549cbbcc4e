"""The detector: which one the policy uses, and which others could be put in force."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import CheckpointError, InputError, NotFoundError
from review_app.core.permissions import Permission
from review_app.i18n import Text, current_language, listed, t
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.form import version_seen
from review_app.web.admin.policy_compare import comparison
from review_app.web.handlers import Call, Wiring, held_as, html, section
from review_app.web.markup import Tone, notice


class Adopting(BaseModel):
    """The detector that the question was about, and the policy that it would follow."""

    version: int
    detector: str


class DetectorPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call, chosen: str | None = None) -> tuple[Markup, Any, Any]:
        """What is in force and what is offered, in words; the choices, if there are any.

        What is ``chosen`` stays so while it is offered, also if it changes during the call.
        """
        words, offered = self._offered()
        choices = list(offered)
        radio = gr.update(choices=choices, visible=bool(choices))
        if chosen not in offered:
            radio["value"] = next(iter(choices), None)
        shown = notice(words) if choices else Markup('<p class="remark">{}</p>').format(words)
        return shown + self._changes(), radio, gr.update(visible=bool(choices))

    def _changes(self) -> Markup:
        """What the checkpoint of the settings is worth beside the one in force; nothing where it is
        the same, or where either has no card."""
        policy = self._app.policies.current()
        try:
            own = self._app.policies.offered()
            if own is None:
                return Markup()
            now, other = (self._app.detectors.card(each) for each in (policy.checkpoint, own[0]))
        except (CheckpointError, NotFoundError):
            return Markup()
        return comparison(now, policy.head, other)

    def ask(self, _call: Call, seen: int | None, chosen: str | None) -> Question:
        """The question before certificates are given up."""
        self._app.policies.require(version := version_seen(seen))
        self._head(chosen)
        about = Adopting(version=version, detector=str(chosen))
        return Question(t("detector.ask", chosen=str(chosen)), about)

    def adopt(self, call: Call, asked: Any) -> Markup:
        """Put the detector that was asked about in force; it starts learning."""
        about = held_as(Adopting, asked)
        chosen = about.detector
        self._app.policies.require(about.version)
        head = self._head(chosen)
        policy = self._app.policies.adopt(
            call.person, chosen, head, f"adopted {chosen}", about.version
        )
        self._app.triage.keep_order()
        words = t("detector.adopted", version=policy.version, chosen=chosen)
        return notice(words, Tone.DONE)

    def _head(self, chosen: str | None) -> str:
        _, offered = self._offered()
        if chosen not in offered:
            raise InputError(Text("detector.choose_another"))
        return offered[chosen]

    def _offered(self) -> tuple[str, dict[str, str]]:
        """A sentence about each detector that is not in force, and its head, by id."""
        now = self._app.policies.current().checkpoint
        external = self._app.detectors.external()
        external.pop(now, None)
        fused = self._app.detectors.fused()
        fused.pop(now, None)
        cascaded = self._app.detectors.cascaded()
        cascaded.pop(now, None)
        offered = external | fused | cascaded
        words = t("detector.uses", now=now)
        try:
            own = self._app.policies.offered()
        except CheckpointError as error:
            own, why = None, error.render(current_language())
            words = t("detector.unusable", error=why)
        if own is not None:
            offered = {own[0]: own[1], **offered}
            words = t("detector.goes_on", now=now, other=own[0])
        if external:
            words += f" {t('detector.brought', detectors=listed(list(external)))}"
        if fused:
            words += f" {t('detector.fused', detectors=listed(list(fused)))}"
        if cascaded:
            words += f" {t('detector.cascaded', detectors=listed(list(cascaded)))}"
        if offered:
            words += f" {t('detector.until')}"
        return words, offered


def build_detector(app: Application, tab: gr.Tab, seen: gr.Number) -> tuple[Any, Any]:
    """Add the panel to the open context; the events of asking and of an adoption, for what follows
    them. ``seen``: the version of the policy that the page tells of."""
    panel, wiring = DetectorPanel(app), Wiring(app, Permission.MANAGE_POLICY)
    with section(t("detector.title")):
        words = html()
        others = gr.Radio([], label=t("detector.another"), visible=False)
        button = gr.Button(t("detector.adopt"), visible=False)
        confirm = Confirm(t("detector.yes_adopt"))
        message = html()
    asked = confirm.ask(wiring, button, panel.ask, [seen, others])
    confirm.withdraw(others.input)
    adopted = confirm.then(wiring, panel.adopt, [message])
    # Not as the page loads: a second answer, after the tab's, would undo a choice made meanwhile.
    for event in (tab.select, adopted.then):
        wiring.quick(event, panel.load, [words, others, button], [others])
    return asked, adopted
