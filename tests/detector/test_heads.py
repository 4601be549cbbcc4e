"""Heads: exact, deterministic, and deaf to whatever else is in their batch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import entr, expit
from scipy.stats import norm

from review_app.core.errors import CheckpointError
from review_app.inference.heads import (
    HEADS,
    Head,
    HeadName,
    HeadPrediction,
    HeadSpec,
    Matrix,
    Standardizer,
    Training,
    head_title,
)
from review_app.inference.heads.linear import LinearTraining
from review_app.inference.heads.mc_dropout import McDropoutHead, McDropoutTraining
from review_app.inference.heads.naive_bayes import NaiveBayesTraining
from review_app.inference.heads.numerics import BLOCK, by_blocks, logit_normal
from review_app.inference.heads.updated import UpdateTraining
from review_app.inference.heads.variational import VariationalHead, VariationalTraining
from review_app.inference.presets import PRESETS
from tests.detector.conftest import labelled

FIELDS = ("p_fake", "std", "entropy", "mutual_information")
REAL_WIDTH = 1280


def short(spec: HeadSpec) -> Training:
    """As the first preset that has the head trains it, in three epochs where it needs any; one
    that no preset trains is an update of another."""
    training: Any = next(iter(spec.trainings.values()), UpdateTraining())
    return cast(Training, replace(training, epochs=3) if hasattr(training, "epochs") else training)


SHORT = {name: short(spec) for name, spec in HEADS.items()}


@pytest.fixture(scope="module")
def trained() -> dict[HeadName, Head]:
    """One of each kind at the width of the default backbone."""
    data = labelled(200, 7, width=REAL_WIDTH)
    return {name: each.fit(data.features, data.is_fake, seed=3) for name, each in SHORT.items()}


@pytest.fixture(scope="module")
def heads(trained: dict[HeadName, Head]) -> list[Head]:
    return list(trained.values())


@pytest.fixture(scope="module")
def features() -> Matrix:
    return labelled(130, 8, width=REAL_WIDTH).features


def same(one: HeadPrediction, other: HeadPrediction) -> bool:
    return all(getattr(one, f).tobytes() == getattr(other, f).tobytes() for f in FIELDS)


def multiply(
    rows: Matrix,
    weights: Matrix,
) -> Matrix:
    return by_blocks(rows, weights.shape[1], lambda blocks: blocks @ weights).T


@pytest.mark.parametrize("size", [1, 7, 64])
def test_predictions_have_the_same_bits_in_batches_of_any_size(
    heads: list[Head],
    features: Matrix,
    size: int,
) -> None:
    for head in heads:
        whole = head.predict(features)
        for start in range(0, len(features), size):
            rows = slice(start, start + size)
            assert same(head.predict(features[rows]), whole.take(rows)), type(head)


def test_predictions_have_the_same_bits_in_any_order_and_company(
    heads: list[Head], features: Matrix
) -> None:
    rng = np.random.default_rng(0)
    for head in heads:
        whole = head.predict(features)
        many = head.predict(np.concatenate([features] * 9))  # enough to be shared between threads
        assert same(many.take(slice(-len(features), None)), whole), type(head)
        for _ in range(10):
            rows = rng.permutation(len(features))[: rng.integers(1, len(features))]
            assert same(head.predict(features[rows]), whole.take(rows)), type(head)


@pytest.mark.parametrize("columns", [1, 50, 256])
def test_a_row_of_a_product_has_the_same_bits_at_every_position_of_its_block(columns: int) -> None:
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(REAL_WIDTH, columns)).astype(np.float32)
    row = rng.normal(size=(1, REAL_WIDTH)).astype(np.float32)
    alone = multiply(row, weights)[0].tobytes()
    for position in range(2 * BLOCK + 3):
        rows = rng.normal(size=(2 * BLOCK + 3, REAL_WIDTH)).astype(np.float32)
        rows[position] = row[0]
        assert multiply(rows, weights)[position].tobytes() == alone
    assert multiply(rows, weights) == pytest.approx(rows @ weights, abs=1e-3)


def test_where_a_row_lies_in_memory_changes_no_bit() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(BLOCK, REAL_WIDTH)).astype(np.float32)
    for columns in (1, 50):
        weights = rng.normal(size=(REAL_WIDTH, columns)).astype(np.float32)
        expected = multiply(rows, weights)
        for offset in range(4, 68, 4):
            raw = bytearray(offset) + rows.tobytes()
            moved = np.frombuffer(raw, dtype=np.float32, offset=offset).reshape(rows.shape)
            assert (multiply(moved, weights) == expected).all()


def test_training_twice_gives_the_same_bits_and_another_seed_another_head() -> None:
    data = labelled(150, 4)
    for training in SHORT.values():
        first, again, other = (training.fit(data.features, data.is_fake, seed=s) for s in (5, 5, 6))
        for name, tensor in first.state().items():
            assert tensor.tobytes() == again.state()[name].tobytes()
        if first.losses:
            assert any((first.state()[n] != t).any() for n, t in other.state().items())


def test_the_source_preset_has_the_source_methods_hyper_parameters() -> None:
    source = PRESETS["source"].heads
    assert source[HeadName.LINEAR] == LinearTraining(30, 1e-3, 1e-4, 128)
    assert source[HeadName.MC_DROPOUT] == McDropoutTraining(256, 0.3, 50, 30, 1e-3, 1e-4, 128)
    assert source[HeadName.VARIATIONAL] == VariationalTraining(0.5, 1.0, -3.0, 50, 1e-3, 128)
    assert [name.value for name in source] == ["linear", "naive_bayes", "mc_dropout", "variational"]


def test_the_extended_preset_has_every_head_and_the_source_methods_as_they_are() -> None:
    extended = PRESETS["extended"].heads
    assert list(HEADS) == list(HeadName)
    assert list(extended) == [name for name in HEADS if name is not HeadName.UPDATED]
    assert PRESETS["source"].heads.items() <= extended.items()


def test_the_registry_is_whole() -> None:
    titles = [spec.title for spec in HEADS.values()]
    assert len({spec.head for spec in HEADS.values()}) == len(set(titles)) == len(HEADS)
    for name, spec in HEADS.items():
        assert spec.trainings.keys() <= PRESETS.keys(), "a preset that nobody trains"
        # Names of tensors in a checkpoint begin with the head's; these are other parts.
        assert name not in {"standardizer", "space", "gate", "novelty", "calibration", "seen"}
        if spec.grid:
            cells = list(spec.grid.cells())
            assert len(cells) == len(spec.grid)
            assert all(type(spec.grid.training(cell)) is type(spec.grid.base) for cell in cells)
    assert head_title("mc_dropout") == "MC dropout"
    assert head_title("another detector's") == "another detector's"


def test_every_head_learns_and_its_loss_falls() -> None:
    train, fresh = labelled(400, 9, shift=1.5), labelled(400, 10, shift=1.5)
    for training in PRESETS["extended"].heads.values():
        head = training.fit(train.features, train.is_fake, seed=1)
        right = (head.predict(fresh.features).p_fake >= 0.5) == fresh.is_fake
        assert right.mean() > 0.7, type(head)
        assert not head.losses or head.losses[-1] < head.losses[0]


def test_the_variational_prediction_is_that_of_a_hundred_nodes_within_a_millionth(
    trained: dict[HeadName, Head], features: Matrix
) -> None:
    head = trained[HeadName.VARIATIONAL]
    state = head.state()
    exact = features.astype(np.float64)
    mean = exact @ state["mean"].astype(np.float64) + state["bias_mean"]
    variance = exact**2 @ state["std"].astype(np.float64) ** 2 + state["bias_std"] ** 2
    nodes, weights = np.polynomial.hermite_e.hermegauss(100)
    logits = mean[:, None] + np.sqrt(variance)[:, None] * nodes
    expected = expit(logits) @ weights / weights.sum()
    assert np.abs(head.predict(features).p_fake - expected).max() < 1e-6


@pytest.mark.parametrize("spread", [0.0, 0.3, 0.9, 2.0, 4.0, 6.0])
@pytest.mark.parametrize("mean", [-4.0, -0.5, 0.0, 2.5])
def test_quadrature_agrees_with_adaptive_integration(mean: float, spread: float) -> None:
    prediction = logit_normal(np.array([mean]), np.array([spread**2]))

    def expect(value: np.ufunc, power: int = 1) -> float:
        if spread == 0:
            return float(value(mean)) ** power
        density = norm(mean, spread).pdf
        span = (mean - 12 * spread, mean + 12 * spread)
        return float(quad(lambda z: value(z) ** power * density(z), *span, limit=200)[0])

    p = expect(expit)
    conditional = expect(lambda z: entr(expit(z)) + entr(expit(-z)))  # type: ignore[arg-type]
    assert prediction.p_fake[0] == pytest.approx(p, abs=1e-6)
    variance = max(expect(expit, 2) - p**2, 0)
    assert prediction.std[0] == pytest.approx(variance**0.5, abs=1e-6)
    assert prediction.entropy[0] == pytest.approx(entr(p) + entr(1 - p), abs=1e-6)
    information = entr(p) + entr(1 - p) - conditional
    assert prediction.mutual_information[0] == pytest.approx(information, abs=1e-6)


def test_the_stored_masks_agree_with_20_000_random_ones_within_their_own_error(
    trained: dict[HeadName, Head], features: Matrix
) -> None:
    head = trained[HeadName.MC_DROPOUT]
    assert isinstance(head, McDropoutHead)
    state = head.state()
    rows = features[:20]
    hidden = np.maximum(rows @ state["hidden_weight"].T + state["hidden_bias"], 0)
    rng = np.random.default_rng(2)
    masks = rng.random((20_000, hidden.shape[1])) < state["keep"]
    logits = (hidden * state["output_weight"] / state["keep"]) @ masks.T + state["output_bias"]
    members = expit(logits)
    passes = len(state["masks"])
    assert passes == 50
    error = members.std(axis=1) / passes**0.5
    prediction = head.predict(rows)
    # The same 50 masks serve all images, so deviations move together: 4 standard errors.
    assert (np.abs(prediction.p_fake - members.mean(axis=1)) < 4 * error).all()
    assert prediction.std == pytest.approx(members.std(axis=1), rel=0.5)


def test_one_product_says_what_a_loop_over_the_masks_says(
    trained: dict[HeadName, Head], features: Matrix
) -> None:
    head, rows = trained[HeadName.MC_DROPOUT], features[:9]
    state = head.state()
    hidden = np.maximum(rows @ state["hidden_weight"].T + state["hidden_bias"], 0)
    passes = [
        expit(hidden * mask / state["keep"] @ state["output_weight"] + state["output_bias"])
        for mask in state["masks"]
    ]
    prediction = head.predict(rows)
    assert prediction.p_fake == pytest.approx(np.mean(passes, axis=0), abs=1e-6)
    assert prediction.std == pytest.approx(np.std(passes, axis=0), abs=1e-6)


def test_a_head_with_one_set_of_weights_is_uncertain_only_through_its_entropy(
    heads: list[Head], features: Matrix
) -> None:
    for head in heads:
        prediction = head.predict(features)
        assert (prediction.entropy <= np.log(2) + 1e-12).all()
        assert (prediction.mutual_information <= prediction.entropy).all()
        assert prediction.std.any() == prediction.mutual_information.any() == head.has_std


def test_naive_bayes_is_the_ratio_of_its_normal_densities() -> None:
    data = labelled(300, 11)
    head = NaiveBayesTraining().fit(data.features, data.is_fake, seed=0)
    fake, real = data.features[data.is_fake], data.features[~data.is_fake]
    odds = np.log(len(fake) / len(real))
    for rows, sign in ((fake, 1), (real, -1)):
        density = norm(rows.mean(axis=0, dtype=float), rows.std(axis=0, dtype=float))
        odds = odds + sign * density.logpdf(data.features).sum(axis=1)
    assert head.predict(data.features).p_fake == pytest.approx(expit(odds), abs=1e-4)


def test_a_direction_constant_in_one_class_does_not_decide_alone() -> None:
    data = labelled(300, 12)
    data.features[:, 0] = np.where(data.is_fake, 0.0, data.features[:, 0] * 1e-3)
    head = NaiveBayesTraining().fit(
        Standardizer.fit(data.features).apply(data.features), data.is_fake, seed=0
    )
    assert np.isfinite(head.predict(data.features).p_fake).all()
    assert (head.state()["variance"] >= np.float32(1e-2)).all()


def test_the_standardiser_gives_mean_0_and_std_1_and_floors_what_hardly_moves() -> None:
    features = labelled(500, 13).features
    features[:, 3] = 7.0
    standardizer = Standardizer.fit(features)
    out = np.delete(standardizer.apply(features), 3, axis=1)
    assert out.mean(axis=0) == pytest.approx(0, abs=1e-5)
    assert out.std(axis=0) == pytest.approx(1, abs=1e-4)
    assert standardizer.scale[3] > 0.01


def test_a_head_comes_back_from_its_state_with_the_same_predictions(
    heads: list[Head], features: Matrix
) -> None:
    for head in heads:
        copy = type(head).from_state(head.state(), REAL_WIDTH)
        assert same(copy.predict(features), head.predict(features))


def test_a_missing_or_misshapen_tensor_is_named(heads: list[Head]) -> None:
    for head in heads:
        for name, tensor in head.state().items():
            others = {key: value for key, value in head.state().items() if key != name}
            with pytest.raises(CheckpointError, match=f"tensor {name} is missing"):
                type(head).from_state(others, REAL_WIDTH)
            with pytest.raises(CheckpointError, match=f"tensor {name} is"):
                type(head).from_state({**others, name: tensor[None]}, REAL_WIDTH)


def test_a_variational_head_without_spread_is_a_linear_head() -> None:
    rows = labelled(5, 14).features
    mean = np.ones(rows.shape[1], dtype=np.float32)
    zero = np.zeros(1, dtype=np.float32)
    prediction = VariationalHead(mean, mean * 0, zero, zero).predict(rows)
    assert prediction.p_fake == pytest.approx(expit(rows.sum(axis=1)), abs=1e-6)
    assert prediction.std == pytest.approx(0, abs=1e-7)
