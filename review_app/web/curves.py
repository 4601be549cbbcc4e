"""Line charts as inline HTML and SVG, in the manner of `charts`: text is HTML, geometry SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from review_app.i18n import percent, significant
from review_app.web.markup import join


@dataclass(frozen=True)
class Curve:
    """One quantity over the chart's horizontal axis."""

    title: str
    values: Sequence[float]
    percent: bool = False
    """Whether the values are percentages."""
    band: Sequence[tuple[float, float]] = ()
    """Low and high at each value; empty: no band."""
    line: float | None = None
    """A value to point at."""


@dataclass(frozen=True)
class Axis:
    """The horizontal axis that all curves share; it starts at 0."""

    title: str
    places: Sequence[float]
    percent: bool = False
    """Whether the places are percentages."""
    mark: float | None = None
    """A place to point at."""


def curves(title: str, summary: str, axis: Axis, rows: Sequence[Curve]) -> Markup:
    """Small charts above each other over one axis, each from 0 to a round number of its own.

    ``summary`` tells the finding to whoever does not see them.
    """
    end = axis.places[-1]
    ticks = join(
        Markup("<span>{}</span>").format(_shown(end * part, axis.percent)) for part in (0, 0.5, 1)
    )
    return Markup(
        '<figure class="curves" role="img" aria-label="{} {}">{}'
        '<div class="curves-x">{}</div><div class="curves-x-title">{}</div></figure>'
    ).format(title, summary, join(_row(row, axis) for row in rows), ticks, axis.title)


def round_top(largest: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... that holds ``largest``; 1 for nothing."""
    if largest <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(largest))
    return next(step * scale for step in (1, 2, 5, 10) if step * scale >= largest * (1 - 1e-9))


def _row(curve: Curve, axis: Axis) -> Markup:
    top = round_top(max([*curve.values, *(high for _, high in curve.band)]))
    x = [100 * place / axis.places[-1] for place in axis.places]
    line = _points(x, curve.values, top)
    band = Markup()
    if curve.band:
        there = _points(x, [high for _, high in curve.band], top)
        back = _points(x[::-1], [low for low, _ in curve.band][::-1], top)
        band = Markup('<polygon class="curve-band" points="{} {}"/>').format(there, back)
    marks = Markup()
    if curve.line is not None:
        y = 100 - 100 * curve.line / top
        marks += _mark((0, 100), (y, y))
    if axis.mark is not None:
        at = min(100 * axis.mark / axis.places[-1], 100)
        marks += _mark((at, at), (0, 100))
    return Markup(
        '<div class="curve-title">{}</div>'
        '<div class="curve-y"><span>{}</span><span>0</span></div>'
        '<div class="curve-plot"><svg viewBox="0 0 100 100" preserveAspectRatio="none" '
        'aria-hidden="true">{}{}<polyline class="curve-line" points="{}"/></svg></div>'
    ).format(curve.title, _shown(top, curve.percent), band, marks, line)


def _mark(x: tuple[float, float], y: tuple[float, float]) -> Markup:
    return Markup(
        '<line class="curve-mark" x1="{:.2f}" x2="{:.2f}" y1="{:.2f}" y2="{:.2f}"/>'
    ).format(*x, *y)


def _shown(value: float, is_percent: bool) -> str:
    return percent(value / 100, 3) if is_percent else significant(value)


def _points(x: Sequence[float], values: Sequence[float], top: float) -> str:
    return " ".join(f"{a:.2f},{100 - 100 * b / top:.2f}" for a, b in zip(x, values, strict=True))
