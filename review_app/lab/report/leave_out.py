"""The page of :mod:`review_app.lab.leave_out`: what a kind costs that nobody has shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from review_app.lab.report.page import fill
from review_app.lab.report.style import (
    FAKE,
    INK,
    MUTED,
    REAL,
    Drawing,
    drawable,
    finish,
    key,
    label,
    legend_below,
    panels,
    words,
)
from review_app.lab.report.write import write_page

FIGURE = "leave_out"
_OTHERS = {
    "known": ("o", "none", REAL, "that kind known"),
    "content": ("^", FAKE, INK, "content alone"),
    "low_level": ("x", MUTED, MUTED, "low-level statistics alone"),
}
"""Marker, its face and its edge, and what it stands for."""


def write_leave_out(document: Mapping[str, Any], out_dir: Path) -> Path:
    """Write ``report.html``, ``metrics.json`` and the figure; return the page's path.

    Raises InputError where the folder cannot be written.
    """
    drawings = {FIGURE: drawing} if (drawing := drawn(document)) else {}
    page = fill("leave_out.html", document, drawings, default=document["default_head"])
    return write_page(out_dir, page, document, drawings, (FIGURE,))


def drawn(document: Mapping[str, Any]) -> Drawing | None:
    """AUROC of the default head on each kind unseen, beside it known and what baselines reach;
    None where no AUROC is defined."""
    head, by = document["default_head"], document["by"]
    kinds = {
        name: found
        for name, found in document["left_out"].items()
        if found["heads"][head]["unseen"]
    }
    if not kinds:
        return None
    figure, (panel,) = panels(1, height=1.2 + 0.3 * len(kinds))
    for row, found in enumerate(kinds.values()):
        _row(panel, row, found, head)
    panel.axvline(0.5, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    panel.set_yticks(range(len(kinds)), [drawable(name, 24) for name in kinds])
    for text in panel.get_yticklabels():
        text.set_parse_math(False)
    panel.set_ylim(len(kinds) - 0.5, -0.5)
    label(panel, f"Without one {by}, {words(head)}", "AUROC (0.5 is chance)")
    keys = [key(REAL, f"that {by} unseen, 95% interval", marker="o", markersize=5)]
    keys += [
        key(edge, text, marker=marker, markerfacecolor=face, linestyle="none", markersize=6)
        for marker, face, edge, text in _OTHERS.values()
    ]
    legend_below(figure, keys)
    told = "; ".join(f"{name} {f['heads'][head]['unseen'][0]:.3f}" for name, f in kinds.items())
    alt = (
        f"AUROC of {words(head)} on the test images of each {by} when it is left out of the "
        "training, with 95% intervals, beside the same with it known, and what content and "
        f"low-level statistics alone reach. Left out: {told}."
    )
    return finish(figure, f"Each {by} left out in turn", alt)


def _row(panel: Axes, row: int, found: Mapping[str, Any], head: str) -> None:
    own = found["heads"][head]
    others = {"known": own["known"]} | {
        name: figures["unseen"] for name, figures in found["baselines"].items()
    }
    for name, (marker, face, edge, _) in _OTHERS.items():
        if others[name]:
            panel.plot(
                others[name][0], row, marker, markersize=6,
                markerfacecolor=face, markeredgecolor=edge,
            )  # fmt: skip
    value, low, high = own["unseen"]
    if low is not None:
        panel.plot([low, high], [row, row], color=REAL, linewidth=1.8)
    panel.plot(value, row, "o", color=REAL, markersize=5, markeredgecolor=INK)
