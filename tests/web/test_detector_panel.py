"""The panel of the detector on a real application."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import InputError
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.web.admin.policy_detector import DetectorPanel
from review_app.web.handlers import Call
from storage.enums import PolicyState
from tests.applications import Deployment, deployment, write_pictures
from tests.scores.files import row, write

SOURCE_CHECKPOINT = DEFAULT_CHECKPOINT.parent / "source"


def panel_of(place: Deployment) -> tuple[DetectorPanel, Call]:
    return DetectorPanel(place.app), Call(place.factory.admin(), "", gr.Progress(), None)


def test_another_checkpoint_of_the_settings_is_offered_and_adopted_only_when_asked(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path, checkpoint=SOURCE_CHECKPOINT) as place:
        old = place.app.policies.current().checkpoint
        panel, call = panel_of(place)
        words, others, button = panel.load(call)
        assert f"uses {old}, the checkpoint that the settings name" in words
        assert (others["choices"], others["visible"], button["visible"]) == ([], False, False)
        with pytest.raises(InputError, match="in force already"):
            panel.ask(call, 1, old)

    with deployment(tmp_path) as place:  # as after an upgrade of the program
        panel = DetectorPanel(place.app)
        words, others, button = panel.load(call)
        new, _ = place.app.detectors.start()
        assert f"uses {old} and goes on with it" in words
        assert new in words
        assert (others["choices"], others["value"], button["visible"]) == ([new], new, True)
        assert place.app.policies.current().checkpoint == old
        asked = panel.ask(call, 1, new)
        assert f"Adopt {new}? Auto-accept closes" in asked.text
        assert f"in force with {new} and is learning" in panel.adopt(call, asked.about.model_dump())
        policy = place.app.policies.current()
        assert (policy.checkpoint, policy.state) == (new, PolicyState.LEARNING)
        assert panel.load(call)[2]["visible"] is False


def test_detectors_of_score_files_are_offered_too(tmp_path: Path) -> None:
    with deployment(tmp_path) as place:
        place.app.intake.ingest(write_pictures(tmp_path / "in", 1), "tester")
        own = place.app.policies.current().checkpoint
        rows = [row(1, detector=name) for name in ("one", "<b>two</b>")]
        place.app.scores.ingest(write(tmp_path / "s.csv", rows), "tester")
        panel, call = panel_of(place)
        words, others, _ = panel.load(call)
        assert "scores of external:&lt;b&gt;two&lt;/b&gt; and external:one" in words
        assert others["choices"] == ["external:<b>two</b>", "external:one"]
        assert others["value"] == "external:<b>two</b>"
        assert "value" not in panel.load(call, "external:one")[1]  # chosen before the answer came
        for unknown in (None, own, "external:three"):
            with pytest.raises(InputError, match="choose another"):
                panel.ask(call, 1, unknown)
        asked = panel.ask(call, 1, "external:one").about.model_dump()
        assert "in force with external:one" in panel.adopt(call, asked)
        assert place.app.policies.current().head == "score"
        words, others, _ = panel.load(call)
        assert f"The settings name another checkpoint, {own}" in words
        assert others["choices"] == [own, "external:<b>two</b>"]


def test_a_checkpoint_of_the_settings_that_is_gone_does_not_close_the_page(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        place.app.policies.current()
    with deployment(tmp_path, checkpoint=tmp_path / "nowhere") as place:
        panel, call = panel_of(place)
        words, _, button = panel.load(call)
        assert "cannot be used: there is no" in words
        assert button["visible"] is False
