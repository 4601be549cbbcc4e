"""All figures of a report, in the order of its page."""

from __future__ import annotations

from collections.abc import Callable

from review_app.lab.evaluation import Evaluation
from review_app.lab.report import curves, grids, spreads
from review_app.lab.report.style import Drawing

FIGURES: dict[str, Callable[[Evaluation], Drawing | None]] = {
    "discrimination": curves.discrimination,
    "f1_threshold": curves.f1_and_threshold,
    "confusion": grids.confusions,
    "risk_coverage": curves.risk_and_coverage,
    "histograms": spreads.histograms,
    "reliability": spreads.reliability,
    "pca": spreads.plane,
    "losses": curves.losses,
    "search": grids.searches,
}
"""What draws each figure, by the name of its file."""


def draw(evaluation: Evaluation) -> dict[str, Drawing]:
    """Every figure that there is something to draw for, by name."""
    drawings = {name: make(evaluation) for name, make in FIGURES.items()}
    return {name: drawing for name, drawing in drawings.items() if drawing is not None}
