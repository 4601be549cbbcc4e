"""What people settled becomes a challenger; the detector in force stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.cli.checkpoints import _portrait
from review_app.core.errors import CheckpointError, InputError
from review_app.core.hashing import sha256
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName
from review_app.learning.gathering import Reader, settled_items, taught_images
from review_app.learning.learning import champion_of, learn
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import ManifestRow, write_manifest
from review_app.policy.policy import Policy
from storage.enums import BulkKind, ItemState, LabelValue
from storage.models import Deletion
from storage.types import utc_now
from tests.applications import deployment, write_pictures
from tests.learning.conftest import Labelled, labelling, with_labels

SPLITS = ("val", "train")
LABELS = (ManifestLabel.REAL, ManifestLabel.FAKE)


@pytest.fixture
def enough(labelled: Labelled) -> Labelled:
    return with_labels(labelled)


@dataclass(frozen=True)
class LearnedOnce:
    """A deployment in which somebody has learned, for tests that only look."""

    place: Labelled
    before: Policy
    told: dict[str, Any]
    ticks: list[tuple[int, int | None]]

    @property
    def made(self) -> Checkpoint:
        return Checkpoint.load(self.place.app.settings.data_dir / "checkpoints" / "better")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, light: Checkpoint) -> Iterator[LearnedOnce]:
    with labelling(tmp_path_factory.mktemp("once"), light) as empty:
        place = with_labels(empty)
        before = place.app.policies.current()
        ticks: list[tuple[int, int | None]] = []
        told = learn(place.app, {"name": "better"}, lambda *tick: ticks.append(tick))
        yield LearnedOnce(place, before, told, ticks)


def test_a_challenger_is_registered_and_the_champion_stays(once: LearnedOnce) -> None:
    app, told, made = once.place.app, once.told, once.made
    json.dumps(told, allow_nan=False)
    assert app.policies.current() == once.before
    assert told["checkpoint"] == made.id == app.detectors.detector(made.id).checkpoint.id
    assert made.card.parent == told["parent"] == once.before.checkpoint
    assert made.default_head is HeadName.UPDATED
    assert told["base"] == once.before.head
    assert told["labels"] == {"real": 24, "fake": 24}
    assert told["held_out"] == 12
    assert once.ticks[-1] == (48 + 6, 48 + 6)
    assert [done for done, _ in once.ticks] == sorted(done for done, _ in once.ticks)


def test_what_labels_taught_is_seen_and_what_is_held_out_is_not(once: LearnedOnce) -> None:
    made = once.made
    ids = sorted(once.place.place.items())
    hashes = [once.place.sha256(each) for each in ids]
    assert [made.seen(each) for each in hashes] == [True] * 48 + [False] * 12
    assert [made.held_out(each) for each in hashes] == [False] * 48 + [True] * 12
    assert set(once.place.checkpoint.seen_prefixes) < set(made.seen_prefixes)


def test_it_knows_new_images_better_and_keeps_the_other_heads(once: LearnedOnce) -> None:
    made, place = once.made, once.place
    new = np.stack([place.features(1000 + i, i % 2 == 1) for i in range(40)])
    fake = np.arange(40) % 2 == 1
    after, before = made.judge(new), place.checkpoint.judge(new)
    for name, prediction in before.heads.items():
        assert prediction.p_fake.tolist() == after.heads[name].p_fake.tolist()
    right = (after.heads[HeadName.UPDATED].p_fake >= 0.5) == fake
    was_right = (before.heads[HeadName(once.told["base"])].p_fake >= 0.5) == fake
    assert right.mean() >= 0.9 > was_right.mean()
    alone = [made.judge(new[i : i + 1]).heads[HeadName.UPDATED].p_fake[0] for i in range(9)]
    assert alone == after.heads[HeadName.UPDATED].p_fake[:9].tolist()


def test_what_is_deleted_while_features_are_read_teaches_nothing(labelled: Labelled) -> None:
    """Until a deletion can be undone no longer, cached features are still there."""
    kept, gone = labelled.add(False), labelled.add(True)
    app = labelled.app
    items, _ = settled_items(app.database, utc_now())
    with app.database.write() as repos:
        action = repos.bulk_actions.ask(BulkKind.DELETE, "deleted-by-hand", {}, {}, "root")
        repos.session.add(Deletion(item_id=gone, action_id=action.id))
    champion = champion_of(app)
    reader = Reader(app.database, app.detectors, champion.checkpoint, champion.head)
    _, found = taught_images(reader, items, ["", ""])
    assert [item.item_id for item in items] == [kept, gone]
    assert [item.item_id for item in found] == [kept]


def test_its_portrait_tells_what_labels_taught(once: LearnedOnce) -> None:
    portrait = _portrait(once.made)
    assert f"learned:  24 real and 24 fake labels of people changed {once.told['base']}" in portrait
    assert "12 held out" in portrait
    assert "learned:" not in _portrait(once.place.checkpoint)


def test_left_at_any_moment_it_leaves_nothing(once: LearnedOnce) -> None:
    class LeftError(Exception):
        pass

    def leave(now: bool) -> None:
        if now:
            raise LeftError

    home = once.place.app.settings.data_dir / "checkpoints"
    for moment in range(3):
        calls = count()
        with pytest.raises(LeftError):
            learn(once.place.app, {"name": "left"}, lambda *_: leave(next(calls) == 2 * moment))  # noqa: B023
        assert [each.name for each in home.iterdir()] == ["better"]


def test_a_name_is_a_plain_one(once: LearnedOnce) -> None:
    for name in ("../out", ".hidden", "a/b", "a" * 61, "ä", " "):
        with pytest.raises(InputError, match="cannot name a checkpoint"):
            learn(once.place.app, {"name": name})


def test_the_same_labels_give_the_same_challenger_and_other_ones_need_another_name(
    enough: Labelled,
) -> None:
    app = enough.app
    first = learn(app, {"name": "better"})
    assert learn(app, {"name": "better"}) == first
    unnamed = learn(app, {})
    assert learn(app, {"name": None, "data": None}) == unnamed
    again = learn(app, {"name": "again"})
    assert again["checkpoint"].removeprefix("again") == first["checkpoint"].removeprefix("better")
    for number in range(10):
        enough.add(number % 2 == 1)
    with pytest.raises(CheckpointError, match="exists already"):
        learn(app, {"name": "better"})


def test_a_challenger_of_a_challenger_learns_from_all_labels_anew(enough: Labelled) -> None:
    app = enough.app
    first = learn(app, {"name": "first"})
    app.policies.adopt(enough.place.factory.admin(), first["checkpoint"], first["head"], "a test")
    for number in range(20):
        enough.add(number % 2 == 1)
    second = learn(app, {"name": "second"})
    assert second["parent"] == first["checkpoint"]
    assert second["base"] == first["base"]
    assert sum(second["labels"].values()) == 64
    assert second["apart"] == {}


def test_too_few_labels_say_how_many_more(labelled: Labelled) -> None:
    for number in range(20):
        labelled.add(number < 3)
    with pytest.raises(InputError, match=r"15 more that say fake \(there are 13 real and 3 fake"):
        learn(labelled.app, {"name": "better"})
    assert not (labelled.app.settings.data_dir / "checkpoints" / "better").exists()


def test_known_labels_are_kept_apart(enough: Labelled) -> None:
    kept = enough.add(True, known=LabelValue.FAKE)
    learn(enough.app, {"name": "better"})
    made = Checkpoint.load(enough.app.settings.data_dir / "checkpoints" / "better")
    assert made.card.learned is not None
    assert made.card.learned.told["apart_known"] == 1
    assert not made.seen(enough.sha256(kept))
    assert not made.held_out(enough.sha256(kept))


def test_with_the_champions_images_all_heads_are_trained_anew(tmp_path: Path) -> None:
    pictures = write_pictures(tmp_path / "own", 20)
    manifest = tmp_path / "own.csv"
    rows = [
        ManifestRow(
            i + 2, path.name, path, LABELS[i % 2], "own", None, "val" if i < 10 else "train"
        )
        for i, path in enumerate(pictures)
    ]
    write_manifest(manifest, rows)
    with deployment(tmp_path, checkpoint=DEFAULT_CHECKPOINT.parent / "source") as place:
        app = place.app
        app.intake.ingest([*write_pictures(tmp_path / "in", 40, first=100)], "tester")
        reviewer = place.factory.person()
        for item_id in place.items():
            value = LabelValue.FAKE if item_id % 2 else LabelValue.REAL
            place.factory.label(reviewer, item_id, value)
            place.factory.bring(item_id, ItemState.RESOLVED, verdict=value)
        champion = app.policies.current().checkpoint
        told = learn(app, {"name": "anew", "data": str(manifest)})
        made = Checkpoint.load(Path(told["path"]))
        assert (told["way"], told["base"], made.card.parent) == ("anew", None, champion)
        assert made.card.data.n_train + made.card.data.n_val == 20 + sum(told["labels"].values())
        own = [sha256(path.read_bytes()) for path in pictures]
        assert all(made.seen(each) for each in own)
        with app.database.read() as repos:
            hashes = [item.image.sha256 or "" for item in repos.items.get_many(list(place.items()))]
        assert sum(made.seen(each) for each in hashes) == 32
        assert sum(made.held_out(each) for each in hashes) == 8
