"""The sample that makes an external detector's grid, and the card that it makes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.scores import sample as module
from review_app.scores.card import ENOUGH, make_card
from review_app.scores.columns import RowColumns
from review_app.scores.row import ScoreRow
from review_app.scores.sample import SIZE, GridSample, Sampled
from tests.scores.files import row


def sampled(rows: list[ScoreRow]) -> tuple[Sampled, ...]:
    sample = GridSample()
    for start in range(0, len(rows), 7):
        sample.add(RowColumns.of(rows[start : start + 7]))
    return sample.images()


def test_a_random_fifth_makes_the_threshold_grid_and_never_more_than_it_holds() -> None:
    assert 150 < len(sampled([row(i) for i in range(1000)])) < 250
    rows = [row(i, i / 20_000) for i in range(20_000)]
    images = sampled(rows)
    assert len(images) == SIZE
    assert abs(np.mean([image.p_fake for image in images]) - 0.5) < 0.05


@given(order=st.permutations(range(60)), cut=st.integers(0, 60))
def test_neither_the_order_of_rows_nor_their_division_into_files_matters(
    order: list[int], cut: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SIZE", 7)
        whole = sampled([row(i, i / 60) for i in range(60)])
        rows = [row(i, i / 60) for i in order]
        first, second = sampled(rows[:cut]), sampled(rows[cut:])
        assert GridSample([*second, *first]).images() == whole


def test_rows_of_split_val_make_it_where_there_are_any_and_those_of_train_never() -> None:
    rows = [row(i, split=("train", "val", None)[i % 3]) for i in range(300)]
    images = sampled(rows)
    assert len(images) == 100
    assert all(image.is_val for image in images)
    assert sampled([row(i, split="train") for i in range(100)]) == ()


def test_a_card_knows_which_images_made_its_threshold_grid() -> None:
    rows = [row(i) for i in range(100)]
    seen = make_card("theirs", [], sampled(rows)).seen()
    share = np.mean([seen(each.key) for each in rows])
    assert 0.05 < share < 0.4
    assert not any(seen(f"path:{i}") for i in range(1000))


def test_cuts_are_made_of_what_the_file_tells_and_of_enough_images() -> None:
    rng = np.random.default_rng(0)
    rows = [
        row(i, float(p), std=float(p / 10), novelty=float(p), split="val")
        for i, p in enumerate(rng.random(400))
    ]
    card = make_card("theirs", [], sampled(rows))
    cuts = card.heads["score"].cuts
    assert cuts is not None
    assert cuts.std == pytest.approx(0.08, abs=0.01)
    assert cuts.mutual_information is None
    assert card.novelty is not None
    assert card.novelty.cut == pytest.approx(0.9, abs=0.05)
    assert card.novelty.flagged == pytest.approx(0.1, abs=0.01)
    bare = make_card("theirs", [], sampled([row(i, i / 50, split="val") for i in range(50)]))
    assert bare.novelty is None
    assert bare.heads["score"].cuts is not None
    assert bare.heads["score"].cuts.std is None
    few = make_card("theirs", [], sampled([row(i, split="val") for i in range(ENOUGH - 1)]))
    assert few.heads["score"].cuts is None
