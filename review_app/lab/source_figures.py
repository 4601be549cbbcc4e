"""The figures that the document of the source method reports of itself, to be shown beside our own.

The figures are those of its authors (the Bayesian deepfake detection project that this program
follows), on their data: 1,952 images of Deepfake-Eval-2024, 932 to train, 234 to validate, 786 to
test, seen through an Xception with 2,048 features. Other data give other figures: a difference says
nothing about either program. Their thresholds were chosen on the test images themselves, ours on
validation images, so that their accuracy and F1 flatter by an unknown amount.

The names follow ``metrics.json``; ``auroc`` has one number because no interval was given.
"""

from __future__ import annotations

from typing import Any


def _at(threshold: float, accuracy: float, f1: float, recall: float, precision: float) -> Any:
    return {
        "threshold": threshold,
        "accuracy": accuracy,
        "f1": f1,
        "recall": recall,
        "precision": precision,
    }


def _rejecting(*lines: tuple[float, float]) -> Any:
    rates = (0.0, 0.05, 0.1, 0.2)
    return [
        {"rate": rate, "accuracy": accuracy, "f1": f1}
        for rate, (accuracy, f1) in zip(rates, lines, strict=True)
    ]


SOURCE_FIGURES: dict[str, Any] = {
    "data": "Deepfake-Eval-2024",
    "n_train": 932,
    "n_val": 234,
    "n_test": 786,
    "n_test_fake": 481,
    "heads": {
        "linear": {
            "auroc": [0.745],
            "thresholds": {
                "f1": _at(0.148, 0.681, 0.774, 0.894, 0.683),
                "accuracy": _at(0.337, 0.693, 0.755, 0.771, 0.739),
            },
        },
        "naive_bayes": {
            "auroc": [0.691],
            "thresholds": {
                "f1": _at(0.0, 0.612, 0.759, 1.0, 0.612),
                "accuracy": _at(0.001, 0.672, 0.726, 0.709, 0.743),
            },
        },
        "mc_dropout": {
            "auroc": [0.752],
            "thresholds": {
                "f1": _at(0.015, 0.679, 0.782, 0.938, 0.670),
                "accuracy": _at(0.516, 0.712, 0.769, 0.782, 0.757),
            },
            "std_correct": 0.042,
            "std_wrong": 0.063,
            "uncertainty_gap": 0.021,
            "error_auroc": 0.643,
            "aurc": 0.126,
            "reject": _rejecting((0.711, 0.768), (0.714, 0.771), (0.719, 0.776), (0.734, 0.794)),
            "losses": {
                "1": 0.6277, "5": 0.1141, "10": 0.0215, "15": 0.0075, "20": 0.0037, "25": 0.0024,
                "30": 0.0019,
            },
        },
        "variational": {
            "auroc": [0.736],
            "thresholds": {
                "f1": _at(0.112, 0.677, 0.782, 0.946, 0.666),
                "accuracy": _at(0.204, 0.686, 0.776, 0.888, 0.689),
            },
            "std_correct": 0.234,
            "std_wrong": 0.284,
            "uncertainty_gap": 0.050,
            "error_auroc": 0.636,
            "aurc": 0.144,
            "reject": _rejecting((0.672, 0.709), (0.672, 0.710), (0.681, 0.718), (0.704, 0.740)),
            "losses": {
                "1": 9.148, "10": 8.551, "20": 8.311, "30": 8.029, "40": 7.804, "50": 7.475,
            },
        },
    },
}  # fmt: skip
