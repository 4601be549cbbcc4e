"""The review page: a frame that Gradio renders, and in it a viewer that runs in the browser.

Answers do not go through Gradio's queue: ``static/review/`` talks to ``/api/v1/review``, holds the
next images ready, and keeps each answer until the server has it.
"""

from __future__ import annotations

import gradio as gr

from review_app.forensics.views import View
from review_app.web import pages
from storage.enums import LabelValue


def build_review() -> None:
    """Add the viewer to the open Blocks."""
    gr.HTML(
        pages.fragment("review.html", views=list(View), answers=list(LabelValue)),
        elem_id="review-frame",
        apply_default_css=False,
        js_on_load=None,
    )
