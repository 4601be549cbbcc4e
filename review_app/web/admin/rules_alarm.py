"""A panel of what an alarm does."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.audits.circuit_breaker import BreakerOptions
from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import t
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, notice


class AlarmPanel:
    """The handlers of what an alarm does."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[str, bool]:
        """The option in force."""
        return "", self._app.breaker_options.current().reopen

    def save(self, call: Call, reopen: bool | None) -> Markup:
        """Change what an alarm does."""
        options = BreakerOptions(reopen=bool(reopen))
        self._app.breaker_options.change(call.person, options)
        words = t("audit.saved_goes_back") if options.reopen else t("audit.saved_stays")
        return notice(words, Tone.DONE)


def build_alarm(app: Application, blocks: gr.Blocks) -> None:
    """Add what an alarm does to the open context."""
    alarm = AlarmPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("audit.alarm")):
        reopen = gr.Checkbox(True, label=t("audit.reopen"))
        message = html()
    wiring.quick(blocks.load, alarm.load, [message, reopen])
    wiring.quick(reopen.input, alarm.save, [message], [reopen])
