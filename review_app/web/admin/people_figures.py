"""How people answer: each reviewer's accuracy on known images, and how the model sways them."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.monitoring.reviewers import Rate, ReviewerFigures, reviewer_figures
from review_app.permissions import Permission
from review_app.triage.wording import percent
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import table

_REMARK = (
    "Counted are first answers, given before the model's opinion was shown. Shares are followed by "
    "their 95% intervals; people meet different images, so a difference between two of them is no "
    "proof by itself. “Changed to the model's” is the automation bias: of the answers that "
    "differed from the opinion shown afterwards, those that were changed to it."
)
_HEADERS = (
    "Person",
    "Right on known images",
    "Neither real nor fake on them",
    "Says what the model says, blind",
    "Having seen it",
    "Changed to the model's",
    "Changed away from it",
)


class FiguresPanel:
    """What the panel shows."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> Markup:
        """The figures of everybody who has answered."""
        figures = reviewer_figures(self._app.database)
        if not figures:
            return Markup(
                '<p class="empty">Nobody has answered an image yet that has a known label or an '
                "opinion of the model.</p>"
            )
        return table("How people answer", _HEADERS, map(_row, figures))


def build_figures(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    with section("How people answer", _REMARK):
        figures = html()
    wiring = Wiring(app, Permission.MANAGE_PEOPLE)
    wiring.quick(tab.select, FiguresPanel(app).load, [figures])


def _row(person: ReviewerFigures) -> tuple[str | int, ...]:
    return (
        person.name,
        _words(person.right),
        person.undecided,
        _words(person.agrees_blind),
        _words(person.agrees_in_sight),
        _words(person.yielded),
        _words(person.turned),
    )


def _words(rate: Rate) -> str:
    """``3 of 40: 7.5% (1.6% to 20.4%)``."""
    if rate.share is None:
        return "none yet"
    low, high = rate.interval
    return f"{rate.hits:,} of {rate.n:,}: {percent(rate.share)} ({percent(low)} to {percent(high)})"
