"""What a challenger would make of the queue, on arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import InputError
from review_app.learning.replay import SHOWN, StoredQueue, replay
from review_app.policy.what_if import ReviewWorkload

LOAD = ReviewWorkload(images_per_day=1000, seconds_per_label=3.6, answers=1)
REAL = ThresholdGrid(Side.REAL, (0.05, 0.1), (0.3, 0.4))
FAKE = ThresholdGrid(Side.FAKE, (0.95, 0.9), (0.3, 0.4))


def prospects(labels: int) -> tuple[Prospect, Prospect]:
    real, fake = (Prospect(grid, labels, 0.2, 0.2, 1) for grid in (REAL, FAKE))
    return real, fake


def queue(
    challenger: list[float], real: Sequence[int] = (), fake: Sequence[int] = ()
) -> StoredQueue:
    n = len(challenger)
    was_real, was_fake = (np.isin(np.arange(n), each) for each in (real, fake))
    p = np.array(challenger)
    now = np.where(was_real | was_fake, 0.1, 1.0)
    return StoredQueue(np.arange(n) + 100, was_real, was_fake, now, np.full(n, 0.01), p, p)


def test_every_past_decision_goes_one_way() -> None:
    """Items 0 to 4 were accepted as real: kept, to people, turned round without and with proof."""
    stored = queue([0.01, 0.3, 0.6, 0.99, 0.01, 0.99, 0.5, 0.02], real=[0, 1, 2, 3], fake=[4, 5])
    found = replay(stored, prospects(500), LOAD, audit_probability=0.1)
    assert (found.items, found.accepted) == (8, 6)
    assert found.opposite == 3
    assert found.to_people == 2
    assert found.reversed == 2
    assert found.newly == 1
    assert [flip.item_id for flip in found.flips] == [103, 102, 104]
    assert [flip.accepted_as for flip in found.flips] == ["real", "real", "fake"]


def test_hours_follow_what_goes_to_people() -> None:
    stored = queue([0.01, 0.3, 0.99, 0.5], real=[0])
    found = replay(stored, prospects(500), LOAD, audit_probability=0.1)
    assert found.now.share == pytest.approx((0.1 + 3) / 4)
    assert found.closed.share == 1
    assert found.closed.hours_per_day == pytest.approx(1.0)
    assert found.expected.share == pytest.approx((2 + 0.2) / 4)
    assert found.expected.hours_per_day == pytest.approx(0.55)


def test_without_labels_nothing_is_expected_to_be_accepted() -> None:
    found = replay(queue([0.0, 1.0], real=[0]), prospects(0), LOAD, audit_probability=0.1)
    assert (found.to_people, found.newly, found.expected.share) == (1, 0, 1.0)
    assert found.missing_labels is not None


def test_an_empty_queue_and_one_of_many_flips_are_told() -> None:
    nothing = replay(queue([]), prospects(500), LOAD, audit_probability=0.1, missing=7)
    assert (nothing.items, nothing.missing, nothing.flips) == (0, 7, ())
    many = replay(queue([0.9] * 100, real=list(range(100))), prospects(500), LOAD,
                  audit_probability=0.1)  # fmt: skip
    assert (many.opposite, len(many.flips)) == (100, SHOWN)


def test_columns_of_other_lengths_are_refused() -> None:
    whole = queue([0.1, 0.2])
    with pytest.raises(InputError, match="different lengths"):
        StoredQueue(
            np.arange(3), *(getattr(whole, n) for n in list(whole.__dataclass_fields__)[1:])
        )
