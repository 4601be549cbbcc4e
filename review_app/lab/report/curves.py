"""Curves: ROC with intervals beside it, risk against coverage, F1 against threshold, losses."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from review_app.inference.heads import HeadName
from review_app.lab.assessment import threshold_curve
from review_app.lab.evaluation import Evaluation
from review_app.lab.report.style import (
    FAINT,
    INK,
    MUTED,
    Drawing,
    drawable,
    finish,
    key,
    label,
    legend,
    outer,
    panels,
    stroke,
    words,
)
from review_app.lab.selective import risk_coverage

_DOUBTS = {
    "reject": ("shipped reject score", "#7fb3d9", "-"),
    "confidence": ("1 - max(p, 1 - p)", "#e69f00", (0, (5, 1.5))),
    "std": ("std of P(fake)", "#1d2733", (0, (1, 1))),
    "mutual_information": ("mutual information", "#cc79a7", (0, (4, 1, 1, 1))),
}
_VALIDATION = "#5b8db8"
_RULES = {
    "balanced_accuracy": ("D", "white", 10),
    "f1": ("^", "#e69f00", 8),
    "accuracy": ("o", "#0072b2", 4.5),
}
_GRID = np.linspace(0, 1, 1001)


def discrimination(evaluation: Evaluation) -> Drawing | None:
    """ROC curves, and every AUROC with its interval, of all images and of each source."""
    heads = evaluation.document["heads"]
    if any(metrics["auroc"] is None for metrics in heads.values()):
        return None
    sources = list(next(iter(heads.values()))["sources"])
    figure, (left, right) = panels(2, columns=2, height=4.3)
    left.plot([0, 1], [0, 1], color=FAINT, linewidth=1)
    groups = ["", *sources] if len(sources) > 1 else [""]
    step = 1 / (len(heads) + 1.5)
    for at, (name, head) in enumerate(evaluation.heads.items()):
        look = stroke(name)
        alarms, hits, _ = roc_curve(
            evaluation.is_fake, head.prediction.p_fake, sample_weight=evaluation.weights
        )
        left.plot(alarms, hits, color=look.color, linestyle=look.line, linewidth=1.4)
        for row, group in enumerate(groups):
            metrics = heads[name]["sources"][group] if group else heads[name]
            if metrics["auroc"] is None:
                continue
            value, low, high = metrics["auroc"]
            y = row + at * step
            if low is not None:
                right.plot([low, high], [y, y], color=look.color, linewidth=1.6)
            right.plot(value, y, look.marker, color=look.color, markersize=5, markeredgecolor=INK)
    left.set_aspect("equal")
    label(left, "ROC curves", "reals called fake", "fakes called fake")
    right.set_yticks([row + step * (len(heads) - 1) / 2 for row in range(len(groups))])
    right.set_yticklabels(
        [drawable(group or "all images", 24) for group in groups], parse_math=False
    )
    right.invert_yaxis()
    label(right, "AUROC with 95% intervals", "AUROC (0.5 is chance)")
    keys = [
        key(look.color, words(name), linestyle=look.line, marker=look.marker, markersize=4)
        for name, look in ((name, stroke(name)) for name in evaluation.heads)
    ]
    legend(left, keys, loc="lower right")
    best = max(heads, key=lambda name: heads[name]["auroc"][0])
    value, low, high = heads[best]["auroc"]
    within = "too few images for one" if low is None else f"interval {low:.3f} to {high:.3f}"
    alt = (
        f"ROC curves of {len(heads)} heads, and their AUROC with 95% intervals"
        f"{' for all images and for each source' if len(groups) > 1 else ''}. The highest is "
        f"{words(best)} with {value:.3f}, {within}."
    )
    return finish(figure, "How well each head tells fake from real", alt)


def risk_and_coverage(evaluation: Evaluation) -> Drawing:
    """Error among the accepted images: every head by its shipped score, one head by each doubt."""
    default = HeadName(evaluation.document["default_head"])
    figure, (left, right) = panels(2, columns=2, height=3.9)
    for name, head in evaluation.heads.items():
        look = stroke(name)
        wrong = head.called_fake != evaluation.is_fake
        curve = risk_coverage(head.reject, wrong, evaluation.weights)
        left.plot(
            curve.coverage,
            curve.selective_risk,
            color=look.color,
            linestyle=look.line,
            linewidth=2.2 if name == default else 1.3,
            label=f"{words(name)}, AURC {curve.aurc:.3f}",
        )
    head = evaluation.heads[default]
    wrong = head.called_fake != evaluation.is_fake
    doubts = head.doubts
    for doubt, (text, color, line) in _DOUBTS.items():
        if doubt not in doubts:
            continue
        curve = risk_coverage(doubts[doubt], wrong, evaluation.weights)
        right.plot(
            curve.coverage,
            curve.selective_risk,
            color=color,
            linestyle=line,
            linewidth=3 if doubt == "reject" else 1.4,
            label=f"{text}, AURC {curve.aurc:.3f}",
        )
    ideal = risk_coverage(wrong.astype(np.float64), wrong, evaluation.weights)
    all_wrong = ideal.selective_risk[-1]
    right.plot(
        ideal.coverage, ideal.selective_risk, color=MUTED, linewidth=1, label="best possible order"
    )
    right.axhline(all_wrong, color=FAINT, linewidth=1.2, zorder=0, label="random order")
    label(left, "Every head, by its reject score", "share of images accepted", "errors among them")
    label(right, f"{words(default)}, by each uncertainty", "share of images accepted")
    top = max(0.05, *(_after_start(each) for each in (left, right)))
    for axes in (left, right):
        axes.set_xlim(0, 1)
        axes.set_ylim(0, top)
        legend(axes, loc="upper left")
    shipped = evaluation.document["heads"][default]["shipped"]
    kept = shipped["reject"][-1]
    alt = (
        f"Share of errors among accepted images as more are accepted, most certain first. For the "
        f"default head, {words(default)}, the area under the curve is {shipped['aurc']:.3f}; "
        + (
            f"with the most uncertain fifth left out, {1 - kept['accuracy']:.1%} of the rest are "
            f"wrong, against {all_wrong:.1%} of all."
            if kept["accuracy"] is not None
            else "nothing is left after a fifth is rejected."
        )
    )
    return finish(figure, "Errors against the share of images accepted", alt)


def f1_and_threshold(evaluation: Evaluation) -> Drawing:
    """F1 at every threshold on the evaluated and the validation images; chosen ones marked."""
    figure, axes = panels(len(evaluation.heads), height=2.7)
    validation = evaluation.validation
    drawn = zip(evaluation.heads.items(), outer(axes), strict=True)
    for (name, head), (panel, first, lowest) in drawn:
        p_fake = head.prediction.p_fake
        if validation is not None:
            curve = threshold_curve(
                validation.p_fake[name], validation.is_fake, _GRID, validation.weights
            )
            panel.plot(
                _GRID, curve["f1"], color=_VALIDATION, linestyle=(0, (4, 1.5)), label="validation"
            )
        curve = threshold_curve(p_fake, evaluation.is_fake, _GRID, evaluation.weights)
        panel.plot(_GRID, curve["f1"], color=INK, linewidth=1.4, label="evaluated")
        for rule, (marker, color, size) in _RULES.items():
            if rule in head.thresholds:
                at = np.array([head.thresholds[rule]])
                there = threshold_curve(p_fake, evaluation.is_fake, at, evaluation.weights)["f1"]
                panel.plot(
                    at, there, marker, color=color, markersize=size, markeredgecolor=INK,
                    label=f"best {words(rule)}", clip_on=False, zorder=5,
                )  # fmt: skip
        panel.set_xlim(0, 1)
        panel.set_ylim(0, 1)
        label(panel, words(name), "threshold" if lowest else "", "F1 of fake" if first else "")
    legend(axes[0], loc="lower left")
    both = "on the evaluated and on the validation images" if validation else "on these images"
    alt = (
        f"F1 of fake against the threshold on P(fake), {both}, one panel a head. Markers show the "
        "thresholds that validation images chose, at the F1 they give here; the values are in the "
        "threshold tables."
    )
    return finish(figure, "F1 against the threshold", alt)


def losses(evaluation: Evaluation) -> Drawing | None:
    """Mean training loss of each epoch, for the heads that are trained in epochs."""
    trained = {name: each for name, each in evaluation.losses.items() if len(each) > 1}
    if not trained:
        return None
    figure, axes = panels(len(trained), height=2.4)
    drawn = zip(trained.items(), outer(axes), strict=True)
    for (name, values), (panel, first, lowest) in drawn:
        look = stroke(name)
        panel.plot(range(1, len(values) + 1), values, color=look.color, linewidth=1.6)
        panel.set_ylim(bottom=min(0.0, *values))
        label(panel, words(name), "epoch" if lowest else "", "training loss" if first else "")
    ends = "; ".join(
        f"{words(name)} from {values[0]:.3f} to {values[-1]:.3f} in {len(values)} epochs"
        for name, values in trained.items()
    )
    alt = f"Mean training loss of each epoch, one panel a head, each on its own scale: {ends}."
    return finish(figure, "Training loss", alt)


def _after_start(axes: Axes) -> float:
    """The highest risk beyond the first twentieth of the images, where a curve has settled."""
    highest = 0.0
    for line in axes.get_lines():
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        later = y[x >= 0.05]
        highest = max(highest, float(later.max()) if len(later) else 0.0)
    return min(1.25 * highest, 1.0)
