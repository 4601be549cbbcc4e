"""Policy: the certificate in words and its audits, closing auto-accept; and certifying anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.certification.grouping import Grouping
from review_app.certification.price import Price
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.policy.policy import Policy
from review_app.policy.versions import (
    DEFAULT_AUDIT_PROBABILITY,
    DEFAULT_DELTA,
    DEFAULT_RISK_LIMIT,
)
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.form import version_seen
from review_app.web.admin.policy_audit import build_audit
from review_app.web.admin.policy_certificate import certificate_panel
from review_app.web.admin.policy_detector import build_detector
from review_app.web.admin.policy_groups import (
    NONE,
    chosen_grouping,
    forecast_panel,
    grouping_choices,
)
from review_app.web.admin.policy_whatif import build_whatif
from review_app.web.handlers import Call, Refresh, Wiring, held_as, html, section
from review_app.web.markup import Tone, long, moment, notice, recorded, table
from storage.enums import ItemState, PolicyState


class Certifying(BaseModel):
    """The try that the question was about, and its terms."""

    version: int
    attempt: int
    labels: int
    risk_limit: float
    delta: float
    audit_probability: float
    grouping: Grouping | None


class Applying(BaseModel):
    """The version of the policy that the question was about."""

    version: int


class PolicyTab:
    """The handlers of the buttons of both tabs."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Any, ...]:
        """The words in force, the history, the controls' values, and the version they are of."""
        policy = self._app.policies.current()
        return self._words(), self._history(), *_terms(policy), policy.version

    def refresh(self, _call: Call, seen: int | None, *typed: float | str | None) -> tuple[Any, ...]:
        """The same, but of the controls only those that have changed since the version that was
        ``seen``, and where nobody has typed: somebody may do so before this answer comes."""
        policy = self._app.policies.current()
        was = self._app.policies.get(seen or policy.version)
        before = _terms(was or policy)
        terms = [
            now if value == then != now else gr.skip()
            for value, then, now in zip(typed, before, _terms(policy), strict=True)
        ]
        return self._words(), self._history(), *terms, policy.version

    def preview(
        self,
        call: Call,
        limit: float | None,
        confidence: float | None,
        groups: str | None = NONE,
    ) -> Markup:
        """What certifying now may give; nothing changes."""
        terms = (
            _share("certify.wrong_risk_limit", limit),
            1 - _share("certify.wrong_confidence", confidence),
        )
        if (grouping := chosen_grouping(groups)) is not None:
            return forecast_panel(self._app.forecasts.by_group(call.person, *terms, grouping))
        words = self._app.policies.preview(call.person, *terms)
        return notice(t("certify.previewed", words=words))

    def ask_certify(
        self,
        call: Call,
        seen: int | None,
        limit: float | None,
        confidence: float | None,
        audit: float | None,
        groups: str | None = NONE,
    ) -> Question:
        """The price of a try, before it is spent; a refusal where it would be none."""
        risk_limit = _share("certify.wrong_risk_limit", limit)
        delta = 1 - _share("certify.wrong_confidence", confidence)
        audit_probability = _share("certify.wrong_audit", audit)
        price = self._app.policies.price(
            call.person, risk_limit, delta, version_seen(seen), chosen_grouping(groups)
        )
        about = Certifying(audit_probability=audit_probability, **asdict(price))
        words = f"{self._app.policies.not_final()} {price.text}".lstrip()
        return Question(words, about)

    def certify(self, call: Call, asked: Any) -> Markup:
        """Certify on the labels there are and put the result in force, for the price asked."""
        about = held_as(Certifying, asked)
        price = Price(**about.model_dump(exclude={"audit_probability"}))
        policy = self._app.policies.certify(
            call.person,
            price.risk_limit,
            price.delta,
            about.audit_probability,
            asked=price,
            grouping=price.grouping,
        )
        self._app.triage.keep_order()
        words = t("certify.done", version=policy.version)
        return notice(f"{words} {self._app.policies.not_final()}".rstrip(), Tone.DONE)

    def suspend(self, call: Call, seen: int | None, reason: str | None) -> tuple[Markup, str]:
        """Close auto-accept at once."""
        policy = self._app.policies.suspend(call.person, reason or "", version_seen(seen))
        self._app.triage.keep_order()
        return notice(t("certify.closed", version=policy.version), Tone.DONE), ""

    def ask_apply(self, _call: Call) -> Question:
        """The question before many images may leave the queue."""
        waiting = self._app.monitoring.overview().states[ItemState.IN_REVIEW]
        version = self._app.policies.current().version
        words = t("certify.ask_apply", version=version, n=waiting)
        return Question(words, Applying(version=version))

    def apply(self, call: Call, asked: Any) -> Markup:
        """Put the policy in force to what waits untouched, while it is the one asked about."""
        self._app.policies.require(held_as(Applying, asked).version)
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
        return certificate_panel(self._app.policies.current(), self._app.forecasts)

    def _history(self) -> Markup:
        rows = [
            (
                v.version,
                t(f"certify.state_{v.state}"),
                moment(v.created_at),
                v.created_by,
                # Why it was suspended is said by whoever did it, in any language.
                long(v.note if v.state == PolicyState.SUSPENDED else recorded(v.note)),
                long(v.text),
            )
            for v in self._app.policies.history()
        ]
        names = ("version", "state", "since", "by", "note", "in_words")
        return table(t("certify.every_version"), [t(f"certify.{name}") for name in names], rows)


def build_policy(app: Application, blocks: gr.Blocks, daily: gr.Tab, certify: gr.Tab) -> Refresh:
    """Add the components of two tabs: ``daily``, what is in force and how it holds, and
    ``certify``, what may follow it; what draws both anew after an event."""
    actions = PolicyTab(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with daily:
        seen = gr.Number(visible=False, precision=0)
        with section(t("certify.in_force")):
            words = html()
        audit = build_audit(app)
        applied = _apply(actions, wiring)
        suspended = _suspend(actions, wiring, seen)
        with section(t("certify.history")):
            history = html()
    with certify:
        build_whatif(app, blocks)
        terms, *certifying = _certify(actions, wiring, seen)
        *adopting, adopted = build_detector(app, certify, seen)
    shown = [words, history, *terms, seen]
    wiring.quick(blocks.load, actions.load, shown)

    def redraw(event: Callable[..., Any]) -> Any:
        return wiring.quick(event, actions.refresh, shown, [seen, *terms])

    for event in (daily.select, certify.select, *(one.then for one in (*adopting, applied))):
        redraw(event)
    for event in (one.then for one in (*certifying, suspended, adopted)):
        redraw(event)
        audit(event)
    audit(daily.select)
    return redraw


def _certify(
    actions: PolicyTab, wiring: Wiring, seen: gr.Number
) -> tuple[list[gr.Number | gr.Radio], Any, Any]:
    """The controls, and the events of asking and of certifying."""
    with section(t("certify.title"), t("certify.choose_first")):
        with gr.Row():
            limit = gr.Number(_percent(DEFAULT_RISK_LIMIT), label=t("certify.risk_limit"))
            confidence = gr.Number(_percent(1 - DEFAULT_DELTA), label=t("certify.confidence"))
            audit = gr.Number(_percent(DEFAULT_AUDIT_PROBABILITY), label=t("certify.audit"))
        groups = gr.Radio(grouping_choices(), value=NONE, label=t("certify.groups"))
        with gr.Row():
            preview = gr.Button(t("certify.preview"))
            certify = gr.Button(t("certify.certify_and_apply"), variant="primary")
        confirm = Confirm(t("certify.yes_certify"))
        message = html()
    wiring.slow(preview.click, actions.preview, [message], [limit, confidence, groups])
    terms: list[gr.Number | gr.Radio] = [limit, confidence, audit, groups]
    asked = confirm.ask(wiring, certify, actions.ask_certify, [seen, *terms])
    for control in terms:
        confirm.withdraw(control.input)
    return terms, asked, confirm.then(wiring, actions.certify, [message])


def _apply(actions: PolicyTab, wiring: Wiring) -> Any:
    with section(t("certify.waiting"), t("certify.waiting_remark")):
        button = gr.Button(t("certify.apply"))
        confirm = Confirm(t("certify.yes_apply"))
        message = html()
    confirm.ask(wiring, button, actions.ask_apply)
    return confirm.then(wiring, actions.apply, [message])


def _suspend(actions: PolicyTab, wiring: Wiring, seen: gr.Number) -> Any:
    with section(t("certify.close"), t("certify.close_remark")):
        with gr.Row():
            reason = gr.Textbox(label=t("certify.reason"), max_length=400, scale=3)
            button = gr.Button(t("certify.suspend"), variant="stop")
        message = html()
    return wiring.quick(button.click, actions.suspend, [message, reason], [seen, reason])


def _terms(policy: Policy) -> tuple[float, float, float, str]:
    """What the controls say of ``policy``."""
    shares = (policy.risk_limit, 1 - policy.delta, policy.audit_probability)
    limit, confidence, audit = map(_percent, shares)
    return limit, confidence, audit, policy.grouping or NONE


def _percent(share: float) -> float:
    return round(100 * share, 4)


def _share(wrong: str, percent: float | None) -> float:
    """Read a share from percent; ``wrong``: what to say of anything but a number of percent."""
    if percent is None or not 0 <= percent <= 100:
        raise InputError(Text(wrong))
    return round(percent / 100, 12)
