"""The panel of the queue's order on a real application."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import InputError, NotAllowedError
from review_app.queueing.options import order_in_use, read_queue_options
from review_app.queueing.order import Order
from review_app.web.admin.rules_order import OrderPanel
from review_app.web.handlers import Call
from tests.applications import deployment


def test_an_admin_chooses_an_order_and_what_waits_follows_it(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        admin = place.factory.admin()
        call = Call(admin, "http://localhost", gr.Progress())
        panel = OrderPanel(place.app)
        words, *fields, seen = panel.load(call)
        assert "In use: by age." in words
        assert fields == ["oldest", 24, 10, 5, 1, 0.2]

        place.calibrated()
        place.app.triage.run("tester")
        saved, *_, seen = panel.save(call, seen, Order.RISK, 12, 20, 5, 1, 0.3)
        assert "Chosen for when auto-accept is on: by risk." in saved
        assert "got a new place" not in saved

        place.certify(admin)
        place.scored(0.5)
        place.app.triage.run("tester")
        saved, *_ = panel.save(call, seen, Order.LEARNING, 12, 20, 5, 1, 0.3)
        assert "31 waiting images got a new place." in saved
        assert "Chance counts for at least 30% of it" in saved
        assert "Images that have waited 12 hours come before all." in saved
        with place.app.database.read() as repos:
            assert order_in_use(repos) is Order.LEARNING
            assert read_queue_options(repos).costs.missed_fake == 20
            assert repos.event_history.of_kind("options_changed")  # type: ignore[arg-type]


def test_what_makes_no_sense_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        call = Call(place.factory.admin(), "http://localhost", gr.Progress())
        panel = OrderPanel(place.app)
        seen = panel.load(call)[-1]
        for values, why in (
            (("newest", 1, 1, 1, 1, 1), "choose which images"),
            ((Order.RISK, -1, 1, 1, 1, 1), "the deadline is"),
            ((Order.RISK, None, 1, 1, 1, 1), "the deadline is"),
            ((Order.RISK, 1, None, 1, 1, 1), "fill in every cost"),
            ((Order.RISK, 1, -1, 1, 1, 1), "a cost is a number"),
            ((Order.LEARNING, 1, 1, 1, 1, 0), "the share of chance is a number"),
            ((Order.LEARNING, 1, 1, 1, 1, None), "the share of chance is a number"),
        ):
            with pytest.raises(InputError, match=why):
                panel.save(call, seen, *values)
        reviewer = Call(place.factory.person(), "http://localhost", gr.Progress())
        with pytest.raises(NotAllowedError):
            panel.save(reviewer, seen, Order.RISK, 1, 1, 1, 1, 1)
        with place.app.database.read() as repos:
            assert read_queue_options(repos).order is Order.OLDEST
