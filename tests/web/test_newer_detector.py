"""After an upgrade that brings another default checkpoint: the old one goes on under its id, from
whatever folder it is in now, and the new one is offered with both cards side by side."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import gradio as gr
import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.scopes import scopes_of
from review_app.web.admin.overview import OverviewTab
from review_app.web.admin.policy_detector import DetectorPanel
from review_app.web.handlers import Call
from storage.enums import PolicyState
from tests.applications import Deployment, deployment, write_pictures

SOURCE = DEFAULT_CHECKPOINT.parent / "source"


def upgraded_program(home: Path, made: timedelta) -> Path:
    """The folder ``default`` with another checkpoint, called ``default``, too, and made so much
    later than the old one; the old one lies in ``faces``."""
    default = home / "default"
    old = Checkpoint.load(default).card.created_at
    default.rename(home / "faces")
    shutil.copytree(SOURCE, default)
    card = json.loads((default / "card.json").read_text())
    card |= {"name": "default", "created_at": (old + made).isoformat()}
    (default / "card.json").write_text(json.dumps(card))
    return default


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(DEFAULT_CHECKPOINT, tmp_path / "program" / "default")
    return tmp_path / "program"


def by_admin(place: Deployment) -> Call:
    return Call(place.factory.admin(), "", gr.Progress(), None)


@pytest.fixture
def upgraded(tmp_path: Path, home: Path) -> Iterator[tuple[Deployment, str]]:
    """A deployment after the upgrade, and the id that its policy names."""
    with deployment(tmp_path, checkpoint=home / "default") as place:
        old = place.app.policies.current().checkpoint
    with deployment(tmp_path, checkpoint=upgraded_program(home, timedelta(days=9))) as place:
        yield place, old


def test_the_old_detector_goes_on_from_its_new_folder(
    upgraded: tuple[Deployment, str], home: Path, tmp_path: Path
) -> None:
    place, old = upgraded
    assert place.app.policies.current().checkpoint == old
    assert place.app.detectors.card(old).id == old
    assert place.app.detectors.model(old)["checkpoint"] == str(home / "faces")
    place.app.intake.ingest(write_pictures(tmp_path / "in", 2), "tester")
    place.app.triage.run("tester")
    with place.app.database.read() as repos:
        assert repos.predictions.count_of(old) == 2 * len(place.app.inspector.heads())


def test_the_new_one_is_offered_beside_the_old_ones_figures_and_adopted_when_asked(
    upgraded: tuple[Deployment, str],
) -> None:
    place, old = upgraded
    call = by_admin(place)
    new = place.app.detectors.newer_than(old)
    assert new is not None
    needs = OverviewTab(place.app).refresh(call)[0]
    assert f"A newer detector came with the program: {new.id}." in needs
    assert 'href="/admin/?tab=certify"' in needs
    panel = DetectorPanel(place.app)
    words, others, _ = panel.load(call)
    assert others["choices"] == [new.id]
    for card in (place.app.detectors.card(old), new):
        assert f'href="/card/{card.id}"' in words
        auroc = card.heads[card.default_head].test["all"]["auroc"][0]
        assert f"{auroc:.2f} (" in words
        for scope in scopes_of(card):
            names = {scope.name, scope.content.get("en", scope.name)}
            assert any(f"AUROC, {name}" in words for name in names)
    panel.adopt(call, panel.ask(call, 1, new.id).about.model_dump())
    policy = place.app.policies.current()
    assert (policy.checkpoint, policy.state) == (new.id, PolicyState.LEARNING)
    assert "newer detector" not in OverviewTab(place.app).refresh(call)[0]
    assert "What would change" not in panel.load(call)[0]


def test_a_checkpoint_of_the_settings_that_is_older_is_offered_without_urging(
    tmp_path: Path, home: Path
) -> None:
    with deployment(tmp_path, checkpoint=home / "default") as place:
        old = place.app.policies.current().checkpoint
    with deployment(tmp_path, checkpoint=upgraded_program(home, timedelta(days=-9))) as place:
        assert place.app.detectors.newer_than(old) is None
        assert "newer detector" not in OverviewTab(place.app).refresh(by_admin(place))[0]
        assert place.app.policies.offered() is not None


def test_a_kind_that_only_one_was_measured_on_says_so_of_the_other(
    upgraded: tuple[Deployment, str], home: Path
) -> None:
    place, _ = upgraded
    path = home / "default" / "card.json"
    card = json.loads(path.read_text())
    kind = {"name": "drawings", "content": {"en": "drawings"}, "n_train": 9, "n_test": 9}
    card["scopes"] = [kind | {"heads": {card["default_head"]: {"auroc": [0.93, 0.91, 0.95]}}}]
    path.write_text(json.dumps(card))
    words = DetectorPanel(place.app).load(by_admin(place))[0]
    row = words.partition("AUROC, drawings")[2].partition("</tr>")[0]
    assert "not measured" in row
    assert "0.93 (0.91 to 0.95)" in row
