"""The page of :mod:`review_app.lab.robustness`: AUROC by transform and source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from review_app.lab.report.page import fill
from review_app.lab.report.style import (
    FAINT,
    INK,
    REAL,
    Drawing,
    finish,
    key,
    label,
    legend_below,
    outer,
    panels,
    words,
)
from review_app.lab.report.write import write_page
from review_app.lab.robustness import UNTOUCHED

FIGURE = "robustness"
_SHOWN = 8
"""Sources drawn; the largest. The tables have all."""


def write_robustness(document: Mapping[str, Any], out_dir: Path) -> Path:
    """Write ``report.html``, ``metrics.json`` and the figure; return the page's path.

    Raises InputError where the folder cannot be written.
    """
    drawings = {FIGURE: drawing} if (drawing := drawn(document)) else {}
    page = fill("robustness.html", document, drawings, default=document["default_head"])
    return write_page(out_dir, page, document, drawings, (FIGURE,))


def drawn(document: Mapping[str, Any]) -> Drawing | None:
    """AUROC of the default head under every transform, all images and each source; None where no
    AUROC is defined."""
    head = document["default_head"]
    versions = document["heads"][head]
    if versions[UNTOUCHED]["auroc"] is None:
        return None
    sources = versions[UNTOUCHED]["sources"]
    largest = sorted(sources, key=lambda name: (-sources[name]["n"], name))[:_SHOWN]
    parts = ["", *sorted(largest)] if len(sources) > 1 else [""]
    figure, axes = panels(len(parts), height=0.8 + 0.27 * len(versions))
    for part, (panel, first, lowest) in zip(parts, outer(axes), strict=True):
        _panel(panel, {v: f["sources"][part] if part else f for v, f in versions.items()})
        panel.set_yticks(range(len(versions)), [words(each) if first else "" for each in versions])
        label(panel, part or "all images", "AUROC (0.5 is chance)" if lowest else "")
    ends = [panel.get_xlim() for panel in axes]
    for panel in axes:
        panel.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
    band = key(FAINT, "95% interval untouched", linewidth=6)
    legend_below(figure, [band, key(REAL, "AUROC, 95% interval", marker="o", markersize=4)])
    untouched = versions[UNTOUCHED]["auroc"][0]
    copies = {v: f["auroc"][0] for v, f in versions.items() if v != UNTOUCHED}
    worst = min(copies, key=lambda each: copies[each], default=UNTOUCHED)
    alt = (
        f"AUROC of {words(head)} with 95% intervals for every way to prepare the images again"
        f"{', one panel for all images and one for each source' if len(parts) > 1 else ''}. "
        f"Untouched {untouched:.3f}; lowest after {words(worst)}, "
        f"{copies.get(worst, untouched):.3f}."
    )
    return finish(figure, "AUROC when the images are prepared again", alt)


def _panel(panel: Axes, versions: Mapping[str, Mapping[str, Any]]) -> None:
    if versions[UNTOUCHED]["auroc"] is not None:
        _, low, high = versions[UNTOUCHED]["auroc"]
        if low is not None:
            panel.axvspan(low, high, color=FAINT, linewidth=0, zorder=0)
    for row, figures in enumerate(versions.values()):
        if figures["auroc"] is None:
            continue
        value, low, high = figures["auroc"]
        if low is not None:
            panel.plot([low, high], [row, row], color=REAL, linewidth=1.8)
        panel.plot(value, row, "o", color=REAL, markersize=5, markeredgecolor=INK)
    panel.set_ylim(len(versions) - 0.5, -0.5)
