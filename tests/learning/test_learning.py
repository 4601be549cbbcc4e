"""What people settled becomes a challenger; the detector in force stays as it is."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from review_app.core.errors import CheckpointError, InputError
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName
from review_app.learning.learning import learn
from storage.enums import LabelValue
from tests.learning.conftest import Labelled


@pytest.fixture
def enough(labelled: Labelled) -> Labelled:
    for number in range(60):
        labelled.add(number % 2 == 1)
    return labelled


def test_a_challenger_is_registered_and_the_champion_stays(enough: Labelled) -> None:
    app = enough.place.app
    before = app.policies.current()
    ticks: list[tuple[int, int | None]] = []
    told = learn(app, {"name": "better"}, lambda done, total: ticks.append((done, total)))
    json.dumps(told, allow_nan=False)
    assert app.policies.current() == before
    made = Checkpoint.load(app.settings.data_dir / "checkpoints" / "better")
    assert told["checkpoint"] == made.id == app.detectors.detector(made.id).checkpoint.id
    assert made.card.parent == told["parent"] == before.checkpoint
    assert made.default_head is HeadName.UPDATED
    assert told["base"] == before.head
    assert told["labels"] == {"real": 24, "fake": 24}
    assert told["held_out"] == 12
    assert ticks[-1] == (48 + 6, 48 + 6)
    assert [done for done, _ in ticks] == sorted(done for done, _ in ticks)


def test_what_labels_taught_is_seen_and_what_is_held_out_is_not(enough: Labelled) -> None:
    app = enough.place.app
    learn(app, {"name": "better"})
    made = Checkpoint.load(app.settings.data_dir / "checkpoints" / "better")
    ids = sorted(enough.place.items())
    hashes = [enough.sha256(each) for each in ids]
    assert [made.seen(each) for each in hashes] == [True] * 48 + [False] * 12
    assert [made.held_out(each) for each in hashes] == [False] * 48 + [True] * 12
    assert set(enough.checkpoint.seen_prefixes) < set(made.seen_prefixes)


def test_it_knows_new_images_better_and_keeps_the_other_heads(enough: Labelled) -> None:
    app = enough.place.app
    told = learn(app, {"name": "better"})
    made = Checkpoint.load(Path(told["path"]))
    new = np.stack([enough.features(1000 + i, i % 2 == 1) for i in range(40)])
    fake = np.arange(40) % 2 == 1
    after, before = made.judge(new), enough.checkpoint.judge(new)
    for name, prediction in before.heads.items():
        assert prediction.p_fake.tolist() == after.heads[name].p_fake.tolist()
    right = (after.heads[HeadName.UPDATED].p_fake >= 0.5) == fake
    was_right = (before.heads[HeadName(told["base"])].p_fake >= 0.5) == fake
    assert right.mean() >= 0.9 > was_right.mean()
    alone = [made.judge(new[i : i + 1]).heads[HeadName.UPDATED].p_fake[0] for i in range(9)]
    assert alone == after.heads[HeadName.UPDATED].p_fake[:9].tolist()


def test_the_same_labels_give_the_same_challenger_and_other_ones_need_another_name(
    enough: Labelled,
) -> None:
    app = enough.place.app
    first = learn(app, {"name": "better"})
    assert learn(app, {"name": "better"}) == first
    again = learn(app, {"name": "again"})
    assert again["checkpoint"].removeprefix("again") == first["checkpoint"].removeprefix("better")
    for number in range(10):
        enough.add(number % 2 == 1)
    with pytest.raises(CheckpointError, match="exists already"):
        learn(app, {"name": "better"})


def test_a_challenger_of_a_challenger_learns_from_all_labels_anew(enough: Labelled) -> None:
    app = enough.place.app
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
        learn(labelled.place.app, {"name": "better"})
    assert not (labelled.place.app.settings.data_dir / "checkpoints" / "better").exists()


def test_known_labels_are_kept_apart(enough: Labelled) -> None:
    kept = enough.add(True, known=LabelValue.FAKE)
    learn(enough.place.app, {"name": "better"})
    made = Checkpoint.load(enough.place.app.settings.data_dir / "checkpoints" / "better")
    assert made.card.learned is not None
    assert made.card.learned.told["apart_known"] == 1
    assert not made.seen(enough.sha256(kept))
    assert not made.held_out(enough.sha256(kept))


def test_left_at_any_moment_it_leaves_nothing(enough: Labelled) -> None:
    class LeftError(Exception):
        pass

    def leave(now: bool) -> None:
        if now:
            raise LeftError

    app = enough.place.app
    for moment in range(3):
        calls = count()
        with pytest.raises(LeftError):
            learn(app, {"name": "better"}, lambda *_: leave(next(calls) == 2 * moment))  # noqa: B023
        homes = app.settings.data_dir / "checkpoints"
        assert not homes.exists() or not list(homes.iterdir())


def test_a_name_is_a_plain_one(labelled: Labelled) -> None:
    for name in ("../out", ".hidden", "a/b", "a" * 61, "ä", " "):
        with pytest.raises(InputError, match="cannot name a checkpoint"):
            learn(labelled.place.app, {"name": name})
