"""Drift is flagged soon after a switch; the looks of an epoch spend one probability, no more."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from review_app.core.errors import InputError
from review_app.monitoring.statistics.classifier_test import ClassifierTest
from review_app.monitoring.statistics.distances import (
    expected_index,
    kolmogorov_smirnov,
    mann_whitney,
    stability_index,
)
from review_app.monitoring.statistics.drift import (
    ALPHA,
    EPOCH,
    SLOW,
    SUDDEN,
    DriftFinding,
    DriftWatch,
    Panel,
    StreamSample,
    due,
)


def _sample(n: int, rng: np.random.Generator, moved: float = 0.0) -> StreamSample:
    features = rng.normal(size=(n, 20))
    features[:, 1] += moved
    return StreamSample(rng.normal(size=n), rng.normal(size=n), features)


def _window(sample: StreamSample, begin: int, end: int) -> StreamSample:
    return StreamSample(*(None if part is None else part[begin:end] for part in sample))


def _flags(watch: DriftWatch, stream: StreamSample, n: int) -> list[DriftFinding]:
    return [
        finding
        for look in due(0, n)
        for finding in watch.look(look, _window(stream, look.begin, look.end))
        if finding.is_drift
    ]


def test_distances_are_those_of_scipy() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=300), rng.normal(0.3, 1, 120)
    ours, theirs = kolmogorov_smirnov(one, two), stats.ks_2samp(one, two, method="asymp")
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert theirs.pvalue <= ours.p <= 1.3 * theirs.pvalue
    tied = np.round(one, 1), np.round(two, 1)
    rank = stats.mannwhitneyu(tied[1], tied[0], alternative="greater", method="asymptotic")
    found = mann_whitney(*tied)
    assert found.p == pytest.approx(rank.pvalue)
    assert found.statistic == pytest.approx(rank.statistic / (300 * 120))
    with pytest.raises(InputError):
        kolmogorov_smirnov([], two)


def test_equal_values_everywhere_are_no_drift() -> None:
    assert mann_whitney(np.ones(20), np.ones(30)) == (0.5, 1.0)
    assert kolmogorov_smirnov(np.ones(20), np.ones(30)) == (0.0, 1.0)
    assert abs(stability_index(np.ones(200), np.ones(300))) < 1e-3


def test_the_stability_index_is_about_what_chance_gives_until_something_moves() -> None:
    rng = np.random.default_rng(1)
    drawn = [stability_index(rng.random(500), rng.random(400)) for _ in range(200)]
    assert np.mean(drawn) == pytest.approx(expected_index(500, 400), rel=0.15)
    assert stability_index(rng.random(500), rng.random(400) ** 2) > 0.25


def test_the_looks_of_an_epoch_spend_one_probability() -> None:
    looks = list(due(0, EPOCH))
    watch = DriftWatch(_sample(100, np.random.default_rng(0)))
    level = {
        series: watch.look(looks[-1]._replace(series=series), _sample(2000, _rng()))[0].level
        for series in (SUDDEN, SLOW)
    }
    spent = sum(len(Panel) * level[look.series] for look in looks)
    assert spent == pytest.approx(ALPHA)
    assert all(0 <= look.begin < look.end <= EPOCH for look in looks)


def test_looks_made_late_are_those_that_were_due() -> None:
    at_once = list(due(0, 12_345))
    late = [*due(0, 49), *due(49, 777), *due(777, 12_345)]
    assert late == at_once
    assert all(look.begin >= EPOCH for look in at_once if look.end > EPOCH)


def test_a_switch_of_the_features_alone_is_flagged_within_200_items() -> None:
    rng = _rng()
    watch = DriftWatch(_sample(400, rng))
    calm, other = _sample(300, rng), _sample(200, rng, moved=3.0)
    stream = StreamSample(*(np.concatenate(pair) for pair in zip(calm, other, strict=True)))  # type: ignore[arg-type]
    flags = _flags(watch, stream, 500)
    assert flags
    assert {finding.panel for finding in flags} == {Panel.FEATURES}
    assert min(finding.look.end for finding in flags) > 300


def test_nothing_is_flagged_where_nothing_moves() -> None:
    rng = _rng()
    assert not _flags(DriftWatch(_sample(400, rng)), _sample(2000, rng), 2000)


def test_a_classifier_that_learned_from_what_it_is_tested_on_would_tell_noise_apart() -> None:
    """With more coordinates than images a classifier parts anything that it has seen."""
    rng = _rng()
    test = ClassifierTest(rng.normal(size=(120, 40)), components=40)
    found = [test(rng.normal(size=(30, 40)), rng.normal(size=(30, 40))).p for _ in range(40)]
    assert np.mean(np.array(found) < 0.05) <= 0.15


def test_panels_that_were_not_measured_are_left_out() -> None:
    rng = _rng()
    whole = _sample(200, rng)
    watch = DriftWatch(StreamSample(whole.score, None, None))
    assert watch.panels == (Panel.SCORE,)
    (look, *_) = due(0, 50)
    assert [f.panel for f in watch.look(look, _sample(50, rng))] == [Panel.SCORE]
    assert DriftWatch(whole).look(look, StreamSample(None, None, None)) == []
    with pytest.raises(InputError):
        ClassifierTest(rng.normal(size=(5, 3)))


def _rng() -> np.random.Generator:
    return np.random.default_rng(7)
