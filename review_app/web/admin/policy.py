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
from review_app.triage.policy import PolicyState
from review_app.web.admin.confirm import Confirm
from review_app.web.admin.policy_audit import build_audit
from review_app.web.admin.policy_certificate import certificate_panel
from review_app.web.admin.policy_detector import build_detector
from review_app.web.admin.policy_limits import build_limits
from review_app.web.admin.policy_order import build_order
from review_app.web.admin.policy_review import build_review_options
from review_app.web.admin.policy_whatif import build_whatif
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, long, moment, notice, recorded, table
from review_app.words import Text, t
from storage.enums import ItemState


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
            call.person,
            _share("certify.wrong_risk_limit", limit),
            1 - _share("certify.wrong_confidence", confidence),
        )
        return notice(t("certify.previewed", words=words))

    def certify(
        self, call: Call, limit: float | None, confidence: float | None, audit: float | None
    ) -> Markup:
        """Certify on the labels there are and put the result in force."""
        policy = self._app.policies.certify(
            call.person,
            _share("certify.wrong_risk_limit", limit),
            1 - _share("certify.wrong_confidence", confidence),
            _share("certify.wrong_audit", audit),
        )
        self._app.triage.keep_order()
        words = t("certify.done", version=policy.version)
        return notice(f"{words} {not_final_now(self._app.database)}".rstrip(), Tone.DONE)

    def suspend(self, call: Call, reason: str | None) -> tuple[Markup, str]:
        """Close auto-accept at once."""
        policy = self._app.policies.suspend(call.person, reason or "")
        self._app.triage.keep_order()
        return notice(t("certify.closed", version=policy.version), Tone.DONE), ""

    def ask_apply(self, _call: Call) -> str:
        """The question before many images may leave the queue."""
        waiting = overview(self._app.database).states[ItemState.IN_REVIEW]
        version = self._app.policies.current().version
        return t("certify.ask_apply", version=version, n=waiting)

    def apply(self, call: Call) -> Markup:
        """Put the policy in force to what waits untouched."""
        report = self._app.triage.retriage(call.person.name, call.count(t("certify.applying")))
        if not report.scored and not report.failed:
            return notice(t("certify.nothing_to_do") + report.rescored_words)
        words = t(
            "certify.applied",
            n=report.scored,
            accepted=report.auto_accepted,
            review=report.to_review,
        )
        if report.failed:
            words += f" {t('certify.unscored', n=report.failed)}"
        return notice(words + report.rescored_words, Tone.DONE)

    def _words(self) -> Markup:
        return certificate_panel(self._app.policies.current(), self._forecasts)

    def _history(self) -> Markup:
        rows = [
            (
                v.version,
                t(f"certify.state_{v.state}"),
                moment(v.created_at),
                v.created_by,
                # Why it was suspended is said by whoever did it, in any language.
                long(v.note if v.state == PolicyState.SUSPENDED else recorded(v.note)),
                long(v.words),
            )
            for v in self._app.policies.history()
        ]
        names = ("version", "state", "since", "by", "note", "in_words")
        return table(t("certify.every_version"), [t(f"certify.{name}") for name in names], rows)


def build_policy(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    desk = PolicyTab(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("certify.in_force")):
        words = html()
    audit = build_audit(app, blocks)
    build_whatif(app, blocks)
    numbers, certified = _certify(desk, wiring)
    _apply(desk, wiring)
    suspended = _suspend(desk, wiring)
    adopted = build_detector(app, tab)
    with section(t("certify.history")):
        history = html()
    order = build_order(app, blocks)
    build_review_options(app, blocks)
    build_limits(app, blocks)
    wiring.quick(blocks.load, desk.load, [words, history, *numbers])
    for event in (tab.select, certified.then, suspended.then, adopted.then):
        wiring.quick(event, desk.refresh, [words, history])
        audit(event)
        order(event)


def _certify(desk: PolicyTab, wiring: Wiring) -> tuple[list[gr.Number], Any]:
    with section(t("certify.title"), t("certify.choose_first")):
        with gr.Row():
            limit = gr.Number(_percent(DEFAULT_RISK_LIMIT), label=t("certify.risk_limit"))
            confidence = gr.Number(_percent(1 - DEFAULT_DELTA), label=t("certify.confidence"))
            audit = gr.Number(_percent(DEFAULT_AUDIT_PROBABILITY), label=t("certify.audit"))
        with gr.Row():
            preview = gr.Button(t("certify.preview"))
            certify = gr.Button(t("certify.certify_and_apply"), variant="primary")
        message = html()
    wiring.slow(preview.click, desk.preview, [message], [limit, confidence])
    numbers = [limit, confidence, audit]
    return numbers, wiring.slow(certify.click, desk.certify, [message], numbers)


def _apply(desk: PolicyTab, wiring: Wiring) -> None:
    with section(t("certify.waiting"), t("certify.waiting_remark")):
        button = gr.Button(t("certify.apply"))
        confirm = Confirm(t("certify.yes_apply"))
        message = html()
    confirm.ask(wiring, button, desk.ask_apply)
    confirm.then(wiring, desk.apply, [message])


def _suspend(desk: PolicyTab, wiring: Wiring) -> Any:
    with section(t("certify.close"), t("certify.close_remark")):
        with gr.Row():
            reason = gr.Textbox(label=t("certify.reason"), max_length=400, scale=3)
            button = gr.Button(t("certify.suspend"), variant="stop")
        message = html()
    return wiring.quick(button.click, desk.suspend, [message, reason], [reason])


def _percent(share: float) -> float:
    return round(100 * share, 4)


def _share(wrong: str, percent: float | None) -> float:
    """``wrong``: what to say of anything but a number of percent."""
    if percent is None or not 0 <= percent <= 100:
        raise InputError(Text(wrong))
    return round(percent / 100, 12)
