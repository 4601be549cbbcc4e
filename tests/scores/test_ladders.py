"""The ladder of a score file comes from rows that prove nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from review_app.core.errors import InputError
from review_app.scores.ladders import ladder_part, ladders_of
from review_app.scores.table import ScoreTable
from tests.scores.tables import table


def test_rungs_are_evenly_spaced_in_what_they_accept() -> None:
    scores = np.random.default_rng(0).random(2000)
    for ladder in ladders_of(scores):
        assert len(ladder.thresholds) == 20
        assert np.diff(ladder.acceptance) == pytest.approx(0.025, abs=0.002)
        assert ladder.acceptance[-1] == pytest.approx(0.5, abs=0.03)


def test_scores_that_never_lean_to_one_side_make_no_ladder_there() -> None:
    real, fake = ladders_of(np.array([0.6, 0.7, 0.7]))
    assert real.thresholds == ()
    assert fake.thresholds == (0.7, 0.6)


def test_split_val_makes_the_ladder_and_train_is_left_out() -> None:
    made = table(100, split=np.repeat(["train", "val", "test", ""], 25))
    ladder, rest = ladder_part(made, seed=0)
    assert set(made.split[ladder]) == {"val"}
    assert set(made.split[rest]) == {"test", ""}


def test_without_val_a_fifth_is_drawn_and_never_from_a_source_held_out() -> None:
    made = table(2000, source=np.repeat(["known", "new"], 1000))
    ladder, rest = ladder_part(made, seed=1, never="new")
    assert ladder.sum() == pytest.approx(200, abs=40)
    assert not (ladder & rest).any()
    assert (ladder | rest).all()
    assert set(made.source[ladder]) == {"known"}
    assert (ladder_part(made, seed=1, never="new")[0] == ladder).all()


def test_a_file_of_training_rows_is_refused() -> None:
    with pytest.raises(InputError, match="0 images for the ladder"):
        ladder_part(table(50, split=np.repeat(["train"], 50)), seed=0)


def test_one_class_is_not_enough() -> None:
    made = table(20)
    lone = made.take(made.is_fake)
    assert isinstance(lone, ScoreTable)
    with pytest.raises(InputError, match=r"labelled fake and 0 real"):
        lone.with_labels()
    assert lone.path == Path("made.csv")
