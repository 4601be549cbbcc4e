"""What one head is worth on labelled images, by the field's standard names.

Fake is the positive class. Where a number is not defined (one class only, no errors at all) it is
None, which is null in JSON; NaN never occurs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from review_app.detector.heads.base import SOURCE_SEED, HeadPrediction, Labels
from review_app.detector.selective import rejected, risk_coverage

REJECT_RATES = (0.0, 0.05, 0.1, 0.2)
_BOOTSTRAP = 1000
_BINS = 10
_CERTAIN = 1e-12  # log loss of a confident mistake stays finite

Float64 = NDArray[np.float64]
Metrics = dict[str, Any]


def reject_score(p_fake: Float64) -> Float64:
    """1 - max(p, 1 - p): the best ranking of 0-1 errors where p is calibrated."""
    score: Float64 = np.minimum(p_fake, 1.0 - p_fake)
    return score


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
) -> Metrics:
    """Every metric of one head on n > 0 images.

    ``threshold`` comes from validation data: an image is called fake at p_fake >= threshold. The
    uncertainty behind error_auroc, aurc, eaurc, augrc and the reject table is :func:`uncertainty`;
    std_correct, std_wrong and their gap are None for a head without std. ``seed`` draws the 1,000
    bootstrap samples of auroc's percentile interval [value, low, high].
    """
    p_fake = prediction.p_fake
    called_fake = p_fake >= threshold
    wrong = called_fake != is_fake
    doubt = uncertainty(prediction, has_std)
    curve = risk_coverage(doubt, wrong)
    std_correct = _mean(doubt[~wrong]) if has_std else None
    std_wrong = _mean(doubt[wrong]) if has_std else None
    gap = None if std_correct is None or std_wrong is None else std_wrong - std_correct
    return {
        "auroc": auroc_interval(p_fake, is_fake, seed=seed),
        **classification(called_fake, is_fake),
        "brier": float(brier_score_loss(is_fake, p_fake, pos_label=True)),
        "nll": negative_log_likelihood(p_fake, is_fake),
        "ece": expected_calibration_error(p_fake, is_fake),
        "threshold": float(threshold),
        "std_correct": std_correct,
        "std_wrong": std_wrong,
        "uncertainty_gap": gap,
        "error_auroc": auroc(doubt, wrong),
        "aurc": curve.aurc,
        "eaurc": curve.eaurc,
        "augrc": curve.augrc,
        "reject": [_after_rejecting(rate, doubt, called_fake, is_fake) for rate in REJECT_RATES],
    }


def classification(called_fake: NDArray[np.bool_], is_fake: Labels) -> Metrics:
    """Accuracy, F1, precision and recall of fake; None where a denominator is 0."""
    hits = int((called_fake & is_fake).sum())
    called, fakes = int(called_fake.sum()), int(is_fake.sum())
    return {
        "accuracy": _ratio(int((called_fake == is_fake).sum()), len(is_fake)),
        "f1": _ratio(2 * hits, called + fakes),
        "precision": _ratio(hits, called),
        "recall": _ratio(hits, fakes),
    }


def auroc(score: Float64, positive: NDArray[np.bool_]) -> float | None:
    """Area under the ROC curve, or None where one class is missing."""
    if positive.all() or not positive.any():
        return None
    return float(roc_auc_score(positive, score))


def auroc_interval(
    score: Float64, positive: NDArray[np.bool_], *, seed: int, samples: int = _BOOTSTRAP
) -> list[float] | None:
    """[AUROC, 2.5% and 97.5% percentiles of a bootstrap within each class], or None."""
    value = auroc(score, positive)
    if value is None:
        return None
    rng = np.random.default_rng(seed)
    resampled = _bootstrap_aurocs(score[positive], score[~positive], samples, rng)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return [value, float(low), float(high)]


def negative_log_likelihood(p_fake: Float64, is_fake: Labels) -> float:
    """Mean log loss in nats; probabilities are kept 1e-12 from 0 and 1."""
    clipped = np.clip(p_fake, _CERTAIN, 1 - _CERTAIN)
    return float(log_loss(is_fake, clipped, labels=[False, True]))


def expected_calibration_error(p_fake: Float64, is_fake: Labels) -> float:
    """ECE of P(fake) over ten bins of equal mass (Nixon et al. 2019): mean |p - rate| over bins.

    Images of one and the same p share a bin's mass evenly instead of being sorted by chance.
    """
    order = np.argsort(p_fake, kind="stable")
    _, tie, sizes = np.unique(p_fake[order], return_inverse=True, return_counts=True)
    rate = (np.bincount(tie, weights=is_fake[order]) / sizes)[tie]
    gap = p_fake[order] - rate
    bins = [part for part in np.array_split(gap, _BINS) if len(part)]
    return float(sum(abs(part.sum()) for part in bins) / len(p_fake))


def _bootstrap_aurocs(
    positive: Float64, negative: Float64, samples: int, rng: np.random.Generator
) -> Float64:
    """AUROCs of resampled classes, by counting pairs between weighted sorted scores."""
    values, rank = np.unique(np.concatenate([positive, negative]), return_inverse=True)

    def draw(ranks: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.bincount(rng.choice(ranks, len(ranks)), minlength=len(values))

    aurocs = np.empty(samples)
    for sample in range(samples):
        up, down = draw(rank[: len(positive)]), draw(rank[len(positive) :])
        below = np.cumsum(down) - 0.5 * down
        aurocs[sample] = (up @ below) / (len(positive) * len(negative))
    return aurocs


def _after_rejecting(
    rate: float, doubt: Float64, called_fake: NDArray[np.bool_], is_fake: Labels
) -> Metrics:
    kept = ~rejected(doubt, rate)
    scores = classification(called_fake[kept], is_fake[kept])
    return {"rate": rate, "accuracy": scores["accuracy"], "f1": scores["f1"]}


def _mean(values: Float64) -> float | None:
    return float(values.mean()) if len(values) else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
