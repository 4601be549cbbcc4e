"""The panel of fused detectors: members are chosen, a job is asked for, and the card is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.detectors.fuse_job import fuse_job
from review_app.web.admin.learning_fusion import FusionPanel
from review_app.web.admin.policy_detector import DetectorPanel
from review_app.web.cards import card_link
from review_app.web.handlers import Call
from storage.enums import JobKind
from tests.applications import Deployment, deployment
from tests.detectors.test_fusing import MEMBERS, rows
from tests.scores.files import write

NAMED = [f"{checkpoint}:{head}" for checkpoint, head in MEMBERS]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("fusion-panel")
    with deployment(folder) as place:
        place.app.scores.ingest(write(folder / "scores.csv", rows()), "tests")
        yield place


def _call(place: Deployment) -> Call:
    return Call(place.factory.admin(), "", gr.Progress(), None)


def test_a_fusion_is_asked_for_made_and_told(place: Deployment) -> None:
    panel, call = FusionPanel(place.app), _call(place)
    card, members, made = panel.load(call)
    assert set(NAMED) <= set(members["choices"])
    assert (made["choices"], made["visible"]) == ([], False)
    assert "No detectors have been fused yet" in card

    assert "makes fused:all in the background" in panel.fuse(call, " all ", NAMED, 100)
    (job,) = [row for row in place.app.jobs.newest(5) if row.kind is JobKind.FUSE]
    assert job.parameters == {
        "name": "all",
        "members": NAMED,
        "labels": 100,
        "by": call.person.name,
    }
    fuse_job(place.app, job.parameters)

    card, _, made = panel.load(call)
    assert (made["choices"], made["value"]) == (["fused:all"], "fused:all")
    assert "fused:all was made from 100 labels" in card
    assert "less that of external:" in card
    assert card.count("<tr>") == 1 + len(MEMBERS)
    assert "No detectors" in panel.show(call, "fused:other")
    assert card_link("fused:all") == "fused:all"
    words, others, _ = DetectorPanel(place.app).load(call)
    assert "Fused of several: fused:all" in words
    assert "fused:all" in others["choices"]


def test_what_cannot_be_is_refused_before_it_waits(place: Deployment) -> None:
    panel, call = FusionPanel(place.app), _call(place)
    before = len(place.app.jobs.newest(20))
    for name, named, error in (
        ("one", NAMED[:1], InputError),
        ("", NAMED, InputError),
        (None, None, InputError),
        ("west", ["external:west:score"], NotFoundError),
    ):
        with pytest.raises(error):
            panel.fuse(call, name, named, 10)
    if "fused:all" in place.app.detectors.fused():
        with pytest.raises(ConflictError):
            panel.fuse(call, "all", NAMED, 10)
    assert len(place.app.jobs.newest(20)) == before


def test_a_card_without_enough_labels_says_so(place: Deployment, tmp_path: Path) -> None:
    panel, call = FusionPanel(place.app), _call(place)
    place.app.fusion.fuse(call.person, "few", MEMBERS, labels=3)
    assert "too few to tell members apart" in panel.show(call, "fused:few")
