"""Distributions: reliability diagrams, histograms by outcome, the plane of the features."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from review_app.inference.heads import HeadName
from review_app.lab.evaluation import Evaluation
from review_app.lab.report.style import (
    FAINT,
    FAKE,
    INK,
    MUTED,
    REAL,
    RIGHT,
    WRONG,
    Drawing,
    finish,
    key,
    label,
    legend,
    outer,
    panels,
    stroke,
    words,
)

_BINS = 30

Float64 = NDArray[np.float64]


def reliability(evaluation: Evaluation) -> Drawing:
    """The rate of fakes against P(fake) in ten bins, with consistency bands."""
    figure, axes = panels(len(evaluation.heads), height=3.1)
    drawn = zip(evaluation.heads, outer(axes), strict=True)
    outside = []
    for name, (panel, first, lowest) in drawn:
        calibration = evaluation.document["heads"][name]["calibration"]
        bins = calibration["bins"]
        x, y = np.array([(each["p_fake"], each["rate"]) for each in bins]).T
        low, high = np.array([each["band"] for each in bins]).T
        panel.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8)
        panel.fill_between(x, low, high, color=FAINT, label="if calibrated, 95%")
        look = stroke(name)
        panel.plot(x, y, color=look.color, linewidth=1)
        inside = (y >= low) & (y <= high)
        outside.append(int((~inside).sum()))
        panel.plot(
            x[inside], y[inside], "o", color=look.color, markersize=5, label="inside the band"
        )
        panel.plot(x[~inside], y[~inside], "X", color=WRONG, markersize=7, label="outside the band")
        panel.set_xlim(-0.04, 1.04)
        panel.set_ylim(-0.04, 1.04)
        panel.set_aspect("equal")
        title = f"{words(name)}: ECE {calibration['ece']:.3f}"
        label(panel, title, "mean P(fake)" if lowest else "", "share of fakes" if first else "")
    legend(axes[0], loc="upper left")
    found = ", ".join(
        f"{words(name)} {count} of {len(evaluation.document['heads'][name]['calibration']['bins'])}"
        for name, count in zip(evaluation.heads, outside, strict=True)
    )
    alt = (
        "Reliability diagrams: the share of fakes against the mean P(fake) in bins of equal mass, "
        "with the band in which a perfectly calibrated head would lie. Bins outside the band: "
        f"{found}."
    )
    return finish(figure, "Is P(fake) a probability?", alt)


def histograms(evaluation: Evaluation) -> Drawing:
    """P(fake) and its std, by whether the call was right, for every head."""
    count = len(evaluation.heads)
    figure, axes = panels(2 * count, columns=2, height=1.55)
    for at, (name, head) in enumerate(evaluation.heads.items()):
        wrong = head.called_fake != evaluation.is_fake
        left, right = axes[2 * at], axes[2 * at + 1]
        last = at == count - 1
        _by_outcome(left, head.prediction.p_fake, wrong, (0.0, 1.0))
        left.axvline(head.threshold, color=INK, linewidth=1, linestyle=(0, (2, 2)))
        label(left, words(name), "P(fake)" if last else "", "images")
        if head.has_std:
            spread = head.prediction.std
            _by_outcome(right, spread, wrong, (0.0, max(float(spread.max()), 1e-9)))
            label(right, "", "std of P(fake)")
        else:
            right.set_axis_off()
            right.text(
                0.5, 0.5, "one set of weights: no spread", ha="center", va="center",
                color=MUTED, fontsize=8.5, transform=right.transAxes,
            )  # fmt: skip
    legend(axes[0], loc="upper center", ncols=2)
    heads = evaluation.document["heads"]
    gaps = "; ".join(
        f"{words(name)} {each['std_correct']:.3f} when right and {each['std_wrong']:.3f} when wrong"
        for name, each in heads.items()
        if each["uncertainty_gap"] is not None
    )
    alt = (
        "Histograms of P(fake) and of its standard deviation for each head, right and wrong calls "
        "apart; a dashed line marks the threshold."
        + (f" Mean standard deviation: {gaps}." if gaps else "")
    )
    return finish(figure, "P(fake) and its spread, right and wrong calls", alt)


def plane(evaluation: Evaluation) -> Drawing:
    """The features on two principal components: truth, P(fake), epistemic std."""
    name = _with_std(evaluation)
    head = evaluation.heads[name]
    x, y = evaluation.projection.T
    figure, axes = panels(3, height=3.3)
    fake = evaluation.is_fake
    for rows, marker, color in ((~fake, "o", REAL), (fake, "^", FAKE)):
        axes[0].scatter(x[rows], y[rows], s=10, marker=marker, color=color, alpha=0.6, linewidths=0)
    keys = [
        key(color, text, marker=marker, linestyle="none", markersize=6)
        for text, marker, color in (("real", "o", REAL), ("fake", "^", FAKE))
    ]
    legend(axes[0], keys, loc="upper right")
    spread, what = (
        (head.prediction.std, "std of P(fake)") if head.has_std else (head.reject, "reject score")
    )
    for panel, values, cmap, top in (
        (axes[1], head.prediction.p_fake, "cividis", 1.0),
        (axes[2], spread, "magma_r", max(float(spread.max()), 1e-9)),
    ):
        order = np.argsort(values, kind="stable")
        dots = panel.scatter(
            x[order], y[order], c=values[order], s=10, cmap=cmap, vmin=0, vmax=top,
            linewidths=0.25, edgecolors="#00000055",
        )  # fmt: skip
        bar = figure.colorbar(dots, ax=panel, fraction=0.05, pad=0.02)
        bar.ax.tick_params(labelsize=7.5)
        bar.outline.set_visible(False)
    first, second = evaluation.document["pca"]["explained"]
    across = f"component 1 ({first:.1%} of variance)"
    label(axes[0], "Truth", across, f"component 2 ({second:.1%})")
    label(axes[1], f"P(fake), {words(name)}", across)
    label(axes[2], f"{what}, {words(name)}", across)
    for panel in axes:
        panel.set_xticks([])
        panel.set_yticks([])
    alt = (
        f"The {len(x):,} images on the first two principal components of their features, which "
        f"hold {first:.1%} and {second:.1%} of the variance, in three panels: truth, P(fake) of "
        f"{words(name)}, and its {what}."
    )
    return finish(figure, "The features in a plane", alt)


def _by_outcome(
    panel: Axes, values: Float64, wrong: NDArray[np.bool_], span: tuple[float, float]
) -> None:
    edges = np.linspace(span[0], span[1], _BINS + 1).tolist()
    panel.hist(values[~wrong], bins=edges, color=RIGHT, label="right")
    panel.hist(
        values[wrong], bins=edges, histtype="step", color=WRONG, linewidth=1.2, hatch="////",
        label="wrong",
    )  # fmt: skip
    panel.set_xlim(*span)


def _with_std(evaluation: Evaluation) -> HeadName:
    default = HeadName(evaluation.document["default_head"])
    if evaluation.heads[default].has_std:
        return default
    return next((name for name, head in evaluation.heads.items() if head.has_std), default)
