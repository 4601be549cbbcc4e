"""A panel of how each person errs, by direction, as the last refresh found it."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.agreement.second_looks import SampledErrors
from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import number, t
from review_app.monitoring.people_watching import WatchedPerson
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import table
from review_app.web.own_figures import kappa_words, rate_words

_AGAIN = ("person", "missed", "accused", "looked", "open")
_COLUMNS = ("person", "missed", "accused", "kappa", "week", "seconds")


class SkillPanel:
    """The handler of the panel."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> Markup:
        """Everybody by name, as it is no ranking."""
        found = self._app.monitoring.findings().people
        if found is None or not found.people:
            return Markup('<p class="empty">{}</p>').format(t("watched.own_none"))
        names = {account.id: account.name for account in self._app.people.all()}
        rows = sorted(
            (names[user], person) for user, person in found.people.items() if user in names
        )
        skill = table(t("watched.skill"), _headers(_COLUMNS), (_row(*row) for row in rows))
        again = [(name, one.second_looks) for name, one in rows if one.second_looks is not None]
        if not again:
            return skill
        told = table(t("watched.again_each"), _headers(_AGAIN), (_again_row(*row) for row in again))
        return skill + Markup('<p class="remark">{}</p>').format(t("watched.again_at_least")) + told


def build_skill(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    with section(t("watched.skill"), t("watched.skill_remark")):
        skill = html()
    wiring = Wiring(app, Permission.SEE_PEOPLE)
    wiring.quick(tab.select, SkillPanel(app).load, [skill])


def _headers(names: tuple[str, ...]) -> list[str]:
    return [t(f"watched.{name}") for name in names]


def _again_row(name: str, found: SampledErrors) -> tuple[str | int, ...]:
    few = t("watched.not_enough")
    rates = [few if rate is None else rate_words(rate) for rate in (found.missed, found.accused)]
    return name, *rates, found.looks, found.undecided


def _row(name: str, person: WatchedPerson) -> tuple[str | int, ...]:
    few = t("watched.not_enough")
    return (
        name,
        few if person.missed is None else rate_words(person.missed),
        few if person.accused is None else rate_words(person.accused),
        few if person.kappa is None else kappa_words(person.kappa),
        person.week,
        "" if person.seconds is None else number(person.seconds, 0),
    )
