"""The grid of a score file comes from rows that prove nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from review_app.core.errors import InputError
from review_app.scores.table import ScoreTable
from review_app.scores.threshold_grids import grid_part, threshold_grids_of
from tests.scores.tables import table


def test_thresholds_are_evenly_spaced_in_what_they_accept() -> None:
    scores = np.random.default_rng(0).random(2000)
    for grid in threshold_grids_of(scores):
        assert len(grid.thresholds) == 20
        assert np.diff(grid.acceptance) == pytest.approx(0.025, abs=0.002)
        assert grid.acceptance[-1] == pytest.approx(0.5, abs=0.03)


def test_scores_that_never_lean_to_one_side_make_no_threshold_grid_there() -> None:
    real, fake = threshold_grids_of(np.array([0.6, 0.7, 0.7]))
    assert real.thresholds == ()
    assert fake.thresholds == (0.7, 0.6)


def test_split_val_makes_the_threshold_grid_and_train_is_left_out() -> None:
    made = table(100, split=np.repeat(["train", "val", "test", ""], 25))
    grid, rest = grid_part(made, seed=0)
    assert set(made.split[grid]) == {"val"}
    assert set(made.split[rest]) == {"test", ""}


def test_without_val_a_fifth_is_drawn_and_never_from_a_source_held_out() -> None:
    made = table(2000, source=np.repeat(["known", "new"], 1000))
    grid, rest = grid_part(made, seed=1, never="new")
    assert grid.sum() == pytest.approx(200, abs=40)
    assert not (grid & rest).any()
    assert (grid | rest).all()
    assert set(made.source[grid]) == {"known"}
    assert (grid_part(made, seed=1, never="new")[0] == grid).all()


def test_a_file_of_training_rows_is_refused() -> None:
    with pytest.raises(InputError, match="0 images for the threshold grid"):
        grid_part(table(50, split=np.repeat(["train"], 50)), seed=0)


def test_one_class_is_not_enough() -> None:
    made = table(20)
    lone = made.take(made.is_fake)
    assert isinstance(lone, ScoreTable)
    with pytest.raises(InputError, match=r"labelled fake and 0 real"):
        lone.with_labels()
    assert lone.path == Path("made.csv")
