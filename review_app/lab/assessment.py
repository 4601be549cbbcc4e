"""The worth of the heads of one checkpoint on labelled images, in full: arrays in, JSON out.

Nothing is chosen here: thresholds come from validation images, so that every figure is an estimate
for new images and not the best of many tries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.placements import auroc
from review_app.inference.heads import SOURCE_SEED, HeadName, HeadPrediction, Labels, Weights
from review_app.inference.rejection import reject_score
from review_app.lab.choices import mass_from
from review_app.lab.comparison import Contender, compare_all, paired_difference, told
from review_app.lab.metrics import (
    REJECT_RATES,
    Metrics,
    after_rejecting,
    balance,
    believable,
    classification,
    confusion,
    further_metrics,
    head_metrics,
    replicates,
    uncertainty,
)
from review_app.lab.reliability import consistency_band, reliability_bins
from review_app.lab.resampling import Resamples
from review_app.lab.selective import risk_coverage
from review_app.manifests.weights import normalised

IN_FORCE = "balanced_accuracy"
"""The rule whose threshold says "fake" everywhere but in the threshold tables."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HeadEvaluationInput:
    """The predictions of one head for n images, and what validation images decided for it."""

    prediction: HeadPrediction
    reject: Float64
    """The reject score that ships with the checkpoint, in [0, 0.5]; float64 [n]."""
    thresholds: Mapping[str, float]
    """The thresholds by the rule that chose them on validation images: balanced_accuracy, f1,
    accuracy."""
    has_std: bool

    @property
    def threshold(self) -> float:
        """The threshold in force."""
        return self.thresholds[IN_FORCE]

    @property
    def called_fake(self) -> NDArray[np.bool_]:
        """Which images are called fake at the threshold in force, bool [n]."""
        return self.prediction.p_fake >= self.threshold

    @property
    def doubts(self) -> dict[str, Float64]:
        """Every uncertainty by name, float64 [n] each; those that the head has."""
        confidence = {"confidence": reject_score(self.prediction.p_fake), "reject": self.reject}
        if not self.has_std:
            return confidence
        return {
            "std": self.prediction.std,
            "mutual_information": self.prediction.mutual_information,
            **confidence,
        }

    def take(self, rows: NDArray[np.bool_]) -> HeadEvaluationInput:
        """The same for some of the images."""
        return HeadEvaluationInput(
            self.prediction.take(rows), self.reject[rows], self.thresholds, self.has_std
        )


def assess(
    heads: Mapping[HeadName, HeadEvaluationInput],
    is_fake: Labels,
    sources: Sequence[str],
    *,
    seed: int = SOURCE_SEED,
    weights: Weights = None,
) -> dict[str, Any]:
    """``{"heads": {name: metrics}, "comparisons": [...]}`` of n > 0 images; JSON-safe.

    ``metrics`` are those of :func:`review_app.lab.metrics.head_metrics` and further ones, an
    interval for each, both threshold tables, every uncertainty, calibration and each source apart.
    ``comparisons``: :func:`review_app.lab.comparison.compare_all`, where aurc and error_auroc
    are of the shipped reject score.
    """
    resamples = Resamples(is_fake, seed)
    assessed: dict[str, Metrics] = {}
    contenders: dict[str, Contender] = {}
    for name, head in heads.items():
        metrics, drawn = _assess_head(head, is_fake, resamples, seed, weights)
        metrics["sources"] = {
            source: _assess_source(
                head.take(rows),
                is_fake[rows],
                seed,
                None if weights is None else normalised(weights[rows]),
            )
            for source, rows in _rows_by_source(sources).items()
        }
        assessed[name.value] = metrics
        values = {
            "auroc": (metrics["auroc"] or [None])[0],
            "accuracy": metrics["accuracy"],
            "aurc": metrics["shipped"]["aurc"],
            "error_auroc": metrics["shipped"]["error_auroc"],
        }
        contenders[name.value] = Contender(head.prediction.p_fake, values, drawn)
    comparisons = compare_all(contenders, is_fake, weighted=weights is not None)
    return {"heads": assessed, "comparisons": comparisons}


def _assess_head(
    head: HeadEvaluationInput,
    is_fake: Labels,
    resamples: Resamples,
    seed: int,
    weights: Weights,
) -> tuple[Metrics, dict[str, Float64]]:
    """The metrics of one head, and the replicates under its shipped reject score."""
    prediction, called = head.prediction, head.called_fake
    p_fake = prediction.p_fake
    wrong = called != is_fake
    metrics = head_metrics(
        prediction, is_fake, head.threshold, has_std=head.has_std, seed=seed, weights=weights
    )
    doubt = uncertainty(prediction, head.has_std)
    by_std, by_shipped = (
        replicates(resamples, p_fake, called, is_fake, each, weights)
        for each in (doubt, head.reject)
    )
    shipped, ece = _ranking_of_errors(head.reject, wrong, weights), metrics["ece"]
    against = paired_difference(
        (shipped["aurc"], metrics["aurc"]), (by_shipped["aurc"], by_std["aurc"])
    )
    metrics |= {
        **further_metrics(called, p_fake, is_fake, weights),
        "confusion": confusion(called, is_fake),
        "intervals": believable(by_std, p_fake, called, is_fake, doubt, ece, weights),
        "thresholds": {
            rule: at_threshold(p_fake, is_fake, threshold, weights)
            for rule, threshold in head.thresholds.items()
        },
        "uncertainties": {
            name: _ranking_of_errors(doubt, wrong, weights) for name, doubt in head.doubts.items()
        },
        "shipped": {
            **shipped,
            "intervals": believable(by_shipped, p_fake, called, is_fake, head.reject, ece, weights),
            "reject": [_kept(rate, head.reject, called, is_fake, weights) for rate in REJECT_RATES],
            "against_std": told(against, is_fake) if against and head.has_std else None,
        },
        "calibration": _calibration(p_fake, is_fake, metrics["ece"], seed, weights)
        | {"bins": reliability_bins(p_fake, is_fake, seed=seed, weights=weights)},
    }
    return metrics, by_shipped


def _assess_source(
    head: HeadEvaluationInput, is_fake: Labels, seed: int, weights: Weights
) -> Metrics:
    """The headline figures on the images of one source; the threshold is that of all."""
    p_fake, called = head.prediction.p_fake, head.called_fake
    metrics = head_metrics(
        head.prediction, is_fake, head.threshold, has_std=head.has_std, seed=seed, weights=weights
    )
    drawn = replicates(Resamples(is_fake, seed), p_fake, called, is_fake, head.reject, weights)
    return {
        "n": len(is_fake),
        "n_fake": int(is_fake.sum()),
        **{name: metrics[name] for name in ("auroc", "accuracy", "f1", "brier", "nll", "ece")},
        "confusion": confusion(called, is_fake),
        "shipped": _ranking_of_errors(head.reject, called != is_fake, weights)
        | {"reject": [_kept(rate, head.reject, called, is_fake, weights) for rate in REJECT_RATES]},
        "intervals": believable(
            drawn, p_fake, called, is_fake, head.reject, metrics["ece"], weights
        ),
        "calibration": _calibration(p_fake, is_fake, metrics["ece"], seed, weights),
    }


def at_threshold(
    p_fake: Float64, is_fake: Labels, threshold: float, weights: Weights = None
) -> Metrics:
    """What calling fake at p_fake >= ``threshold`` gives on these images."""
    called = p_fake >= threshold
    return {
        "threshold": float(threshold),
        **classification(called, is_fake, weights),
        **balance(called, is_fake, weights),
        "confusion": confusion(called, is_fake),
    }


def threshold_curve(
    p_fake: Float64, is_fake: Labels, thresholds: Float64, weights: Weights = None
) -> dict[str, Float64]:
    """F1 of fake and accuracy at each threshold [k], float64 [k] each; F1 is 0 without a hit."""
    mass = np.ones(len(p_fake)) if weights is None else weights
    fake, real = mass[is_fake].sum(), mass[~is_fake].sum()
    hits = mass_from(p_fake[is_fake], mass[is_fake], thresholds)
    alarms = mass_from(p_fake[~is_fake], mass[~is_fake], thresholds)
    called = hits + alarms + fake
    return {
        "f1": 2 * hits / np.where(called > 0, called, 1.0),
        "accuracy": (hits + real - alarms) / mass.sum(),
    }


def _ranking_of_errors(doubt: Float64, wrong: NDArray[np.bool_], weights: Weights) -> Metrics:
    curve = risk_coverage(doubt, wrong, weights)
    return {
        "error_auroc": auroc(doubt, wrong, weights),
        "aurc": curve.aurc,
        "eaurc": curve.eaurc,
        "augrc": curve.augrc,
    }


def _kept(
    rate: float,
    doubt: Float64,
    called_fake: NDArray[np.bool_],
    is_fake: Labels,
    weights: Weights,
) -> Metrics:
    kept, scores = after_rejecting(rate, doubt, called_fake, is_fake, weights)
    return {
        "rate": rate,
        "kept": int(kept.sum()),
        "accuracy": scores["accuracy"],
        "f1": scores["f1"],
    }


def _calibration(
    p_fake: Float64, is_fake: Labels, ece: float, seed: int, weights: Weights
) -> Metrics:
    """The ECE beside what a perfectly calibrated model shows.

    ``inside``: within that range; ``compatible``: not above it, which is what counts.
    """
    low, high = consistency_band(p_fake, seed=seed, weights=weights)
    return {
        "ece": ece,
        "band": [low, high],
        "inside": low <= ece <= high,
        "compatible": ece <= high,
        "mean_p_fake": float(np.average(p_fake, weights=weights)),
        "fake_share": float(np.average(is_fake, weights=weights)),
    }


def _rows_by_source(sources: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
    """Which images come from each named source, by name; empty where all are of one."""
    named = np.array(sources, dtype=object)
    return {each: named == each for each in sorted(set(sources) - {""})}
