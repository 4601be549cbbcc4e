"""The what-if panel on a real application: it tells, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import InputError, NotAllowedError, SettingsError
from review_app.web.admin.policy_whatif import WhatIfPanel
from review_app.web.curves import Axis, Curve, curves, round_top
from review_app.web.handlers import Call
from tests.applications import Deployment, deployment

ASKED = (30.0, 50.0, 5.0, 1000.0, 9.0, 10.0, 5.0, 1.0)


def _call(place: Deployment, role: str = "admin") -> Call:
    person = place.factory.admin() if role == "admin" else place.factory.person()
    return Call(person, "http://localhost", gr.Progress())


def test_the_panel_tells_what_would_happen_and_changes_nothing(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        place.calibrated(60)
        panel = WhatIfPanel(place.app)
        call = _call(place)
        with pytest.raises(InputError, match="fill in every field"):
            panel.ask(call, None, *ASKED[1:])
        version = place.app.policies.current().version
        words, *fields = panel.load(call)
        assert "a guess, not measured" in words
        assert fields[:3] == [5, 90, 5]
        assert "Nothing would be accepted" in panel.ask(call, *fields)
        shown = panel.ask(call, *ASKED)
        assert "of the stream would be accepted by itself" in shown
        assert "How do coverage and errors go with the limit?" in shown
        with pytest.raises(SettingsError, match="risk limit"):
            panel.ask(call, 0.0, *ASKED[1:])
        with pytest.raises(InputError, match="how many images"):
            panel.ask(call, *ASKED[:3], 0.0, *ASKED[4:])
        with pytest.raises(InputError, match="a cost is a number"):
            panel.ask(call, *ASKED[:-1], 1e12)
        assert place.app.policies.current().version == version
        with place.app.database.read() as repos:
            assert all(event.kind != "certify_tried" for event in repos.event_history.latest(100))


def test_only_who_manages_the_policy_may_ask(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        place.calibrated(1)
        with pytest.raises(NotAllowedError):
            WhatIfPanel(place.app).ask(_call(place, "reviewer"), *ASKED)


def test_before_anything_is_scored_the_panel_says_so(tmp_path: Path) -> None:
    with deployment(tmp_path) as place, pytest.raises(InputError, match="nothing is scored yet"):
        WhatIfPanel(place.app).ask(_call(place), *ASKED)


def test_a_curve_is_drawn_from_zero_to_a_round_number() -> None:
    assert [round_top(x) for x in (0, 0.3, 1, 1.1, 47, 50, 51)] == [1, 0.5, 1, 2, 50, 50, 100]
    shown = curves(
        "A & B?",
        "Up.",
        Axis("Limit", [0, 10], percent=True, mark=5),
        [Curve("Share", [0, 40], band=[(0, 0), (30, 50)], percent=True)],
    )
    assert 'aria-label="A &amp; B? Up."' in shown
    assert 'points="0.00,100.00 100.00,20.00"' in shown
    assert 'x1="50.00"' in shown
