"""Charts as inline HTML and SVG: sharp at any width, and in the theme's colours by themselves.

Text is HTML, so that it keeps its size on a phone; only geometry is SVG, stretched to its box. Each
drawing is one image to a screen reader, with a name and the finding in words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from review_app.i18n import number, significant, t
from review_app.web.markup import join

COLUMNS = 40
"""Cells of the map along P(fake)."""
ROWS = 20
"""Cells of the map along the standard deviation."""
SHADES = 5
"""Steps of the map's scale; a cell's step goes with the logarithm of its count."""


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart."""

    name: str
    value: int
    note: str = ""


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars with their numbers beside them; they start at zero and share one scale."""
    longest = max((row.value for row in rows), default=0) or 1
    body = join(_bar(row, longest) for row in rows)
    return Markup('<div class="bars" role="list" aria-label="{}">{}</div>').format(title, body)


def _bar(row: Bar, longest: int) -> Markup:
    note = Markup('<span class="bar-note">{}</span>').format(row.note) if row.note else Markup()
    return Markup(
        '<div class="bar-row" role="listitem"><span class="bar-name">{}{}</span>'
        '<span class="bar-track"><span class="bar-fill" style="width:{:.2f}%"></span></span>'
        '<span class="number">{}</span></div>'
    ).format(row.name, note, 100 * row.value / longest, number(row.value))


def progress(name: str, share: float) -> Markup:
    """How much of a way is gone, in [0, 1]; the sentence beside it says how far."""
    percentage = round(100 * share)
    return Markup(
        '<div class="progress" role="progressbar" aria-label="{}" aria-valuemin="0" '
        'aria-valuemax="100" aria-valuenow="{}"><span style="width:{}%"></span></div>'
    ).format(name, percentage, percentage)


def interval(name: str, p: float, std: float) -> Markup:
    """A dot at ``p`` on a line from 0 to 1, with a band of one ``std`` to either side."""
    low, high = max(p - std, 0.0), min(p + std, 1.0)
    return Markup(
        '<div class="interval" role="img" aria-label="{}">'
        '<span class="interval-middle"></span>'
        '<span class="interval-band" style="left:{:.2f}%;width:{:.2f}%"></span>'
        '<span class="interval-dot" style="left:{:.2f}%"></span></div>'
    ).format(
        t("inspect.interval", name=name, p=number(p, 2), std=number(std, 2)),
        100 * low,
        100 * (high - low),
        100 * p,
    )


def entropy_bar(name: str, entropy: float, mutual_information: float) -> Markup:
    """Predictive entropy against its maximum, ln 2 nats; hatched: the part that is knowledge.

    Entropy = mutual information (what more labels could teach) + expected entropy (what they
    could not).
    """
    whole = math.log(2)
    total = min(max(entropy / whole, 0.0), 1.0)
    part = min(max(mutual_information / whole, 0.0), total)
    return Markup(
        '<div class="entropy" role="img" aria-label="{}">'
        '<span class="entropy-known" style="width:{:.2f}%"></span>'
        '<span class="entropy-rest" style="width:{:.2f}%"></span></div>'
    ).format(
        t(
            "inspect.entropy_bar",
            name=name,
            entropy=number(entropy, 3),
            most=number(whole, 3),
            mutual=number(max(mutual_information, 0.0), 3),
        ),
        100 * part,
        100 * (total - part),
    )


@dataclass(frozen=True)
class Scatter:
    """Images as points: score and standard deviation of P(fake), both [n]."""

    score: NDArray[np.float64]
    """What thresholds are compared with."""
    std: NDArray[np.float64]
    threshold_real: float | None
    """The policy accepts as real at or below it."""
    threshold_fake: float | None
    """The policy accepts as fake at or above it."""
    axis: str = "P(fake)"
    """What the score is called."""

    @property
    def beyond(self) -> int:
        """Images that the thresholds accept."""
        real = self.score <= (-1.0 if self.threshold_real is None else self.threshold_real)
        fake = self.score >= (2.0 if self.threshold_fake is None else self.threshold_fake)
        return int((real | fake).sum())


def uncertainty_map(title: str, summary: str, scatter: Scatter) -> Markup:
    """A heat map of scores against the spread of P(fake), under a histogram of the scores.

    ``summary`` tells the finding to whoever does not see the map.
    """
    top = _axis_top(scatter.std)
    edges = (np.linspace(0, 1, COLUMNS + 1), np.linspace(0, top, ROWS + 1))
    cells, _, _ = np.histogram2d(scatter.score, np.minimum(scatter.std, top), bins=edges)
    columns, _ = np.histogram(scatter.score, bins=edges[0])
    tallest = int(columns.max(initial=0))
    return _MAP.format(
        title=title,
        summary=summary,
        tallest=number(tallest),
        images=t("charts.images"),
        spread=t("charts.spread"),
        real=t("charts.real"),
        fake=t("charts.fake"),
        marks=join(
            Markup("<span>{}</span>").format(significant(x)) for x in (0, 0.25, 0.5, 0.75, 1)
        ),
        axis=scatter.axis,
        columns=_columns(columns),
        bands=_bands(scatter),
        labels=_band_labels(scatter),
        ticks=join(_y_tick(fraction, top) for fraction in (1.0, 0.5, 0.0)),
        cells=_cells(cells),
        key=_key(int(cells.max(initial=0))),
    )


_MAP = Markup("""
<figure class="map" role="img" aria-label="{title} {summary}">
  <div class="map-counts"><span>{tallest}</span><span>{images}</span><span>0</span></div>
  <div class="map-hist"><svg viewBox="0 0 40 100" preserveAspectRatio="none"\
 aria-hidden="true">{columns}</svg></div>
  <div class="map-labels">{labels}</div>
  <div class="map-spread">{ticks}</div>
  <div class="map-cells"><svg viewBox="0 0 40 20" preserveAspectRatio="none" aria-hidden="true">\
{cells}</svg>{bands}</div>
  <div class="map-spread-title">{spread}</div>
  <div class="map-x">{marks}</div>
  <div class="map-x-title"><span>{real}</span><span>{axis}</span><span>{fake}</span></div>
  <div class="map-key">{key}</div>
</figure>
""")


def shade(count: int, most: int) -> int:
    """The step of a cell's colour, 1 to ``SHADES``; 0 for an empty cell."""
    if count <= 0:
        return 0
    if most <= 1:
        return SHADES
    return min(SHADES, 1 + int(SHADES * math.log(count) / (math.log(most) * (1 + 1e-9))))


def _axis_top(std: NDArray[np.float64]) -> float:
    """The end of the vertical axis: the next of 0.05, 0.1, ... that holds every spread."""
    return max(0.05, math.ceil(float(std.max(initial=0.0)) / 0.05 - 1e-9) * 0.05)


def _columns(counts: NDArray[np.int64]) -> Markup:
    most = max(int(counts.max(initial=0)), 1)
    return join(
        Markup('<rect x="{:.2f}" y="{:.2f}" width="0.9" height="{:.2f}"/>').format(
            x + 0.05, 100 - 100 * n / most, 100 * n / most
        )
        for x, n in enumerate(counts.tolist())
        if n
    )


def _cells(counts: NDArray[np.float64]) -> Markup:
    most = int(counts.max(initial=0))
    return join(
        Markup('<rect class="shade-{}" x="{}" y="{}" width="1" height="1"/>').format(
            shade(int(n), most), x, ROWS - 1 - y
        )
        for (x, y), n in np.ndenumerate(counts)
        if n
    )


def _bands(scatter: Scatter) -> Markup:
    parts = []
    if scatter.threshold_real is not None:
        style = f"left:0;width:{100 * scatter.threshold_real:.2f}%"
        parts.append(Markup('<span class="band band-real" style="{}"></span>').format(style))
    if scatter.threshold_fake is not None:
        style = f"right:0;width:{100 * (1 - scatter.threshold_fake):.2f}%"
        parts.append(Markup('<span class="band band-fake" style="{}"></span>').format(style))
    return join(parts)


def _band_labels(scatter: Scatter) -> Markup:
    real, fake = scatter.threshold_real, scatter.threshold_fake
    if real is None and fake is None:
        return Markup("<span></span><span>{}</span><span></span>").format(t("charts.no_band"))
    return Markup("<span>{}</span><span>{}</span><span>{}</span>").format(
        "" if real is None else t("charts.band_real", threshold=significant(real, 2)),
        t("charts.people"),
        "" if fake is None else t("charts.band_fake", threshold=significant(fake)),
    )


def _y_tick(fraction: float, top: float) -> Markup:
    return Markup("<span>{}</span>").format(significant(fraction * top))


def _key(most: int) -> Markup:
    """The key of the shades: the counts that each stands for."""
    steps: dict[int, list[int]] = {}
    for count in range(1, most + 1):
        steps.setdefault(shade(count, most), []).append(count)
    swatches = join(
        Markup('<span><i class="shade-{}"></i>{}</span>').format(step, _range(counts))
        for step, counts in steps.items()
    )
    return Markup('<span class="map-key-title">{}</span>{}').format(t("charts.per_cell"), swatches)


def _range(counts: list[int]) -> str:
    low, high = counts[0], counts[-1]
    return number(low) if low == high else f"{number(low)}–{number(high)}"
