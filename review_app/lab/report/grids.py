"""Heat maps: confusion matrices and grid searches."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from review_app.lab.evaluation import Evaluation
from review_app.lab.report.style import INK, Drawing, finish, label, outer, panels, words


def confusions(evaluation: Evaluation) -> Drawing:
    """How many fakes and reals each head calls what, at the threshold in force."""
    figure, axes = panels(len(evaluation.heads), height=2.7)
    heads = evaluation.document["heads"]
    for name, (panel, first, lowest) in zip(evaluation.heads, outer(axes), strict=True):
        counts = heads[name]["confusion"]
        table = np.array(
            [
                [counts["fake_called_fake"], counts["fake_called_real"]],
                [counts["real_called_fake"], counts["real_called_real"]],
            ]
        )
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        texts = [
            [f"{n:,}\n{share:.1%}" for n, share in zip(*row, strict=True)]
            for row in zip(table, shares, strict=True)
        ]
        shade(panel, shares, texts, 0.0, 1.0)
        panel.set_xticks([0, 1], ["fake", "real"])
        panel.set_yticks([0, 1], ["fake", "real"])
        label(panel, words(name), "called" if lowest else "", "truth" if first else "")
    told = "; ".join(
        f"{words(name)}: {c['fake_called_real']:,} fakes called real, "
        f"{c['real_called_fake']:,} reals called fake"
        for name, c in ((name, heads[name]["confusion"]) for name in evaluation.heads)
    )
    alt = f"Confusion matrices at the threshold in force, with the share of each row. {told}."
    return finish(figure, "What is called what", alt)


def searches(evaluation: Evaluation) -> Drawing | None:
    """Validation AUROC of every cell of a grid search over two hyper-parameters."""
    found = {
        name: (each, axes)
        for name, each in (evaluation.document["search"] or {}).items()
        if (axes := _two_axes(each["grid"]))
    }
    if not found:
        return None
    figure, panes = panels(len(found), columns=2, height=3.4)
    told = []
    for (name, (search, (down, across))), panel in zip(found.items(), panes, strict=True):
        rows, columns = (_values(search["grid"], key) for key in (down, across))
        heat = np.full((len(rows), len(columns)), np.nan)
        for cell in search["grid"]:
            at = rows.index(cell["params"][down]), columns.index(cell["params"][across])
            heat[at] = cell["val_auroc"][0]
        texts = [["" if np.isnan(v) else f"{v:.3f}" for v in row] for row in heat]
        shade(panel, heat, texts, float(np.nanmin(heat)), float(np.nanmax(heat)))
        panel.set_xticks(range(len(columns)), [f"{v:g}" for v in columns])
        panel.set_yticks(range(len(rows)), [f"{v:g}" for v in rows])
        best = search["best"]
        corner = columns.index(best[across]) - 0.5, rows.index(best[down]) - 0.5
        panel.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="#e69f00", linewidth=3))
        label(panel, words(name), words(across), words(down))
        told.append(
            f"{words(name)}: best at {words(down)} {best[down]:g}, {words(across)} "
            f"{best[across]:g}, of {len(search['grid'])} cells"
        )
    alt = (
        "Validation AUROC of each cell of the grid search, the chosen one framed. "
        f"{'; '.join(told)}."
    )
    return finish(figure, "Grid search on validation images", alt)


def shade(panel: Axes, values: Any, texts: list[list[str]], low: float, high: float) -> None:
    """Cells shaded from ``low`` to ``high``, never darker than dark text can be read on."""
    top = high if high > low else low + 1e-9
    panel.imshow(values, cmap="Blues", vmin=low, vmax=low + (top - low) / 0.55, aspect="auto")
    panel.grid(visible=False)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            panel.text(column, row, text, ha="center", va="center", fontsize=9, color=INK)


def _two_axes(grid: list[dict[str, Any]]) -> tuple[str, str] | None:
    """The two hyper-parameters that vary, or None where there are not two."""
    if not grid:
        return None
    varying = [key for key in grid[0]["params"] if len(_values(grid, key)) > 1]
    return (varying[0], varying[1]) if len(varying) == 2 else None


def _values(grid: list[dict[str, Any]], key: str) -> list[Any]:
    return sorted({cell["params"][key] for cell in grid})
