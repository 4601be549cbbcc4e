"""Figures of how people answer: each reviewer's accuracy on known images, and how the model sways
them."""

from __future__ import annotations

from collections.abc import Sequence

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import percent, t
from review_app.monitoring.reviewers import Rate, ReviewerFigures
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import moment, table

LOOK_SECONDS = 10
"""The seconds between two looks whether newer figures are there."""
_OPINION = ("person", "helped", "misled")
_COLUMNS = ("person", "right", "undecided", "blind", "in_sight", "yielded", "turned")


class FiguresPanel:
    """The handler of the panel."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Markup]:
        """The figures of everybody who has answered; and what opinions did to their answers."""
        latest = self._app.monitoring.reviewer_figures()
        if not latest.value:
            words = t("figures.computing" if latest.is_computing else "figures.nobody")
            nothing = Markup('<p class="empty">{}</p>').format(words)
            return nothing, nothing
        as_of = Markup('<p class="remark">{} {}</p>').format(t("figures.as_of"), moment(latest.at))
        answers = table(t("figures.title"), _headers(_COLUMNS), map(_row, latest.value))
        told = table(t("figures.opinion"), _headers(_OPINION), map(_opinion_row, latest.value))
        return as_of + answers, told


def build_figures(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    with section(t("figures.title"), t("figures.remark")):
        figures = html()
    with section(t("figures.opinion"), t("figures.opinion_remark")):
        opinion = html()
    wiring = Wiring(app, Permission.SEE_PEOPLE)
    for event in (tab.select, gr.Timer(LOOK_SECONDS).tick):
        wiring.quick(event, FiguresPanel(app).load, [figures, opinion])


def _headers(names: Sequence[str]) -> list[str]:
    return [t(f"figures.{name}") for name in names]


def _opinion_row(person: ReviewerFigures) -> tuple[str, ...]:
    return person.name, _words(person.helped), _words(person.misled)


def _row(person: ReviewerFigures) -> tuple[str | int, ...]:
    return (
        person.name,
        _words(person.right),
        person.undecided,
        _words(person.agrees_blind),
        _words(person.agrees_in_sight),
        _words(person.switched_to_model),
        _words(person.switched_from_model),
    )


def _words(rate: Rate) -> str:
    """``3 of 40: 7.5% (1.6% to 20.4%)``."""
    if rate.share is None:
        return t("figures.none_yet")
    low, high = rate.interval
    return t(
        "figures.rate",
        hits=rate.hits,
        total=rate.n,
        share=percent(rate.share),
        low=percent(low),
        high=percent(high),
    )
