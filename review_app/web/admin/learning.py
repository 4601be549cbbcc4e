"""Learning: from people's labels to a better detector, and the work in the background for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from review_app.bootstrap import Application
from review_app.web.admin.learning_challenge import build_challenge
from review_app.web.admin.learning_fusion import build_fusion
from review_app.web.admin.learning_jobs import build_jobs
from review_app.web.admin.learning_triggers import build_triggers

CARDS: Sequence[Callable[[Application, gr.Blocks, gr.Tab], None]] = (
    build_triggers,
    build_challenge,
    build_fusion,
    build_jobs,
)
"""What adds each part of the tab to the open context, from top to bottom. Each is called with the
whole page and with the tab, whose events tell when to load."""


def build_learning(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the tab's components to the open context."""
    for build in CARDS:
        build(app, blocks, tab)
