"""Two distributions beside each other, and estimates on a line: inline HTML and SVG as `charts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from review_app.web.markup import join


@dataclass(frozen=True)
class EstimateRow:
    """A share in [0, 1] with its interval, beside what it should be."""

    name: str
    low: float
    value: float
    high: float
    wanted: float
    words: str
    """The three in words."""


def estimates(title: str, key: str, rows: Sequence[EstimateRow]) -> Markup:
    """A line from 0 to 1 for each row: a band and a dot for what was found, a stroke for what it
    should be. ``key`` says so."""
    body = join(_estimate(row) for row in rows)
    return Markup(
        '<div class="estimates"><p class="estimates-title">{}</p>'
        '<div class="estimates-rows" role="list" aria-label="{}">{}</div>'
        '<p class="remark">{}</p></div>'
    ).format(title, title, body, key)


def _estimate(row: EstimateRow) -> Markup:
    return Markup(
        '<div class="estimate-row" role="listitem"><span class="bar-name">{}</span>'
        '<span class="estimate-track" aria-hidden="true">'
        '<span class="estimate-band" style="left:{:.2f}%;width:{:.2f}%"></span>'
        '<span class="estimate-wanted" style="left:{:.2f}%"></span>'
        '<span class="estimate-dot" style="left:{:.2f}%"></span></span>'
        '<span class="estimate-words">{}</span></div>'
    ).format(
        row.name,
        100 * row.low,
        100 * (row.high - row.low),
        100 * row.wanted,
        100 * row.value,
        row.words,
    )


def two_histograms(
    title: str, summary: str, pair: tuple[Sequence[float], Sequence[float]], names: tuple[str, str]
) -> Markup:
    """Shares of two samples in the same bins, the first as outlines, the second filled.

    ``summary`` tells the finding, also to whoever does not see them.
    """
    tallest = max(max(shares, default=0.0) for shares in pair) or 1.0
    drawn = [_columns(shares, tallest) for shares in reversed(pair)]
    width = len(pair[0])
    return Markup(
        '<figure class="two-histograms" role="img" aria-label="{0}. {1}">'
        '<figcaption>{0}</figcaption><svg viewBox="0 0 {2} 100" preserveAspectRatio="none" '
        'aria-hidden="true"><g class="histogram-now">{3}</g><g class="histogram-then">{4}</g></svg>'
        '<p class="two-histograms-key"><span class="key-then"></span>{5} '
        '<span class="key-now"></span>{6}</p><p class="remark">{1}</p></figure>'
    ).format(title, summary, width, *drawn, *names)


def _columns(shares: Sequence[float], tallest: float) -> Markup:
    return join(
        Markup('<rect x="{:.2f}" y="{:.2f}" width="0.84" height="{:.2f}"/>').format(
            x + 0.08, 100 - 100 * share / tallest, 100 * share / tallest
        )
        for x, share in enumerate(shares)
    )
