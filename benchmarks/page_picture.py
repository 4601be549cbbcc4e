"""The picture of the page: by how much each figure holds its bar, or misses it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from benchmarks.outcome import Row

WIDTH, LABELS, LINE, TOP = 1000, 560, 22, 40
LEAST, MOST = 0.25, 16.0
"""What is farther off is drawn at the edge."""
TICKS = (0.25, 0.5, 1, 2, 4, 8, 16)
HOLDS, MISSES = "#0072b2", "#d55e00"
"""Told apart by the colour-blind, too; and by their shape."""


class Factor(NamedTuple):
    """How far a figure is from its bar."""

    times: float
    """Above 1 it is better than the bar; infinite where the bar, or the figure, is 0."""
    is_at_least: bool
    """Whether more is better."""


def factor(bar: Row) -> Factor:
    """How far the figure of ``bar`` is from it, which has a value."""
    value, limit = float(bar["value"]), float(bar["bar"])
    is_at_least = (value >= limit) is bool(bar["holds"])
    over, under = (value, limit) if is_at_least else (limit, value)
    return Factor(over / under if under > 0 else math.inf, is_at_least)


def drawn(found: Sequence[Row]) -> str:
    """An SVG picture with a line for each bar that has a value."""
    lines: list[str] = []
    y = TOP
    for document in found:
        lines.append(_text(8, y + 15, document["name"].replace("/", ": "), "bold"))
        y += LINE
        for bar in document["bars"]:
            if bar["value"] is not None:
                lines.append(_drawn_bar(bar, y))
                y += LINE
    return _framed(lines, y + 12)


def _drawn_bar(bar: Row, y: float) -> str:
    times = factor(bar).times
    x, middle = _x(times), y + LINE / 2
    colour = HOLDS if bar["holds"] else MISSES
    if bar["holds"]:
        mark = f'<circle cx="{x:.1f}" cy="{middle}" r="5" fill="{colour}"/>'
    else:
        left, right = x - 6, x + 6
        corners = f"{left:.1f},{middle + 5} {right:.1f},{middle + 5} {x:.1f},{middle - 6}"
        mark = f'<polygon points="{corners}" fill="none" stroke="{colour}" stroke-width="2"/>'
    line = f'<path d="M{_x(1):.1f} {middle}H{x:.1f}" stroke="{colour}"/>'
    return f"{_text(20, y + 15, _short(bar['what']))}{line}{mark}"


def _framed(lines: Sequence[str], height: float) -> str:
    ticks = "".join(
        f'<path d="M{_x(tick):.1f} {TOP}V{height - 12}" stroke="#888" '
        f'stroke-width="{2 if tick == 1 else 0.5}"/>{_text(_x(tick), 30, _tick(tick), "middle")}'
        for tick in TICKS
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img" '
        'font-family="sans-serif" font-size="13">\n'
        "<title>By how much each figure holds its bar, or misses it</title>\n"
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>\n'
        f"{ticks}\n" + "\n".join(lines) + "\n</svg>\n"
    )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    style = {"bold": ' font-weight="bold"', "middle": ' text-anchor="middle"'}.get(kind, "")
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(words)}</text>'


def _tick(times: float) -> str:
    return "the bar" if times == 1 else f"{times:g}x"


def _short(what: str) -> str:
    return what if len(what) <= 78 else what[:77] + "…"


def _x(times: float) -> float:
    share = math.log(min(max(times, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return LABELS + share * (WIDTH - LABELS - 30)
