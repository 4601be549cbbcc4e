"""Overview: is auto-accept on and on what proof, what waits, how much is known, what needs me."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
import numpy as np
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import CheckpointError
from review_app.core.permissions import Permission, Person
from review_app.i18n import current_language, number, percent, t
from review_app.inference.heads import head_title
from review_app.monitoring.overview import (
    RECENT,
    FlagCounts,
    Overview,
    ScoreMap,
    Unlike,
)
from review_app.triage.forecasting import CertificateProgress
from review_app.web.addresses import here
from review_app.web.admin.overview_features import build_feature_map
from review_app.web.admin.overview_flow import REFRESH_SECONDS, build_queue_desk
from review_app.web.admin.policy_certificate import progress_bar
from review_app.web.admin.tabs import has_tab
from review_app.web.charts import Bar, Scatter, bars, uncertainty_map
from review_app.web.handlers import Call, Wiring, html
from review_app.web.markup import age, join, table
from storage.enums import ItemState, JobKind, JobState, PolicyState, Topic

P_FAKE = "P(fake)"
"""What the map's axis is called where thresholds are compared with the probability itself."""

_LAST = (ItemState.RESOLVED, ItemState.FAILED)
STATES = sorted(ItemState, key=lambda state: state in _LAST)
"""The states in the order in which an image passes through them."""

_TOLD_BESIDES = (Topic.AUDITS, Topic.DRIFT)
"""What needs an admin and has a sentence of its own here."""
_NEED = Markup("<p>{} {}</p>")
_LINK = Markup('<a href="{}?tab={}">{}</a>')
_SIGNS = {PolicyState.LEARNING: "○", PolicyState.CERTIFIED: "●", PolicyState.SUSPENDED: "■"}


class OverviewTab:
    """The handler of the first screen, drawn afresh at every look."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._maps: dict[str, tuple[ScoreMap, Markup]] = {}

    def refresh(self, call: Call) -> tuple[Markup, Markup, Markup, Markup]:
        """The answers, the states, the map and the reviewers."""
        now = self._app.monitoring.overview()
        return (
            answers(now, self._progress(now), self._more(call.person, now)),
            _states(now),
            self._map(),
            _reviewers(now),
        )

    def _map(self) -> Markup:
        """The map, drawn once in each language."""
        scores, language = self._app.monitoring.score_map(), current_language()
        drawn = self._maps.get(language)
        if drawn is None or drawn[0] is not scores:
            drawn = self._maps[language] = scores, _map(scores)
        return drawn[1]

    def _more(self, person: Person, now: Overview) -> list[Markup]:
        return [
            *self._demo(person),
            *self._newer(person, now),
            *self._failed(person),
            *self._drift(person),
            *self._alerts(),
        ]

    def _alerts(self) -> list[Markup]:
        """What needs an admin besides, a sentence each."""
        failed = self._app.jobs.unseen_failure()
        told = {(topic, "") for topic in _TOLD_BESIDES}
        if failed is not None:
            told.add((Topic.JOB, str(failed.id)))
        return [
            Markup("<p>{}</p>").format(one.words)
            for one in self._app.alerts.open()
            if (one.topic, one.subject) not in told
        ]

    def _demo(self, person: Person) -> list[Markup]:
        """A sentence on how far the demo's queue is, while it is being made."""
        job = self._app.jobs.last_of(JobKind.DEMO)
        if job is None or job.state not in (JobState.QUEUED, JobState.RUNNING):
            return []
        words = (
            t("overview.need_demo", done=number(job.done), total=number(job.total))
            if job.total
            else t("overview.need_demo_begins")
        )
        return [_need(person, words, "learning", t("overview.see_job"))]

    def _newer(self, person: Person, now: Overview) -> list[Markup]:
        """A sentence that a newer detector came with the program, where one did."""
        if now.policy_version is None:
            return []
        newer = self._app.detectors.newer_than(self._app.policies.current().checkpoint)
        if newer is None:
            return []
        words = t("overview.need_newer", checkpoint=newer.id)
        return [_need(person, words, "certify", t("overview.see_changes"))]

    def _failed(self, person: Person) -> list[Markup]:
        """A sentence that learning failed which had begun by itself."""
        if self._app.jobs.unseen_failure() is None:
            return []
        words = t("overview.need_learning")
        return [_need(person, words, "learning", t("overview.see_why"))]

    def _drift(self, person: Person) -> list[Markup]:
        """A sentence that images have changed, where they have."""
        if not self._app.monitoring.drift_is_flagged():
            return []
        words, link = t("overview.need_drift"), t("overview.see_drift")
        return [_need(person, words, "monitoring", link)]

    def _progress(self, now: Overview) -> CertificateProgress | None:
        if now.policy_version is None or now.policy_state == PolicyState.CERTIFIED:
            return None
        try:
            return self._app.forecasts.progress()
        except CheckpointError:  # the Certify tab says why
            return None


def _need(person: Person, words: str, tab: str, link: str) -> Markup:
    """A sentence, and a link to the tab where there is more of it, for whoever has that."""
    there = _LINK.format(here("/admin/"), tab, link) if has_tab(person, tab) else ""
    return _NEED.format(words, there)


def build_overview(app: Application, blocks: gr.Blocks) -> None:
    """Add the tab's components to the open context."""
    tab = OverviewTab(app)
    top = html()
    build_queue_desk(app, blocks)
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            chart = html()
        with gr.Column(scale=2, min_width=320):
            states = html()
            reviewers = html()
    build_feature_map(app, blocks)
    wiring = Wiring(app, Permission.SEE_QUEUE)
    outputs = [top, states, chart, reviewers]
    wiring.quick(blocks.load, tab.refresh, outputs)
    wiring.quick(gr.Timer(REFRESH_SECONDS).tick, tab.refresh, outputs)


def answers(
    now: Overview, towards: CertificateProgress | None = None, more: Sequence[Markup] = ()
) -> Markup:
    """The questions of the first screen, answered; the last only where they are measured.

    ``towards``: how far a certificate is, while auto-accept is closed; ``more``: what needs the
    admin besides.
    """
    policy = now.policy_state
    sign, words = _SIGNS[policy], t(f"overview.{policy}")
    state = Markup('<i aria-hidden="true">{}</i> {}').format(sign, words)
    waiting = now.states[ItemState.IN_REVIEW]
    cards = (
        _card(t("overview.is_it_on"), state, _policy_lines(now, towards)),
        _card(t("overview.what_waits"), t("overview.images", n=waiting), _waiting_lines(now)),
        _card(t("overview.what_labels"), t("overview.labels", n=now.labels), _label_lines(now)),
        _needs([*now.needs, *more]),
        *_unknown(now.unlike, now.flags),
    )
    return Markup('<section class="answers" aria-label="{}">{}</section>').format(
        t("overview.state_of_things"), join(cards)
    )


def _policy_lines(now: Overview, towards: CertificateProgress | None) -> list[str | Markup]:
    if towards is None:
        return [now.policy_words]
    until = t("overview.until_then")
    learning = now.policy_state == PolicyState.LEARNING
    return [progress_bar(towards), towards.text, until if learning else now.policy_words]


def _waiting_lines(now: Overview) -> list[str]:
    lines = []
    if now.waiting_since is None:
        lines.append(t("overview.nothing_waits", n=now.accepted_today))
    else:
        lines.append(t("overview.oldest", age=age(now.waiting_since)))
    if now.escalated_since is not None:
        lines.append(t("overview.oldest_escalated", age=age(now.escalated_since)))
    lines.append(t("overview.order", order=now.order.text))
    if now.live_claims:
        lines.append(t("overview.in_hands", n=now.live_claims))
    return lines


def _label_lines(now: Overview) -> list[str]:
    lines = [t("overview.today_by", today=now.labelled_today, n=len(now.reviewers))]
    if now.known_labels:
        lines.append(t("overview.came_with", n=now.known_labels))
    return lines


def _unknown(unlike: Unlike | None, flags: FlagCounts) -> list[Markup]:
    """What the detector does not know of the stream; nothing where nothing says."""
    if unlike is None and not flags.retrain and not flags.unclear:
        return []
    answer = t("overview.unclear", n=flags.unclear)
    if flags.retrain:
        answer = t("overview.to_learn_from", n=flags.retrain)
    lines = []
    if unlike is not None:
        answer = t("overview.unlike", share=percent(unlike.share))
        lines = [
            t(
                "overview.unlike_line",
                unlike=unlike.unlike,
                n=unlike.measured,
                days=RECENT.days,
                usual=percent(unlike.usual),
            )
        ]
    if flags.retrain:
        lines.append(
            t("overview.retrain_line", marked=flags.retrain, labelled=flags.retrain_labelled)
        )
    if flags.unclear:
        lines.append(
            t("overview.unclear_line", marked=flags.unclear, labelled=flags.unclear_labelled)
        )
    return [_card(t("overview.what_unknown"), answer, lines)]


def _needs(needs: Sequence[str | Markup]) -> Markup:
    if not needs:
        return _card(t("overview.what_needs"), t("overview.nothing"), [t("overview.no_needs")])
    return _card(t("overview.what_needs"), t("overview.things", n=len(needs)), needs)


def _card(question: str, answer: str | Markup, lines: Sequence[str | Markup]) -> Markup:
    """``lines`` of text become paragraphs."""
    rest = join(
        line if isinstance(line, Markup) else Markup("<p>{}</p>").format(line) for line in lines
    )
    return Markup(
        '<article class="answer"><h2>{}</h2><p class="answer-big">{}</p>{}</article>'
    ).format(question, answer, rest)


def _panel(title: str, body: Markup, note: str = "") -> Markup:
    remark = Markup('<p class="remark">{}</p>').format(note) if note else Markup()
    return Markup('<section class="card"><h2>{}</h2>{}{}</section>').format(title, remark, body)


def _states(now: Overview) -> Markup:
    title = t("overview.where")
    rows = [
        Bar(t(f"overview.{state}"), now.states[state], t(f"overview.{state}_note"))
        for state in STATES
    ]
    return _panel(title, bars(title, rows), t("overview.in_one_state", n=now.total))


def _map(scores: ScoreMap) -> Markup:
    title = t("overview.sure_of")
    if not scores.points:
        empty = Markup('<p class="empty">{}</p>').format(t("overview.nothing_scored"))
        return _panel(title, empty)
    scatter = Scatter(
        np.array([point.score for point in scores.points]),
        np.array([point.std for point in scores.points]),
        scores.threshold_real,
        scores.threshold_fake,
        P_FAKE
        if all(point.score == point.p_fake for point in scores.points)
        else t("overview.score"),
    )
    summary = _summary(scatter, scores.head)
    return _panel(title, uncertainty_map(title, summary, scatter), summary)


def _summary(scatter: Scatter, head: str) -> str:
    n = len(scatter.score)
    clear = int(((scatter.score <= 0.1) | (scatter.score >= 0.9)).sum())
    median = float(np.median(scatter.std))
    name = head_title(head)
    words = t("overview.summary", n=n, head=name, clear=clear, spread=number(median, 3))
    if scatter.threshold_real is None and scatter.threshold_fake is None:
        return words
    return f"{words} {t('overview.beyond', n=scatter.beyond)}"


def _reviewers(now: Overview) -> Markup:
    title = t("overview.who_labelled")
    if not now.reviewers:
        return _panel(title, Markup('<p class="empty">{}</p>').format(t("overview.nobody_yet")))
    chart = bars(title, [Bar(r.name, r.total) for r in now.reviewers])
    rows = [
        (
            r.name,
            r.real,
            r.fake,
            r.unsure,
            r.undecidable,
            t("date.ago", age=age(r.last_at)) if r.last_at else "",
        )
        for r in now.reviewers
    ]
    names = ("person", "real", "fake", "unsure", "undecidable", "last_label")
    headers = [t(f"overview.{name}") for name in names]
    return _panel(title, chart + table(t("overview.by_person"), headers, rows, wraps=True))
