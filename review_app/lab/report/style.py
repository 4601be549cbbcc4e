"""The style of figures: colours that survive colour-blindness and grey print, one way to save.

Only matplotlib's object interface is used, so that nothing global is touched and threads may draw.
matplotlib loads with this package, which is imported when a report is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from math import ceil
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D

from review_app.inference.heads import HEADS, HeadName

INK = "#1d2733"
MUTED = "#5b6673"
FAINT = "#d5dae0"
REAL = "#0b4f8a"
"""Dark blue: darker than FAKE in grey print, and drawn as circles."""
FAKE = "#e69f00"
"""Orange, drawn as triangles."""
RIGHT = "#a9bccf"
WRONG = "#8a2a00"
_DPI = 150
_WORDS = {name.value: spec.term for name, spec in HEADS.items()} | {
    "f1": "F1",
    "jpeg": "JPEG",
    "webp": "WebP",
    "kl_weight": "KL weight",
    "platt": "Platt scaling",
    "isotonic": "isotonic regression",
    "venn_abers": "Venn-Abers",
}
_LINES: tuple[tuple[str, Any, str], ...] = (
    ("#0072b2", "-", "o"),
    ("#e69f00", (0, (5, 1.5)), "^"),
    ("#1d2733", (0, (1, 1)), "s"),
    ("#cc79a7", (0, (4, 1, 1, 1)), "D"),
    ("#009e73", (0, (8, 2)), "v"),
    ("#d55e00", (0, (4, 1, 1, 1, 1, 1)), "P"),
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """One finished figure."""

    title: str
    alt: str
    """What the figure shows, for whoever does not see it."""
    png: bytes


@dataclass(frozen=True, slots=True)
class Stroke:
    """The stroke by which one head is drawn: a colour never stands alone."""

    color: str
    line: Any
    marker: str


def stroke(head: HeadName) -> Stroke:
    """The same for a head in every figure; a colour that comes again has another line."""
    again, at = divmod(list(HeadName).index(head), len(_LINES))
    _, line, marker = _LINES[(at + again) % len(_LINES)]
    return Stroke(_LINES[at][0], line, marker)


def words(name: str) -> str:
    """A name of ours as words: ``mc_dropout`` becomes "MC dropout"."""
    return _WORDS.get(name, name.replace("_", " "))


def panels(
    count: int, *, columns: int | None = None, width: float = 9.0, height: float = 2.9
) -> tuple[Figure, list[Axes]]:
    """A figure with ``count`` panels in rows of ``columns``; ``height`` inches a row."""
    columns = columns or columns_for(count)
    rows = ceil(count / columns)
    figure = Figure(figsize=(width, height * rows), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = [figure.add_subplot(rows, columns, at + 1) for at in range(count)]
    for each in axes:
        tidy(each)
    return figure, axes


def tidy(axes: Axes) -> None:
    """Quiet axes: no box, thin grid behind, small figures."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=8)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def label(axes: Axes, title: str, x: str = "", y: str = "") -> None:
    """Title and axis labels, in plain text."""
    axes.set_title(drawable(title), fontsize=9.5, color=INK, loc="left", parse_math=False)
    axes.set_xlabel(drawable(x), fontsize=8.5, color=INK, parse_math=False)
    axes.set_ylabel(drawable(y), fontsize=8.5, color=INK, parse_math=False)


def legend(axes: Axes, handles: Sequence[Artist] | None = None, **where: Any) -> None:
    """A legend without a frame's weight."""
    shown = axes.get_legend_handles_labels()[0] if handles is None else handles
    options: dict[str, Any] = {"fontsize": 7.5, "framealpha": 0.9, "edgecolor": "none", **where}
    made = axes.legend(handles=shown, **options)
    for text in made.get_texts():
        text.set_parse_math(False)
        text.set_color(INK)


def legend_below(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend for all panels, below them: nothing is hidden under it."""
    where: dict[str, Any] = {"loc": "outside lower center", "ncols": len(handles)}
    for text in figure.legend(handles=handles, fontsize=7.5, frameon=False, **where).get_texts():
        text.set_parse_math(False)
        text.set_color(INK)


def columns_for(count: int) -> int:
    """How many panels stand side by side: no row with one left over where two rows can match."""
    return count if count < 4 else 2 if count == 4 else 3


def outer(axes: Sequence[Axes]) -> Iterator[tuple[Axes, bool, bool]]:
    """Each panel with whether it is in the first column, and the lowest of its column."""
    columns = columns_for(len(axes))
    for at, each in enumerate(axes):
        yield each, at % columns == 0, at + columns >= len(axes)


def drawable(text: str, limit: int = 60) -> str:
    """``text`` with what the font cannot draw replaced by "?", shortened in the middle."""
    known = _characters()
    shown = "".join(c if ord(c) in known and c.isprintable() else "?" for c in text)
    return shown if len(shown) <= limit else f"{shown[: limit // 2]}…{shown[-limit // 3 :]}"


def key(color: str, text: str, **look: Any) -> Line2D:
    """A legend's entry for a line or a marker."""
    return Line2D([], [], color=color, label=drawable(text), **look)


def finish(figure: Figure, title: str, alt: str) -> Drawing:
    """The figure as PNG; the same figure gives the same bytes. It is laid out here, once: to have
    it laid out while it is saved draws it twice."""
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine(None)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None}, facecolor="white")
    return Drawing(title, alt, buffer.getvalue())


@cache
def _characters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties())).get_charmap())
