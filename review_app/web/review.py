"""The review page: a frame that Gradio renders, and in it a viewer that runs in the browser.

Answers do not go through Gradio's queue: ``static/review/`` talks to ``/api/v1/review``, holds the
next images ready, and keeps each answer until the server has it.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

_FRAME = Path(__file__).parent / "templates" / "review.html"


def build_review() -> None:
    """Add the viewer to the open Blocks."""
    gr.HTML(
        _FRAME.read_text(encoding="utf-8"),
        elem_id="review-frame",
        apply_default_css=False,
        js_on_load=None,
    )
