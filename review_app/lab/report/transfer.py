"""The page of :mod:`review_app.lab.transfer`: what learning from one source is worth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from review_app.lab.report.grids import shade
from review_app.lab.report.page import fill
from review_app.lab.report.style import (
    FAKE,
    INK,
    REAL,
    Drawing,
    drawable,
    finish,
    key,
    label,
    legend_below,
    panels,
)
from review_app.lab.report.write import write_page

FIGURE = "transfer"
_ORDERS = {"confidence": (FAKE, "^"), "reject": (REAL, "o")}


def write_transfer(document: Mapping[str, Any], out_dir: Path) -> Path:
    """Write ``report.html``, ``metrics.json`` and the figure; return the page's path.

    Raises InputError where the folder cannot be written.
    """
    drawings = {FIGURE: drawn(document)}
    page = fill("transfer.html", document, drawings, default=None)
    return write_page(out_dir, page, document, drawings, (FIGURE,))


def drawn(document: Mapping[str, Any]) -> Drawing:
    """AUROC of every training source on every tested one, and AURC by either order of errors."""
    trained = document["trained"]
    heads = {source: found["heads"][found["default_head"]] for source, found in trained.items()}
    tested = list(next(iter(heads.values()))["tested"])
    figure, (left, right) = panels(2, columns=2, height=1.9 + 0.55 * len(trained))
    _matrix(left, heads, tested)
    _orders(right, heads)
    keys = [
        key(_ORDERS[doubt][0], text, marker=_ORDERS[doubt][1], markersize=4)
        for doubt, text in (("confidence", "1 - max(p, 1 - p)"), ("reject", "shipped reject score"))
    ]
    legend_below(figure, keys)
    own = {source: _auroc(head["tested"][source]) for source, head in heads.items()}
    alt = (
        "Left: AUROC of detectors trained on one source each, on every source. Right: AURC of each "
        "on its own test images, and on a stream that is half of other sources, by confidence and "
        "by the shipped reject score, with 95% intervals. On their own source: "
        + "; ".join(
            f"{source} {'undefined' if v is None else f'{v:.3f}'}" for source, v in own.items()
        )
        + "."
    )
    return finish(figure, "Trained on one source, tested on each", alt)


def _matrix(panel: Axes, heads: Mapping[str, Any], tested: list[str]) -> None:
    values = np.array(
        [
            [np.nan if (v := _auroc(head["tested"][other])) is None else v for other in tested]
            for head in heads.values()
        ]
    )
    texts = [["–" if np.isnan(v) else f"{v:.3f}" for v in row] for row in values]
    shade(panel, values, texts, 0.5, 1.0)
    panel.set_xticks(range(len(tested)), [drawable(each, 16) for each in tested])
    panel.set_yticks(range(len(heads)), [drawable(each, 16) for each in heads])
    for text in (*panel.get_xticklabels(), *panel.get_yticklabels()):
        text.set_parse_math(False)
    if len(tested) > 3:
        panel.tick_params(axis="x", labelrotation=30)
    label(panel, "AUROC", "tested on", "trained on")


def _orders(panel: Axes, heads: Mapping[str, Any]) -> None:
    rows = [(source, what) for source in heads for what in ("own", "stream")]
    for row, (source, what) in enumerate(rows):
        for at, (doubt, (color, marker)) in enumerate(_ORDERS.items()):
            value, low, high = heads[source][what][doubt]
            y = row + 0.2 * at - 0.1
            panel.plot([low, high], [y, y], color=color, linewidth=1.8)
            panel.plot(value, y, marker, color=color, markersize=5, markeredgecolor=INK)
    names = [f"{drawable(source, 16)}, {what}" for source, what in rows]
    panel.set_yticks(range(len(rows)), names)
    for text in panel.get_yticklabels():
        text.set_parse_math(False)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(left=0)
    label(panel, "Errors left to the end", "AURC (lower is better)")


def _auroc(figures: Mapping[str, Any]) -> float | None:
    return None if figures["auroc"] is None else float(figures["auroc"][0])
