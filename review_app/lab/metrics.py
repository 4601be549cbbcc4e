"""Metrics of one head on labelled images, by the field's standard names.

Fake is the positive class. Where a number is not defined (one class only, no errors at all) it is
None, which is null in JSON; NaN never occurs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss

from review_app.core import intervals as intervals_of
from review_app.core.placements import auroc
from review_app.inference.heads.base import SOURCE_SEED, HeadPrediction, Labels, Weights
from review_app.inference.rejection import reject_score
from review_app.lab.reliability import calibration_errors, expected_calibration_error
from review_app.lab.resampling import (
    SAMPLES,
    Ranked,
    Ranking,
    Resamples,
    Statistics,
    aurocs,
    average_precisions,
    interval,
    selective_errors,
)
from review_app.lab.selective import rejected, risk_coverage
from review_app.lab.weighed import calibration_errors_by_mass, selective_by_mass
from review_app.manifests.weights import effective_size

REJECT_RATES = (0.0, 0.05, 0.1, 0.2)
_CERTAIN = 1e-12  # log loss of a confident mistake stays finite

Float64 = NDArray[np.float64]
Metrics = dict[str, Any]


def uncertainty(prediction: HeadPrediction, has_std: bool) -> Float64:
    """The source method's std of P(fake), or the reject score for heads that have none."""
    return prediction.std if has_std else reject_score(prediction.p_fake)


def head_metrics(
    prediction: HeadPrediction,
    is_fake: Labels,
    threshold: float,
    *,
    has_std: bool,
    seed: int = SOURCE_SEED,
    weights: Weights = None,
) -> Metrics:
    """The metrics of one head on n > 0 images that every card and ``evaluate --json`` carries.
    Images count as ``weights`` [n] say.

    ``threshold`` comes from validation data: an image is called fake at p_fake >= threshold. The
    uncertainty behind error_auroc, aurc, eaurc, augrc and the reject table is :func:`uncertainty`;
    std_correct, std_wrong and their gap are None for a head without std. ``seed`` draws the 1,000
    bootstrap samples of auroc's percentile interval [value, low, high]. More metrics, and an
    interval for each: :func:`further_metrics`.
    """
    p_fake = prediction.p_fake
    called_fake = p_fake >= threshold
    wrong = called_fake != is_fake
    doubt = uncertainty(prediction, has_std)
    curve = risk_coverage(doubt, wrong, weights)
    std_correct = _mean(doubt, ~wrong, weights) if has_std else None
    std_wrong = _mean(doubt, wrong, weights) if has_std else None
    gap = None if std_correct is None or std_wrong is None else std_wrong - std_correct
    return {
        "auroc": auroc_interval(p_fake, is_fake, seed=seed, weights=weights),
        **classification(called_fake, is_fake, weights),
        "brier": float(brier_score_loss(is_fake, p_fake, pos_label=True, sample_weight=weights)),
        "nll": negative_log_likelihood(p_fake, is_fake, weights),
        "ece": expected_calibration_error(p_fake, is_fake, weights),
        "threshold": float(threshold),
        "std_correct": std_correct,
        "std_wrong": std_wrong,
        "uncertainty_gap": gap,
        "error_auroc": auroc(doubt, wrong, weights),
        "aurc": curve.aurc,
        "eaurc": curve.eaurc,
        "augrc": curve.augrc,
        "reject": [_rejecting(rate, doubt, called_fake, is_fake, weights) for rate in REJECT_RATES],
    }


def classification(
    called_fake: NDArray[np.bool_], is_fake: Labels, weights: Weights = None
) -> Metrics:
    """Accuracy, F1, precision and recall of fake; None where a denominator is 0."""
    mass = np.ones(len(is_fake)) if weights is None else weights
    hits = float(mass[called_fake & is_fake].sum())
    called, fakes = float(mass[called_fake].sum()), float(mass[is_fake].sum())
    return {
        "accuracy": _ratio(float(mass[called_fake == is_fake].sum()), float(mass.sum())),
        "f1": _ratio(2 * hits, called + fakes),
        "precision": _ratio(hits, called),
        "recall": _ratio(hits, fakes),
    }


def auroc_interval(
    score: Float64,
    positive: NDArray[np.bool_],
    *,
    seed: int,
    samples: int = SAMPLES,
    weights: Weights = None,
) -> list[Any] | None:
    """[AUROC, low, high], or None where a class is missing.

    The ends are the 2.5% and 97.5% percentiles of a bootstrap within each class where those can be
    believed (`review_app.core.intervals`), and None each where nothing can.
    """
    value = auroc(score, positive, weights)
    if value is None:
        return None
    ranking = Ranking(score)
    drawn = Resamples(positive, seed, samples).statistics(
        lambda counts: {"auroc": aurocs(ranking.of(weighed(counts, weights)), positive)}
    )
    return with_ends(value, interval(drawn["auroc"]), positive, weights)


def with_ends(
    value: float, drawn: list[float] | None, positive: NDArray[np.bool_], weights: Weights = None
) -> list[float | None]:
    """[AUROC, low, high] with the ends that can be believed; ``drawn`` are those of a bootstrap."""
    sizes = (size(positive, weights), size(~positive, weights))
    return [value, *(intervals_of.of_auroc(value, *sizes, drawn) or (None, None))]


def size(of: NDArray[np.bool_], weights: Weights = None) -> float:
    """How many images ``of`` marks, or how many of equal weight tell as much."""
    return float(of.sum()) if weights is None else effective_size(weights[of])


def weighed(counts: Float64, weights: Weights) -> Float64:
    """Resamples [rows, n] in which an image counts as often as it was drawn, times its weight."""
    return counts if weights is None else counts * weights


def further_metrics(
    called_fake: NDArray[np.bool_], p_fake: Float64, is_fake: Labels, weights: Weights = None
) -> Metrics:
    """Average precision, balanced accuracy, Matthews correlation; None where undefined."""
    return {
        "average_precision": float(average_precision_score(is_fake, p_fake, sample_weight=weights))
        if is_fake.any()
        else None,
        **balance(called_fake, is_fake, weights),
    }


def confusion(called_fake: NDArray[np.bool_], is_fake: Labels) -> dict[str, int]:
    """The four counts of images: fakes called fake and real, reals called fake and real."""
    return {name: int(part.sum()) for name, part in _outcomes(called_fake, is_fake).items()}


def _outcomes(called_fake: NDArray[np.bool_], is_fake: Labels) -> dict[str, NDArray[np.bool_]]:
    return {
        "fake_called_fake": is_fake & called_fake,
        "fake_called_real": is_fake & ~called_fake,
        "real_called_fake": ~is_fake & called_fake,
        "real_called_real": ~is_fake & ~called_fake,
    }


def balance(called_fake: NDArray[np.bool_], is_fake: Labels, weights: Weights = None) -> Metrics:
    """Balanced accuracy and Matthews correlation; None where undefined."""
    mass = np.ones(len(is_fake)) if weights is None else weights
    counts = {name: float(mass[of].sum()) for name, of in _outcomes(called_fake, is_fake).items()}
    tp, fn, fp, tn = counts.values()
    sensitivity, specificity = _ratio(tp, tp + fn), _ratio(tn, tn + fp)
    both = None if sensitivity is None or specificity is None else (sensitivity + specificity) / 2
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    mcc = (tp * tn - fp * fn) / math.sqrt(product) if product else None
    return {"balanced_accuracy": both, "mcc": mcc}


def replicates(
    resamples: Resamples,
    p_fake: Float64,
    called_fake: NDArray[np.bool_],
    is_fake: Labels,
    doubt: Float64,
    weights: Weights = None,
) -> dict[str, Float64]:
    """Every headline metric of every resample, by name, float64 [samples]; NaN where undefined.

    ``doubt`` [n] is the uncertainty behind error_auroc, aurc and ``accuracy_kept_80`` (after the
    most uncertain 20% are rejected; 90 and 95 likewise). Resamples of one seed pair the heads.
    """
    by_score, by_doubt = Ranking(p_fake), Ranking(doubt)
    right, wrong = called_fake == is_fake, called_fake != is_fake
    losses = log_losses(p_fake, is_fake)

    def measure(drawn: Float64) -> Statistics:
        counts = weighed(drawn, weights)
        n = counts.sum(axis=1)
        scored, doubted = by_score.of(counts), by_doubt.of(counts)
        hits = counts @ (called_fake & is_fake)
        with np.errstate(invalid="ignore"):
            found = {
                "accuracy": counts @ right / n,
                "f1": 2 * hits / (counts @ called_fake + counts @ is_fake),
                "auroc": aurocs(scored, is_fake),
                "average_precision": average_precisions(scored, is_fake),
                "brier": counts @ (p_fake - is_fake) ** 2 / n,
                "nll": counts @ losses / n,
                "error_auroc": aurocs(doubted, wrong),
            }
        if weights is not None:
            found["ece"] = calibration_errors_by_mass(scored, p_fake - is_fake)
            return found | dict(selective_by_mass(doubted, wrong, REJECT_RATES[1:]))
        found["ece"] = calibration_errors(scored, p_fake, is_fake)
        return found | _selective(doubted, wrong)

    return resamples.statistics(measure)


def _selective(doubted: Ranked, wrong: NDArray[np.bool_]) -> dict[str, Float64]:
    errors = selective_errors(doubted, wrong)
    n = len(wrong)
    found = {"aurc": (errors / np.arange(1, n + 1)).mean(axis=1)}
    for rate in REJECT_RATES[1:]:
        kept = n - round(rate * n)
        found[f"accuracy_kept_{round(100 * (1 - rate))}"] = (
            1 - errors[:, kept - 1] / kept if kept else np.full(len(errors), np.nan)
        )
    return found


def intervals(
    drawn: Mapping[str, Float64], ece: float | None = None
) -> dict[str, list[float] | None]:
    """The 95% interval [low, high] of each metric of :func:`replicates`: percentiles.

    A resample repeats images, which by itself raises an ECE; its interval is therefore reflected
    at the measured ``ece`` (the basic bootstrap), and cut at 0.
    """
    found = {name: interval(values) for name, values in drawn.items()}
    skewed = found.get("ece")
    if skewed is not None and ece is not None:
        found["ece"] = [max(2 * ece - skewed[1], 0.0), max(2 * ece - skewed[0], 0.0)]
    return found


def believable(
    drawn: Mapping[str, Float64],
    p_fake: Float64,
    called_fake: NDArray[np.bool_],
    is_fake: Labels,
    doubt: Float64,
    ece: float,
    weights: Weights = None,
) -> dict[str, list[float] | None]:
    """The intervals [low, high] that are told of the metrics of :func:`replicates`.

    Shares and F1 have score intervals, AUROCs those of `intervals.of_auroc`; the rest has the
    bootstrap's, or None where a class has too few images for it or all resamples say the same.
    """
    wrong = called_fake != is_fake
    fewest = min(size(is_fake, weights), size(~is_fake, weights))
    found = {
        name: intervals_of.of_figure(ends, fewest) for name, ends in intervals(drawn, ece).items()
    }
    told = classification(called_fake, is_fake, weights)
    found["accuracy"] = intervals_of.of_share(told["accuracy"], size(wrong | ~wrong, weights))
    found["f1"] = intervals_of.of_f1(told["f1"], size(called_fake | is_fake, weights))
    for rate in REJECT_RATES[1:]:
        kept, scores = after_rejecting(rate, doubt, called_fake, is_fake, weights)
        ends = intervals_of.of_share(scores["accuracy"], size(kept, weights))
        found[f"accuracy_kept_{round(100 * (1 - rate))}"] = ends
    found |= {"auroc": None, "error_auroc": None}
    for name, score, positive in (("auroc", p_fake, is_fake), ("error_auroc", doubt, wrong)):
        value = auroc(score, positive, weights)
        if value is not None:
            sizes = (size(positive, weights), size(~positive, weights))
            found[name] = intervals_of.of_auroc(value, *sizes, interval(drawn[name]))
    return found


def negative_log_likelihood(p_fake: Float64, is_fake: Labels, weights: Weights = None) -> float:
    """Mean log loss in nats; probabilities are kept 1e-12 from 0 and 1."""
    return float(np.average(log_losses(p_fake, is_fake), weights=weights))


def log_losses(p_fake: Float64, is_fake: Labels) -> Float64:
    """Log loss of each image in nats, [n]; probabilities are kept 1e-12 from 0 and 1."""
    clipped = np.clip(p_fake, _CERTAIN, 1 - _CERTAIN)
    losses: Float64 = -np.log(np.where(is_fake, clipped, 1 - clipped))
    return losses


def after_rejecting(
    rate: float,
    doubt: Float64,
    called_fake: NDArray[np.bool_],
    is_fake: Labels,
    weights: Weights,
) -> tuple[NDArray[np.bool_], Metrics]:
    """Which images are kept when the most uncertain share ``rate`` is rejected, bool [n], and the
    `classification` of those."""
    kept = ~rejected(doubt, rate, weights)
    mass = None if weights is None else weights[kept]
    return kept, classification(called_fake[kept], is_fake[kept], mass)


def _rejecting(
    rate: float,
    doubt: Float64,
    called_fake: NDArray[np.bool_],
    is_fake: Labels,
    weights: Weights,
) -> Metrics:
    _, scores = after_rejecting(rate, doubt, called_fake, is_fake, weights)
    return {"rate": rate, "accuracy": scores["accuracy"], "f1": scores["f1"]}


def _mean(values: Float64, of: NDArray[np.bool_], weights: Weights) -> float | None:
    mass = None if weights is None else weights[of]
    return float(np.average(values[of], weights=mass)) if of.any() else None


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
