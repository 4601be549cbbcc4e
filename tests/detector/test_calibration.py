"""Calibration: monotone, deaf to the batch, right on average, and chosen with restraint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import entr, expit, logit
from sklearn.isotonic import IsotonicRegression

from review_app.core.errors import CheckpointError, DetectorError
from review_app.inference.calibration import (
    CALIBRATIONS,
    Calibration,
    CalibrationName,
    PlattCalibration,
    TemperatureCalibration,
    VennAbersCalibration,
    calibrate,
    calibrate_by_kind,
    choose_calibration,
    fit_calibration,
)
from review_app.inference.calibration.base import Float64
from review_app.inference.heads import HeadPrediction, Labels

PROBABILITIES = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1))


def scored(n: int, seed: int, *, slope: float = 1.0, offset: float = 0.0) -> tuple[Float64, Labels]:
    """P(fake) whose honest value is sigmoid(slope logit(p) + offset), and labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=n)
    is_fake = rng.random(n) < expit(slope * logits + offset)
    return expit(logits), is_fake


@pytest.fixture(scope="module")
def fitted() -> list[Calibration]:
    p, is_fake = scored(400, 1, slope=0.5, offset=0.4)
    p = np.round(p, 2)  # ties, as real scores have
    return [fit_calibration(name, p, is_fake) for name in CalibrationName]


@settings(max_examples=60, deadline=None)
@given(p=PROBABILITIES)
def test_every_calibration_rises_and_stays_a_probability(
    fitted: list[Calibration], p: Float64
) -> None:
    p.sort()
    for calibration in fitted:
        out = calibration.apply(p)
        assert ((out >= 0) & (out <= 1)).all()
        assert (np.diff(out) >= 0).all(), calibration.name


@settings(max_examples=30, deadline=None)
@given(p=PROBABILITIES)
def test_a_calibrated_image_has_the_same_bits_in_any_company(
    fitted: list[Calibration], p: Float64
) -> None:
    for calibration in fitted:
        alone = np.concatenate([calibration.apply(p[i : i + 1]) for i in range(len(p))])
        assert alone.tobytes() == calibration.apply(p).tobytes(), calibration.name


@settings(max_examples=60, deadline=None)
@given(p=PROBABILITIES, std=st.floats(0, 0.5), information=st.floats(0, 0.7))
def test_a_calibrated_prediction_is_one_that_a_posterior_could_make(
    fitted: list[Calibration], p: Float64, std: float, information: float
) -> None:
    whole = np.ones_like(p)
    prediction = HeadPrediction(p, whole * std, entr(p) + entr(1 - p), whole * information)
    for calibration in fitted:
        out = calibrate(prediction, calibration)
        assert out.p_fake.tobytes() == calibration.apply(p).tobytes()
        assert out.entropy == pytest.approx(entr(out.p_fake) + entr(1 - out.p_fake))
        assert (out.std <= np.sqrt(out.p_fake * (1 - out.p_fake))).all()
        assert (out.mutual_information <= out.entropy).all()


def test_no_calibration_changes_nothing() -> None:
    p, is_fake = scored(50, 2)
    prediction = HeadPrediction(p, p * (1 - p) / 3, entr(p) + entr(1 - p), p * 0 + 0.001)
    out = calibrate(prediction, fit_calibration(CalibrationName.NONE, p, is_fake))
    assert out.p_fake.tobytes() == p.tobytes()
    assert out.std == pytest.approx(prediction.std)
    assert out.mutual_information == pytest.approx(prediction.mutual_information)


def test_temperature_and_platt_find_the_line_that_made_the_labels() -> None:
    p, is_fake = scored(40_000, 3, slope=0.5)
    temperature = fit_calibration(CalibrationName.TEMPERATURE, p, is_fake)
    assert isinstance(temperature, TemperatureCalibration)
    assert temperature.slope == pytest.approx(0.5, abs=0.03)
    assert temperature.apply(np.array([0.5]))[0] == 0.5
    p, is_fake = scored(40_000, 4, slope=1.6, offset=-0.7)
    platt = fit_calibration(CalibrationName.PLATT, p, is_fake)
    assert isinstance(platt, PlattCalibration)
    assert (platt.slope, platt.offset) == pytest.approx((1.6, -0.7), abs=0.05)


def test_the_std_grows_by_the_slope_of_the_map() -> None:
    p = np.linspace(0.02, 0.98, 49)
    for calibration in (TemperatureCalibration(1.7), PlattCalibration(0.4, 0.8)):
        step = 1e-6
        slope = (calibration.apply(p + step) - calibration.apply(p - step)) / (2 * step)
        assert calibration.stretch(p) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("name", list(CalibrationName))
def test_an_image_of_weight_2_counts_as_two(name: CalibrationName) -> None:
    p, is_fake = scored(120, 5)
    p = np.round(p, 1)
    weight = np.where(np.arange(120) % 3, 1.0, 2.0)
    twice = np.repeat(np.arange(120), weight.astype(int))
    grid = np.linspace(0, 1, 41)
    weighted = fit_calibration(name, p, is_fake, weight).apply(grid)
    repeated = fit_calibration(name, p[twice], is_fake[twice]).apply(grid)
    assert weighted == pytest.approx(repeated, abs=1e-2 if name == "isotonic" else 1e-4)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(2, 25))
def test_venn_abers_is_isotonic_regression_with_the_image_joined(
    data: st.DataObject, n: int
) -> None:
    grid = st.integers(0, 8)  # eighths are exact, so that ties are
    p = np.array(data.draw(st.lists(grid, min_size=n, max_size=n))) / 8
    is_fake = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    is_fake[:2] = True, False
    calibration = fit_calibration(CalibrationName.VENN_ABERS, p, is_fake)
    assert isinstance(calibration, VennAbersCalibration)
    asked = np.arange(-1, 18) / 16
    p0, p1 = calibration.bounds(asked)
    assert (p0 <= p1).all()
    for score, low, high in zip(asked, p0, p1, strict=True):
        for label, value in ((0.0, low), (1.0, high)):
            curve = IsotonicRegression().fit(np.append(p, score), np.append(is_fake, label))
            assert value == pytest.approx(curve.predict([score])[0], abs=1e-9)


def test_calibration_mends_an_overconfident_head() -> None:
    p, is_fake = scored(2000, 6, slope=0.4, offset=0.3)
    fresh, truth = scored(4000, 7, slope=0.4, offset=0.3)
    honest = expit(0.4 * logit(fresh) + 0.3)
    for name in (CalibrationName.PLATT, CalibrationName.ISOTONIC, CalibrationName.VENN_ABERS):
        out = fit_calibration(name, p, is_fake).apply(fresh)
        assert np.abs(out - honest).mean() < 0.03 < np.abs(fresh - honest).mean()
        assert np.abs(out.mean() - truth.mean()) < 0.04


def test_a_calibration_comes_back_from_its_state(fitted: list[Calibration]) -> None:
    grid = np.linspace(0, 1, 500)
    for calibration in fitted:
        copy = CALIBRATIONS[calibration.name].from_state(calibration.state())
        assert copy.apply(grid).tobytes() == calibration.apply(grid).tobytes()
        for name, tensor in calibration.state().items():
            others = {key: value for key, value in calibration.state().items() if key != name}
            for damaged in ({}, {name: tensor[None]}, {name: -tensor}):
                if name == "offset" and len(damaged) and damaged[name].ndim == 1:
                    continue  # any offset is one
                with pytest.raises(CheckpointError, match="tensor"):
                    CALIBRATIONS[calibration.name].from_state({**others, **damaged})


def test_a_head_that_is_calibrated_already_is_left_alone() -> None:
    p, is_fake = scored(600, 8)
    chosen, nll = choose_calibration(p, is_fake, [""] * 600, seed=0)
    assert chosen.name == CalibrationName.NONE
    assert set(nll) == set(CalibrationName)


@pytest.mark.parametrize(
    ("slope", "offset", "name"),
    [(0.3, 0.0, CalibrationName.TEMPERATURE), (0.5, 1.2, CalibrationName.PLATT)],
)
def test_the_simplest_calibration_that_mends_the_head_is_chosen(
    slope: float, offset: float, name: CalibrationName
) -> None:
    p, is_fake = scored(1500, 9, slope=slope, offset=offset)
    chosen, nll = choose_calibration(p, is_fake, [""] * 1500, seed=0)
    assert chosen.name == name
    assert nll[name] < nll[CalibrationName.NONE]
    again, repeated = choose_calibration(p, is_fake, [""] * 1500, seed=0)
    assert again == chosen
    assert repeated == nll


def test_copies_of_one_image_do_not_count_as_so_many_images() -> None:
    p, is_fake = scored(60, 10, slope=0.6)
    copies = np.repeat(np.arange(60), 20)
    groups = [f"original {i}" for i in copies]
    chosen, grouped = choose_calibration(p[copies], is_fake[copies], groups, seed=0)
    _, torn = choose_calibration(p[copies], is_fake[copies], [""] * len(copies), seed=0)
    # Torn groups let a flexible map see the answers of the images it is asked about.
    assert torn[CalibrationName.ISOTONIC] < grouped[CalibrationName.ISOTONIC]
    assert chosen.name in (CalibrationName.NONE, CalibrationName.TEMPERATURE)


def test_images_of_one_class_cannot_calibrate() -> None:
    p, is_fake = scored(20, 11)
    with pytest.raises(DetectorError, match="not of both classes"):
        fit_calibration(CalibrationName.PLATT, p, is_fake | True)
    with pytest.raises(DetectorError, match="not above 0"):
        fit_calibration(CalibrationName.PLATT, p, is_fake, np.zeros(20))
    with pytest.raises(DetectorError, match="at least two groups"):
        choose_calibration(p, is_fake, ["one"] * 20, seed=0)


def test_images_of_each_kind_go_through_the_calibration_of_that_kind() -> None:
    boasting, modest = scored(4000, 5, slope=0.5), scored(4000, 6, slope=2.0)
    p, is_fake = (np.concatenate(pair) for pair in zip(boasting, modest, strict=True))
    kinds = np.repeat([0, 1], 4000)
    each = tuple(
        fit_calibration(CalibrationName.TEMPERATURE, p[kinds == kind], is_fake[kinds == kind])
        for kind in (0, 1)
    )
    prediction = HeadPrediction(p, np.sqrt(p * (1 - p)) / 3, entr(p) + entr(1 - p), np.zeros(8000))
    out = calibrate_by_kind(prediction, each, kinds)
    for kind in (0, 1):
        rows = np.flatnonzero(kinds == kind)
        alone = calibrate(prediction.take(rows), each[kind])
        assert out.take(rows).p_fake.tobytes() == alone.p_fake.tobytes()
        assert out.take(rows).std.tobytes() == alone.std.tobytes()
    pooled = calibrate(prediction, fit_calibration(CalibrationName.TEMPERATURE, p, is_fake))

    def nll(found: HeadPrediction) -> float:
        return float(-np.log(np.where(is_fake, found.p_fake, 1 - found.p_fake)).mean())

    assert nll(out) < nll(pooled) - 0.02
    shuffled = np.random.default_rng(1).permutation(8000)
    again = calibrate_by_kind(prediction.take(shuffled), each, kinds[shuffled])
    assert again.p_fake.tobytes() == out.p_fake[shuffled].tobytes()
    one = calibrate_by_kind(prediction, each[:1], None)
    assert one.p_fake.tobytes() == calibrate(prediction, each[0]).p_fake.tobytes()
