"""Rules: what is set once and rarely again: the order of the queue, how review works, its limits,
and what an alarm does."""

from __future__ import annotations

import gradio as gr

from review_app.bootstrap import Application
from review_app.web.admin.rules_alarm import build_alarm
from review_app.web.admin.rules_limits import build_limits
from review_app.web.admin.rules_order import build_order
from review_app.web.admin.rules_review import build_review_options


def build_rules(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    build_order(app, blocks, tab)
    build_review_options(app, blocks, tab)
    build_limits(app, blocks)
    build_alarm(app, blocks)
