"""Policy: the certificate in words, certifying anew, closing auto-accept, and how review works."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError
from review_app.monitoring.overview import overview
from review_app.permissions import Permission
from review_app.review.finality import not_final_now
from review_app.triage.forecasting import ForecastDesk
from review_app.triage.governance import (
    DEFAULT_AUDIT_PROBABILITY,
    DEFAULT_DELTA,
    DEFAULT_RISK_LIMIT,
)
from review_app.triage.wording import count
from review_app.web.admin.confirm import Confirm
from review_app.web.admin.policy_audit import build_audit
from review_app.web.admin.policy_certificate import certificate_panel
from review_app.web.admin.policy_detector import build_detector
from review_app.web.admin.policy_order import build_order
from review_app.web.admin.policy_review import build_review_options
from review_app.web.admin.policy_whatif import build_whatif
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, long, moment, notice, table
from storage.enums import ItemState

_CHOOSE_FIRST = (
    "Looking at a preview costs nothing. Trying one limit after another until one passes does: the "
    "confidence then promises more than it holds. Choose first, then look."
)


class PolicyTab:
    """What the tab's buttons do."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._forecasts = ForecastDesk(app.database, app.detectors)

    def load(self, _call: Call) -> tuple[Any, ...]:
        """The words in force, the history, and the controls' values."""
        policy = self._app.policies.current()
        return (
            self._words(),
            self._history(),
            _percent(policy.risk_limit),
            _percent(1 - policy.delta),
            _percent(policy.audit_probability),
        )

    def refresh(self, _call: Call) -> tuple[Markup, Markup]:
        """The words and the history, but not the controls: somebody may be typing there."""
        return self._words(), self._history()

    def preview(self, call: Call, limit: float | None, confidence: float | None) -> Markup:
        """What certifying now would give; nothing changes."""
        words = self._app.policies.preview(
            call.person, _share("risk limit", limit), 1 - _share("confidence", confidence)
        )
        return notice(f"Preview, nothing is applied. {words}")

    def certify(
        self, call: Call, limit: float | None, confidence: float | None, audit: float | None
    ) -> Markup:
        """Certify on the labels there are and put the result in force."""
        policy = self._app.policies.certify(
            call.person,
            _share("risk limit", limit),
            1 - _share("confidence", confidence),
            _share("audit share", audit),
        )
        self._app.triage.keep_order()
        words = (
            f"Policy version {policy.version} is in force for images that come in from now on. "
            "Images that wait already keep waiting until you apply it to them below."
        )
        return notice(f"{words} {not_final_now(self._app.database)}".rstrip(), Tone.DONE)

    def suspend(self, call: Call, reason: str | None) -> tuple[Markup, str]:
        """Close auto-accept at once."""
        policy = self._app.policies.suspend(call.person, reason or "")
        self._app.triage.keep_order()
        words = f"Auto-accept is closed, as policy version {policy.version}. People see everything."
        return notice(words, Tone.DONE), ""

    def ask_apply(self, _call: Call) -> str:
        """The question before many images may leave the queue."""
        waiting = overview(self._app.database).states[ItemState.IN_REVIEW]
        version = self._app.policies.current().version
        return (
            f"Apply policy version {version} to {count(waiting, 'image')} that wait for people? "
            "Those it accepts leave the queue. Images that somebody holds or has answered stay."
        )

    def apply(self, call: Call) -> Markup:
        """Put the policy in force to what waits untouched."""
        report = self._app.triage.retriage(call.person.name, call.count("Applying the policy"))
        if not report.scored and not report.failed:
            words = "Nothing to do: this policy has routed all that nobody has touched."
            return notice(words + report.rescored_words)
        words = (
            f"Of {count(report.scored, 'image')}, {report.auto_accepted:,} were accepted and "
            f"{report.to_review:,} stay with people."
        )
        if report.failed:
            words += f" {report.failed:,} could not be scored."
        return notice(words + report.rescored_words, Tone.DONE)

    def _words(self) -> Markup:
        return certificate_panel(self._app.policies.current(), self._forecasts)

    def _history(self) -> Markup:
        rows = [
            (v.version, v.state, moment(v.created_at), v.created_by, long(v.note), long(v.words))
            for v in self._app.policies.history()
        ]
        headers = ("Version", "State", "Since", "By", "Note", "In words")
        return table("Every policy version, newest first", headers, rows)


def build_policy(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    desk = PolicyTab(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section("The policy in force"):
        words = html()
    audit = build_audit(app, blocks)
    build_whatif(app, blocks)
    numbers, certified = _certify(desk, wiring)
    _apply(desk, wiring)
    suspended = _suspend(desk, wiring)
    adopted = build_detector(app, blocks, tab)
    with section("History"):
        history = html()
    order = build_order(app, blocks)
    build_review_options(app, blocks)
    wiring.quick(blocks.load, desk.load, [words, history, *numbers])
    for event in (tab.select, certified.then, suspended.then, adopted.then):
        wiring.quick(event, desk.refresh, [words, history])
        audit(event)
        order(event)


def _certify(desk: PolicyTab, wiring: Wiring) -> tuple[list[gr.Number], Any]:
    with section("Certify", _CHOOSE_FIRST):
        with gr.Row():
            limit = gr.Number(
                _percent(DEFAULT_RISK_LIMIT), label="Risk limit, % wrong among accepted"
            )
            confidence = gr.Number(_percent(1 - DEFAULT_DELTA), label="Confidence, %")
            audit = gr.Number(
                _percent(DEFAULT_AUDIT_PROBABILITY), label="Blind audit, % of accepted"
            )
        with gr.Row():
            preview = gr.Button("Preview")
            certify = gr.Button("Certify and apply", variant="primary")
        message = html()
    wiring.slow(preview.click, desk.preview, [message], [limit, confidence])
    numbers = [limit, confidence, audit]
    return numbers, wiring.slow(certify.click, desk.certify, [message], numbers)


def _apply(desk: PolicyTab, wiring: Wiring) -> None:
    remark = "A new policy routes what comes in from now on. What waits can be routed again."
    with section("Images that wait already", remark):
        button = gr.Button("Apply to what waits…")
        confirm = Confirm("Yes, apply")
        message = html()
    confirm.ask(wiring, button, desk.ask_apply)
    confirm.then(wiring, desk.apply, [message])


def _suspend(desk: PolicyTab, wiring: Wiring) -> Any:
    remark = "People then see every new image. Nothing that was accepted is taken back."
    with section("Close auto-accept", remark):
        with gr.Row():
            reason = gr.Textbox(label="Reason, kept in the history", max_length=400, scale=3)
            button = gr.Button("Suspend auto-accept", variant="stop")
        message = html()
    return wiring.quick(button.click, desk.suspend, [message, reason], [reason])


def _percent(share: float) -> float:
    return round(100 * share, 4)


def _share(name: str, percent: float | None) -> float:
    if percent is None or not 0 <= percent <= 100:
        raise InputError(f"the {name} is a number from 0 to 100 percent")
    return round(percent / 100, 12)
