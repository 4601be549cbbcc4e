"""A panel of what people do with the images they are handed, and who ran into a limit."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import t
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import table

_COLUMNS = ("person", "answered", "skipped", "given_back", "limited")


class TakingPanel:
    """The handler of the panel."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> Markup:
        """The last 24 hours of everybody, and all limits that they have ever run into."""
        found = self._app.monitoring.taking()
        if not found:
            return Markup('<p class="empty">{}</p>').format(t("taking.nobody"))
        headers = [t(f"taking.{name}") for name in _COLUMNS]
        rows = [(one.name, one.answered, one.skipped, one.given_back, one.limited) for one in found]
        return table(t("taking.title"), headers, rows)


def build_taking(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    with section(t("taking.title"), t("taking.remark")):
        figures = html()
    wiring = Wiring(app, Permission.SEE_PEOPLE)
    wiring.quick(tab.select, TakingPanel(app).load, [figures])
