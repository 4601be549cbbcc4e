"""Charts of what happened over time, and of shares: see `charts` for how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from review_app.i18n import number
from review_app.web.markup import join, moment


@dataclass(frozen=True)
class FlowRow:
    """One row of a chart over time."""

    name: str
    total: str
    """What the whole of it comes to, in words; it stands beside the name."""
    peak: str
    """The greatest value of a part, as a sentence for who cannot see it."""
    values: Sequence[int]
    level: bool = False
    """Whether it is a level, drawn as an area, and no count of each part."""


_FLOW = Markup("""
<figure class="flow" role="group" aria-label="{title}">
  {rows}
  <div class="flow-x"><span>{begins}</span><span>{unit}</span><span>{ends}</span></div>
</figure>
""")
_ROW = Markup("""
  <div class="flow-row" role="img" aria-label="{name}: {total} {peak}">
    <div class="flow-name"><span>{name}</span> <b>{total}</b></div>
    <div class="flow-top" aria-hidden="true">{top}</div>
    <div class="flow-plot"><svg viewBox="0 0 {n} 100" preserveAspectRatio="none"\
 aria-hidden="true">{shape}</svg></div>
  </div>
""")


def flow_chart(
    title: str, rows: Sequence[FlowRow], times: tuple[datetime, datetime], unit: str
) -> Markup:
    """Rows that share their time and have a scale each; ``times``: where it begins and ends."""
    return _FLOW.format(
        title=title,
        rows=join(map(_row, rows)),
        begins=moment(times[0]),
        unit=unit,
        ends=moment(times[1]),
    )


def _row(row: FlowRow) -> Markup:
    top = max(row.values, default=0)
    return _ROW.format(
        name=row.name,
        total=row.total,
        peak=row.peak,
        top=number(top),
        n=len(row.values),
        shape=_area(row.values, top) if row.level else _columns(row.values, top),
    )


def _columns(values: Sequence[int], top: int) -> Markup:
    return join(
        Markup('<rect x="{}.1" y="{:.2f}" width="0.8" height="{:.2f}"/>').format(
            x, 100 - 100 * value / top, 100 * value / top
        )
        for x, value in enumerate(values)
        if value
    )


def _area(values: Sequence[int], top: int) -> Markup:
    """Steps, as a count goes up and down by ones."""
    if not top:
        return Markup()
    points = " ".join(
        f"L{x},{100 - 100 * value / top:.2f} L{x + 1},{100 - 100 * value / top:.2f}"
        for x, value in enumerate(values)
    )
    return Markup('<path d="M0,100 {} L{},100 Z"/>').format(points, len(values))


def shares(parts: Sequence[tuple[str, int]]) -> Markup:
    """One bar cut into parts, each with its name as a class; the numbers stand beside it."""
    total = sum(n for _, n in parts)
    if not total:
        return Markup()
    return Markup('<span class="shares" aria-hidden="true">{}</span>').format(
        join(
            Markup('<span class="share-{}" style="width:{:.2f}%"></span>').format(
                name, 100 * n / total
            )
            for name, n in parts
            if n
        )
    )
