"""``fuse``: several detectors become one, by name, id or folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.manifests.labels import ManifestLabel
from tests.cli.conftest import Run
from tests.fusion.worlds import world
from tests.scores.files import row, write

NAMES = ("north", "south", "north again")


@pytest.fixture
def scored(run: Run, tmp_path: Path) -> Run:
    """A deployment with scores and labels of three detectors, the third a copy of the first."""
    scores, is_fake = world((0.85, 0.8), n=160)
    label = [ManifestLabel.FAKE if fake else ManifestLabel.REAL for fake in is_fake]
    rows = [
        row(at, float(scores[at, member % 2]), detector=name, label=label[at])
        for at in range(len(is_fake))
        for member, name in enumerate(NAMES)
    ]
    run("ingest", "--scores", write(tmp_path / "scores.csv", rows))
    run("user", "add", "boss", "--role", "admin")
    return run


def _fuse(run: Run, *more: object, members: tuple[str, ...] = NAMES) -> tuple[object, ...]:
    named = [part for name in members for part in ("--member", f"external:{name}")]
    return ("fuse", "all", *named, *more)


def test_a_fusion_is_made_shown_listed_and_adopted(scored: Run) -> None:
    made = scored(*_fuse(scored, "--labels", 100, "--json")).document
    assert made["id"] == "fused:all"
    card = made["card"]
    assert (card["n_labels"], card["learned"], card["seen_images"]) == (100, True, 100)
    assert card["members"][0]["like"] == [2]
    assert card["members"][0]["weight"] == card["members"][2]["weight"]

    shown = scored("checkpoint", "show", "fused:all")
    assert "says the same as external:north again" in shown.out
    assert scored("checkpoint", "show", "fused:all", "--json").document["card"] == card
    assert "nobody has made" in scored("checkpoint", "show", "fused:other").fault

    policy = scored("checkpoint", "adopt", "fused:all", "--json").document
    assert (policy["checkpoint"], policy["head"]) == ("fused:all", "fused")
    (entry,) = scored("checkpoint", "list", "--json").document["fused"]
    assert (entry["labels"], entry["in_force"]) == (100, True)
    assert scored("triage", "--json").document["scored"] == 160


def test_what_cannot_be_fused_is_told(scored: Run) -> None:
    assert "2 to 50 members" in scored(*_fuse(scored, members=NAMES[:1])).fault
    assert "no detector external:west here" in scored(*_fuse(scored, members=("west",))).fault
    few = scored(*_fuse(scored, "--labels", 4))
    assert "too few labels to tell members apart" in few.out
    assert "is here already" in scored(*_fuse(scored)).fault


def test_a_checkpoint_is_named_by_its_folder(scored: Run) -> None:
    """Its scores of images whose pictures are not here are missing."""
    faces = DEFAULT_CHECKPOINT.parent / "faces"
    told = scored(*_fuse(scored, "--member", f"{faces}:linear", "--json")).document
    own = told["card"]["members"][3]
    assert (own["head"], own["n_scored"], own["weight"]) == ("linear", 0, 0.0)
