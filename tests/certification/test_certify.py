"""Certificates are given exactly where the labels prove them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.certification.bounds import upper_bound, zero_error_minimum
from review_app.certification.certificate import Certificate, Shortfall
from review_app.certification.certify import certify_policy, certify_side
from review_app.certification.sample_size import HORIZON
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import CalibrationError, InputError, SettingsError
from review_app.core.serialization import from_document, to_document
from tests.certification.cases import GRIDS, PROVENANCE, certificate, draw, threshold_grids

seeds = st.integers(0, 2**32 - 1)


def certify(
    p: object,
    fake: object,
    grid: ThresholdGrid,
    risk_limit: float = 0.05,
    attempt: int | None = None,
) -> Certificate | Shortfall:
    return certify_side(
        np.asarray(p),
        np.asarray(fake),
        grid,
        risk_limit=risk_limit,
        delta=0.1,
        provenance=PROVENANCE,
        attempt=attempt,
    )


@settings(max_examples=60)
@given(seeds, st.integers(0, 600), st.sampled_from([0.02, 0.05, 0.1, 0.2]), st.sampled_from(Side))
def test_a_certificate_needs_the_labels_and_a_shortfall_says_what_is_missing(
    seed: int, n: int, risk_limit: float, side: Side
) -> None:
    rng = np.random.default_rng(seed)
    grid = GRIDS[side is Side.FAKE]
    p, fake = draw(rng, n)
    found = certify(p, fake, grid, risk_limit)
    if isinstance(found, Certificate):
        accepted = side.accepts(p, found.threshold)
        wrong = fake if side is Side.REAL else ~fake
        assert found.accepted == accepted.sum() >= zero_error_minimum(risk_limit, 0.1)
        assert found.errors == (accepted & wrong).sum()
        assert found.upper_bound == upper_bound(found.errors, found.accepted, 0.1) <= risk_limit
        assert Certificate.from_json(found.to_json()) == found
    else:
        assert found.text
        if found.labels_expected is not None:
            assert found.labels_at_least is not None
            assert 0 < found.labels_at_least <= found.labels_expected
            assert found.labels_expected <= (found.labels_likely or HORIZON * 2)
        assert from_document(Shortfall, to_document(found)) == found


@settings(max_examples=60)
@given(seeds, st.integers(100, 800), st.sampled_from(Side), st.data())
def test_more_errors_never_give_a_laxer_threshold(
    seed: int, n: int, side: Side, data: st.DataObject
) -> None:
    rng = np.random.default_rng(seed)
    grid = GRIDS[side is Side.FAKE]
    p, fake = draw(rng, n)
    flipped = data.draw(st.sets(st.integers(0, n - 1), max_size=20))
    worse = fake.copy()
    worse[list(flipped)] = side is Side.REAL  # wrong for this side, whatever they were
    before, after = certify(p, fake, grid), certify(p, worse, grid)
    if isinstance(after, Certificate):
        assert isinstance(before, Certificate)
        order = grid.thresholds.index
        assert order(after.threshold) <= order(before.threshold)


def test_the_start_does_not_look_at_calibration_errors() -> None:
    _, grid = threshold_grids(tuple(at / 40 for at in range(1, 20)))
    p = np.linspace(0, 1, 600)
    clean = certify(p, np.ones(600, bool), grid)
    hopeless = certify(p, np.zeros(600, bool), grid)
    assert isinstance(clean, Certificate)
    assert isinstance(hopeless, Shortfall)
    assert hopeless.threshold == grid.thresholds[len(grid.thresholds) - clean.candidates]


def test_a_walk_stops_at_the_first_failure_though_a_laxer_threshold_would_pass() -> None:
    grid = ThresholdGrid(Side.FAKE, (0.9, 0.8, 0.7), (0.1, 0.2, 0.9))
    p = np.r_[np.full(100, 0.95), np.full(100, 0.85), np.full(800, 0.75)]
    fake = np.ones(1000, bool)
    fake[100:120] = False  # 20 errors on the second threshold; all of the third would pass
    found = certify(p, fake, grid)
    assert isinstance(found, Certificate)
    assert found.threshold == 0.9
    assert upper_bound(20, 1000, 0.1) < 0.05


def test_the_labels_still_missing_are_named_in_words() -> None:
    grid = ThresholdGrid(Side.FAKE, (0.9, 0.6), (0.25, 0.5))
    p, fake = (
        np.r_[np.full(40, 0.95), np.full(40, 0.1)],
        np.r_[np.ones(40, bool), np.zeros(40, bool)],
    )
    found = certify(p, fake, grid)
    assert isinstance(found, Shortfall)
    assert found.text == (
        f"Accepting as fake is not certified: about {found.labels_expected} more random labels for "
        f"a 5% limit at 90% confidence (an even chance; {found.labels_likely} for nine chances in "
        "ten; 0 wrong of 40 that it would accept so far)."
    )


def test_a_detector_that_errs_too_often_is_told_that_labels_alone_will_not_do() -> None:
    grid = ThresholdGrid(Side.FAKE, (0.9,), (0.5,))
    p, fake = np.full(200, 0.95), np.arange(200) % 5 > 0
    found = certify(p, fake, grid)
    assert isinstance(found, Shortfall)
    assert found.labels_expected is None
    assert "and fewer errors" in found.text
    hopeless = certify(p, fake, grid, risk_limit=0.001)
    assert isinstance(hopeless, Shortfall)
    assert "out of reach" in hopeless.text


def test_a_side_that_the_detector_never_leans_to_has_nothing_to_certify() -> None:
    found = certify([0.1] * 90, [False] * 90, ThresholdGrid(Side.FAKE, (), ()))
    assert isinstance(found, Shortfall)
    assert (found.threshold, found.labels_expected) == (None, None)
    assert "never leans to fake" in found.text


def test_no_labels_at_all_is_a_shortfall_too() -> None:
    found = certify([], [], ThresholdGrid(Side.REAL, (0.1, 0.3, 0.49), (0.1, 0.3, 0.495)))
    assert isinstance(found, Shortfall)
    assert found.labels_at_least == 90  # 45 without an error, at a share of 0.495, and even odds
    assert (found.labels_expected or 0) > 90


def test_the_sides_are_certified_apart_at_half_of_delta_each() -> None:
    rng = np.random.default_rng(4)
    real, fake = GRIDS
    p, is_fake = draw(rng, 2000)
    found = certify_policy(
        p, is_fake, real, fake, risk_limit=0.05, delta=0.1, provenance=PROVENANCE
    )
    for side, one in ((Side.REAL, found.real), (Side.FAKE, found.fake)):
        assert isinstance(one, Certificate)
        assert (one.side, one.delta, one.level) == (side, 0.05, 0.05)
    with pytest.raises(CalibrationError, match="exchanged"):
        certify_policy(p, is_fake, fake, real, risk_limit=0.05, delta=0.1, provenance=PROVENANCE)


def test_a_second_attempt_has_to_prove_more() -> None:
    grid = ThresholdGrid(Side.FAKE, (0.9,), (1.0,))
    n = zero_error_minimum(0.05, 0.1 / 4)
    p, fake = np.full(n, 0.95), np.ones(n, bool)
    second = certify(p, fake, grid, attempt=2)
    assert isinstance(second, Certificate)
    assert (second.delta, second.level) == (0.1, 0.025)
    assert isinstance(certify(p, fake, grid, attempt=3), Shortfall)
    assert isinstance(certify(p[1:], fake[1:], grid, attempt=2), Shortfall)
    assert isinstance(certify(p[1:], fake[1:], grid), Certificate)


@pytest.mark.parametrize(
    ("p", "fake"),
    [([0.1, np.nan], [0, 1]), ([0.1, 1.2], [0, 1]), ([0.1, 0.2], [0]), ([0.1, 0.2], [0, 2])],
)
def test_scores_and_labels_that_cannot_be_are_refused(p: list[float], fake: list[int]) -> None:
    with pytest.raises(CalibrationError):
        certify(p, fake, ThresholdGrid(Side.FAKE, (0.9,), (0.5,)))


def test_limits_out_of_range_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"5% is written 0\.05"):
        certify([0.1], [0], ThresholdGrid(Side.FAKE, (0.9,), (0.5,)), risk_limit=5)


def test_the_bound_over_prevalence_grows_with_the_share_of_the_other_class() -> None:
    real, fake = certificate(Side.REAL, 0.1, errors=2), certificate(Side.FAKE, 0.9, errors=2)
    rising = [bound for _, bound in real.prevalence_range()]
    assert rising == sorted(rising)
    assert real.bound_at_prevalence(0) == 0
    assert real.bound_at_prevalence(1) == 1
    assert fake.bound_at_prevalence(0.2) == pytest.approx(real.bound_at_prevalence(0.8))
    # It shares its level over more claims, so at the calibration prevalence it says less.
    assert real.bound_at_prevalence(real.prevalence) > real.upper_bound


def test_a_certificate_is_checked_again_when_it_is_read() -> None:
    made = certificate(Side.FAKE, 0.9, errors=1)
    for field, value in {
        "errors": 0,
        "accepted": made.accepted - 1,
        "upper_bound": 0.01,
        "threshold": 0.4,
        "n_calibration": 50,
        "candidates": 0,
        "level": 0.2,
    }.items():
        with pytest.raises(CalibrationError):
            Certificate.from_json(made.to_json() | {field: value})
    naive = made.to_json()
    naive["provenance"] |= {"certified_at": datetime(2026, 1, 1).isoformat()}  # noqa: DTZ001
    with pytest.raises(CalibrationError, match="time zone"):
        Certificate.from_json(naive)
    with pytest.raises(CalibrationError, match="do not prove"):
        replace(made, risk_limit=0.04)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"errors": None}, r"errors: .* valid integer"),
        ({"errors": True}, r"errors: .* valid integer"),
        ({"threshold": "0.9"}, r"threshold: .* valid number"),
        ({"threshold": float("nan")}, "finite"),
        ({"side": "both"}, r"side: .* 'real' or 'fake'"),
        ({"provenance": 3}, r"provenance: .* an object"),
        ({"extra": 1}, r"extra \(unknown\)"),
    ],
)
def test_a_damaged_document_is_refused_with_its_field(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Certificate.from_json(certificate(Side.FAKE, 0.9).to_json() | change)


def test_a_document_without_a_field_is_refused() -> None:
    document = certificate(Side.FAKE, 0.9).to_json()
    del document["level"]
    with pytest.raises(InputError, match=r"level: Field required"):
        Certificate.from_json(document)
