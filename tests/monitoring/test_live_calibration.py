"""Calibration of a stream of which a policy chose what people label."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.core.errors import InputError
from review_app.monitoring.statistics.label_shift import (
    ClassCounts,
    black_box_shift,
    expectation_maximisation,
)
from review_app.monitoring.statistics.live_calibration import (
    BINS,
    LabelledStream,
    live_calibration,
)

FAKES = 0.3


def _stream(rng: np.random.Generator, n: int = 6000) -> LabelledStream:
    """P(fake) is right in the middle, and far too sure at both ends."""
    p = rng.random(n)
    chance = np.where(p < 0.2, 0.2, np.where(p > 0.8, 0.6, 0.5 * p))
    probability = np.where((p < 0.2) | (p > 0.8), 0.1, 1.0)
    labelled = rng.random(n) < probability
    return LabelledStream(p, probability, labelled, rng.random(n) < chance)


TRUE_SHARE = 0.2 * 0.2 + 0.2 * 0.6 + 0.6 * 0.25


def test_intervals_cover_the_truth_where_uncorrected_ones_do_not() -> None:
    ours = raw = bins = 0
    for run in range(40):
        rng = np.random.default_rng(run)
        stream = _stream(rng)
        found, plain = (live_calibration(each, rng) for each in (stream, stream.only_labelled()))
        assert found is not None
        assert plain is not None
        ours += found.fakes.low <= TRUE_SHARE <= found.fakes.high
        raw += plain.fakes.low <= TRUE_SHARE <= plain.fakes.high
        bins += found.bins[0].fakes.low <= 0.2 <= found.bins[0].fakes.high
    assert ours >= 35
    assert bins >= 35
    assert raw <= 5


def test_what_is_told_adds_up() -> None:
    found = live_calibration(_stream(np.random.default_rng(0)), np.random.default_rng(1))
    assert found is not None
    assert len(found.bins) == BINS
    assert sum(each.share for each in found.bins) == pytest.approx(1)
    fakes = sum(each.share * each.fakes.value for each in found.bins)
    assert fakes == pytest.approx(found.fakes.value)
    apart = sum(each.share * (each.p_fake - each.fakes.value) for each in found.bins)
    assert apart == pytest.approx(found.gap.value)
    assert found.error.low <= found.error.value <= found.error.high
    assert 0 < found.brier.low < found.brier.value < found.brier.high


def test_each_image_counts_for_those_that_had_less_chance_of_a_label() -> None:
    """Two kinds of images of like P(fake), of which one is labelled four times as often."""
    n = 40_000
    rng = np.random.default_rng(3)
    fake = np.arange(n) % 2 == 0
    probability = np.where(fake, 0.8, 0.2)
    stream = LabelledStream(np.full(n, 0.5), probability, rng.random(n) < probability, fake)
    found = live_calibration(stream, rng)
    assert found is not None
    assert found.fakes.value == pytest.approx(0.5, abs=0.02)
    assert found.fakes.low < 0.5 < found.fakes.high


def test_too_few_labels_say_nothing() -> None:
    rng = np.random.default_rng(0)
    stream = _stream(rng, 60)
    none = LabelledStream(stream.p_fake, stream.probability, np.zeros(60, np.bool_), stream.fake)
    assert live_calibration(none, rng) is None
    audits = stream.labelled & (stream.probability == 1)
    unaudited = LabelledStream(stream.p_fake, stream.probability, audits, stream.fake)
    assert live_calibration(unaudited, rng) is None
    with pytest.raises(InputError):
        LabelledStream(stream.p_fake, np.zeros(60), stream.labelled, stream.fake)
    with pytest.raises(InputError):
        LabelledStream(stream.p_fake[1:], stream.probability, stream.labelled, stream.fake)


def test_both_estimates_of_label_shift_find_another_share_of_fakes() -> None:
    rng = np.random.default_rng(5)
    reference = rng.random(20_000) < 0.5
    stream = rng.random(4000) < FAKES
    # Logits of two normal classes with variance 4 whose means are 4 apart are calibrated.
    before, after = (rng.normal(np.where(k, 2, -2), 2) for k in (reference, stream))
    counts = ClassCounts(
        int(reference.sum()),
        int((before[reference] > 0).sum()),
        int((~reference).sum()),
        int((before[~reference] > 0).sum()),
    )
    found = black_box_shift(counts, int((after > 0).sum()), after.size, rng)
    assert found is not None
    likeliest = expectation_maximisation(1 / (1 + np.exp(-after)), 0.5)
    for estimate in (found, likeliest):
        assert estimate.low < FAKES < estimate.high
        assert estimate.high - estimate.low < 0.1
    assert abs((after > 0).mean() - FAKES) > abs(found.share - FAKES)


def test_a_detector_that_knows_nothing_tells_no_shift() -> None:
    rng = np.random.default_rng(0)
    assert black_box_shift(ClassCounts(100, 50, 100, 50), 10, 100, rng) is None
    assert black_box_shift(ClassCounts(0, 0, 100, 50), 10, 100, rng) is None
    with pytest.raises(InputError):
        black_box_shift(ClassCounts(100, 50, 100, 50), 101, 100, rng)
    with pytest.raises(InputError):
        expectation_maximisation([], 0.5)
    sure = expectation_maximisation(np.full(50, 0.999), 0.5)
    assert sure.high > 0.999
    assert sure.low > 0.9
