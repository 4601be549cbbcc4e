"""Overview: is auto-accept on and on what proof, what waits, how much is known, what needs me."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
import numpy as np
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import CheckpointError
from review_app.inspection import TITLES
from review_app.monitoring.overview import (
    RECENT,
    Marks,
    Overview,
    ScoreMap,
    Unlike,
    overview,
    score_map,
)
from review_app.permissions import Permission
from review_app.triage.forecasting import CertificateProgress, ForecastDesk
from review_app.triage.policy import PolicyState
from review_app.triage.wording import count, percent
from review_app.web.admin.policy_certificate import progress_bar
from review_app.web.charts import Bar, Scatter, bars, uncertainty_map
from review_app.web.handlers import Call, Wiring, html
from review_app.web.markup import age, join, table
from storage.enums import ItemState

REFRESH_SECONDS = 10
P_FAKE = "P(fake)"
SCORE = "Score (0 real, 1 fake)"
"""Names of the map's axis: thresholds are compared with the score, which may be P(fake) itself."""

STATES = {
    ItemState.PENDING: ("Pending", "taken in, not scored yet"),
    ItemState.AUTO_ACCEPTED: ("Auto-accepted", "by a certified policy"),
    ItemState.IN_REVIEW: ("In review", "wait for people"),
    ItemState.ESCALATED: ("Escalated", "an admin decides"),
    ItemState.RESOLVED: ("Resolved", "the verdict is known"),
    ItemState.FAILED: ("Failed", "could not be scored"),
}
"""Names and meanings, in the order in which an image passes through them."""

_AUTO_ACCEPT = {
    PolicyState.LEARNING: ("○", "Off, learning"),
    PolicyState.CERTIFIED: ("●", "On"),
    PolicyState.SUSPENDED: ("■", "Off, suspended"),
}


class OverviewTab:
    """What the first screen shows, drawn afresh at every look."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._forecasts = ForecastDesk(app.database, app.detectors)

    def refresh(self, _call: Call) -> tuple[Markup, Markup, Markup, Markup]:
        """The answers, the states, the map and the reviewers."""
        now = overview(self._app.database)
        return (
            answers(now, self._progress(now)),
            _states(now),
            _map(score_map(self._app.database)),
            _reviewers(now),
        )

    def _progress(self, now: Overview) -> CertificateProgress | None:
        if now.policy_version is None or now.policy_state == PolicyState.CERTIFIED:
            return None
        try:
            return self._forecasts.progress()
        except CheckpointError:  # the Policy tab says why
            return None


def build_overview(app: Application, blocks: gr.Blocks) -> None:
    """Add the tab's components to the open context."""
    tab = OverviewTab(app)
    top = html()
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            chart = html()
        with gr.Column(scale=2, min_width=320):
            states = html()
            reviewers = html()
    wiring = Wiring(app, Permission.SEE_QUEUE)
    outputs = [top, states, chart, reviewers]
    wiring.quick(blocks.load, tab.refresh, outputs)
    wiring.quick(gr.Timer(REFRESH_SECONDS).tick, tab.refresh, outputs)


def answers(now: Overview, towards: CertificateProgress | None = None) -> Markup:
    """The questions of the first screen, answered; the last only where they are measured.

    ``towards``: how far a certificate is, while auto-accept is closed.
    """
    sign, policy = _AUTO_ACCEPT[PolicyState(now.policy_state)]
    state = Markup('<i aria-hidden="true">{}</i> {}').format(sign, policy)
    waiting = now.states[ItemState.IN_REVIEW]
    cards = (
        _card("Is auto-accept on?", state, _policy_lines(now, towards)),
        _card("What waits for people?", count(waiting, "image"), _waiting_lines(now)),
        _card("How much do people's labels tell?", count(now.labels, "label"), _label_lines(now)),
        _needs(now.needs),
        *_unknown(now.unlike, now.marks),
    )
    return Markup('<section class="answers" aria-label="The state of things">{}</section>').format(
        join(cards)
    )


def _policy_lines(now: Overview, towards: CertificateProgress | None) -> list[str | Markup]:
    if towards is None:
        return [now.policy_words]
    until = "Until then people decide every image."
    learning = now.policy_state == PolicyState.LEARNING
    return [progress_bar(towards), towards.words, until if learning else now.policy_words]


def _waiting_lines(now: Overview) -> list[str]:
    lines = []
    if now.waiting_since is None:
        accepted = count(now.accepted_today, "image")
        lines.append(f"Nothing waits. The policy accepted {accepted} today.")
    else:
        lines.append(f"The oldest has waited {age(now.waiting_since)}.")
    lines.append(f"Order: {now.order.words}.")
    if now.live_claims:
        lines.append(f"{now.live_claims:,} of them in reviewers' hands now.")
    return lines


def _label_lines(now: Overview) -> list[str]:
    lines = [f"{now.labelled_today:,} of them today, by {count(len(now.reviewers), 'person')}."]
    if len(now.reviewers) != 1:
        lines[0] = lines[0].replace("persons", "people")
    if now.known_labels:
        lines.append(f"{count(now.known_labels, 'more label')} came with the images.")
    return lines


def _unknown(unlike: Unlike | None, marks: Marks) -> list[Markup]:
    """What the detector does not know of the stream; nothing where nothing says."""
    if unlike is None and not marks.retrain and not marks.unclear:
        return []
    answer = f"{count(marks.unclear, 'image')} unclear"
    if marks.retrain:
        answer = f"{count(marks.retrain, 'image')} to learn from"
    lines = []
    if unlike is not None:
        answer = f"{percent(unlike.share)} unlike its training"
        lines = [
            f"{unlike.unlike:,} of {count(unlike.measured, 'image')} of the last {RECENT.days} "
            f"days; {percent(unlike.usual)} is usual. Many more mean that the stream has changed."
        ]
    if marks.retrain:
        lines.append(
            f"Marked for retraining: {marks.retrain:,}, of which {marks.retrain_labelled:,} are "
            "labelled."
        )
    if marks.unclear:
        lines.append(
            f"Unclear, and marked for a second reviewer: {marks.unclear:,}, of which "
            f"{marks.unclear_labelled:,} are settled."
        )
    return [_card("What does the detector not know?", answer, lines)]


def _needs(needs: Sequence[str]) -> Markup:
    if not needs:
        return _card("What needs me now?", "Nothing", ["No alarm, nothing escalated or failed."])
    return _card("What needs me now?", count(len(needs), "thing"), needs)


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
    title = "Where are the images?"
    rows = [Bar(name, now.states[state], note) for state, (name, note) in STATES.items()]
    total = f"{count(now.total, 'image')}, each in exactly one state."
    return _panel(title, bars(title, rows), total)


def _map(scores: ScoreMap) -> Markup:
    title = "Which images is the detector sure of?"
    if not scores.points:
        empty = Markup(
            '<p class="empty">Nothing is scored yet. Take images in on the Data tab.</p>'
        )
        return _panel(title, empty)
    scatter = Scatter(
        np.array([point.score for point in scores.points]),
        np.array([point.std for point in scores.points]),
        scores.threshold_real,
        scores.threshold_fake,
        P_FAKE if all(point.score == point.p_fake for point in scores.points) else SCORE,
    )
    summary = _summary(scatter, scores.head)
    return _panel(title, uncertainty_map(title, summary, scatter), summary)


def _summary(scatter: Scatter, head: str) -> str:
    n = len(scatter.score)
    clear = int(((scatter.score <= 0.1) | (scatter.score >= 0.9)).sum())
    median = float(np.median(scatter.std))
    words = (
        f"Of the newest {count(n, 'scored image')}, the head {TITLES.get(head, head)} puts "
        f"{clear:,} within 0.1 of real or fake; the median spread is {median:.3f}."
    )
    if scatter.threshold_real is None and scatter.threshold_fake is None:
        return words
    return f"{words} {scatter.beyond:,} lie in a band that the policy accepts."


def _reviewers(now: Overview) -> Markup:
    title = "Who has labelled how much?"
    if not now.reviewers:
        return _panel(title, Markup('<p class="empty">Nobody has labelled anything yet.</p>'))
    chart = bars(title, [Bar(r.name, r.total) for r in now.reviewers])
    rows = [
        (
            r.name,
            r.real,
            r.fake,
            r.unsure,
            r.undecidable,
            f"{age(r.last_at)} ago" if r.last_at else "",
        )
        for r in now.reviewers
    ]
    headers = ("Person", "Real", "Fake", "Unsure", "Undecidable", "Last label")
    return _panel(title, chart + table("Labels in force by person", headers, rows))
