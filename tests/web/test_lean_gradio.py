"""Gradio without what only others need, while somebody calls it and while nobody does."""

from __future__ import annotations

import subprocess
import sys

from review_app.web.lean_gradio import LOOK_AT_QUEUE
from review_app.web.mounts import MOUNTS
from tests.web.site import Site
from tests.web.walk import gateway_at

CALLED = """
import sys
import review_app.web
import gradio as gr
from gradio import utils
from review_app.web.lean_gradio import make_lean

make_lean(gr.Blocks())
with utils.MatplotlibBackendMananger():
    print("matplotlib" in sys.modules)
"""


def test_calls_set_up_no_plots() -> None:
    command = [sys.executable, "-c", CALLED]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_the_queues_of_the_pages_are_looked_at_seldom(site: Site) -> None:
    for mount in MOUNTS:
        assert gateway_at(site.web, mount).pages._queue.sleep_when_free == LOOK_AT_QUEUE
