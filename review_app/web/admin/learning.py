"""Learning: from people's labels to a better detector, and the work in the background for it."""

from __future__ import annotations

import gradio as gr

from review_app.bootstrap import Application
from review_app.web.admin.learning_challenge import build_challenge
from review_app.web.admin.learning_fusion import build_fusion
from review_app.web.admin.learning_jobs import build_jobs
from review_app.web.admin.learning_triggers import build_triggers
from review_app.web.handlers import Refresh


def build_learning(
    app: Application, blocks: gr.Blocks, tab: gr.Tab, redraw_policy: Refresh
) -> None:
    """Add the tab's components to the open context. ``redraw_policy`` draws the tabs of the policy
    anew, for what changes the policy from here."""
    build_triggers(app, blocks, tab)
    build_challenge(app, blocks, tab, redraw_policy)
    build_fusion(app, blocks, tab)
    build_jobs(app, blocks, tab)
