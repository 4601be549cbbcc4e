"""The map of features in three colourings: what images are, P(fake), and its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from review_app.i18n import number, percent, t
from review_app.web.charts import SHADES
from review_app.web.markup import join


@dataclass(frozen=True)
class Colouring:
    """One way to colour the points."""

    title: str
    groups: Sequence[tuple[str, str, NDArray[np.bool_]]]
    """Class of the mark, name, and which points [n], drawn in this order."""


def by_steps(title: str, values: NDArray[np.float64], top: float) -> Colouring:
    """Values from 0 to ``top`` in `SHADES` steps of one colour, the strongest drawn last."""
    edges = np.linspace(0, top, SHADES + 1)
    step = np.clip(np.digitize(values, edges[1:-1]), 0, SHADES - 1)
    return Colouring(
        title,
        [
            (f"dot-{at + 1}", f"{number(edges[at], 2)}–{number(edges[at + 1], 2)}", step == at)
            for at in range(SHADES)
        ],
    )


def feature_map(
    places: NDArray[np.float64], explained: tuple[float, float], colourings: Sequence[Colouring]
) -> Markup:
    """The same points ``places`` [n, 2] once for each of ``colourings``; axes tell the share of
    variance that they explain."""
    low, high = places.min(axis=0), places.max(axis=0)
    scaled = 4 + 92 * (places - low) / np.where(high > low, high - low, 1.0)
    axes = [t("desk.axis", n=at + 1, share=percent(share)) for at, share in enumerate(explained)]
    return Markup('<div class="feature-maps">{}</div>').format(
        join(_figure(scaled, axes, colouring) for colouring in colourings)
    )


_FIGURE = Markup("""
<figure class="feature-map">
  <figcaption>{title}</figcaption>
  <div class="feature-plot" role="img" aria-label="{title}. {told}">
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{marks}</svg>
  </div>
  <div class="feature-axes"><span>→ {across}</span><span>↑ {up}</span></div>
  <div class="map-key">{key}</div>
</figure>
""")


def _figure(places: NDArray[np.float64], axes: Sequence[str], colouring: Colouring) -> Markup:
    told = [(kind, name, int(which.sum())) for kind, name, which in colouring.groups]
    return _FIGURE.format(
        title=colouring.title,
        told=", ".join(f"{name}: {number(n)}" for _, name, n in told),
        marks=join(_marks(kind, places[which]) for kind, _, which in colouring.groups),
        across=axes[0],
        up=axes[1],
        key=join(
            Markup(
                '<span><svg class="dot-key" viewBox="0 0 12 12" aria-hidden="true">'
                '<path class="dot {}" d="M6 6h0"/></svg>{} ({})</span>'
            ).format(kind, name, number(n))
            for kind, name, n in told
        ),
    )


def _marks(kind: str, places: NDArray[np.float64]) -> Markup:
    """Lines of no length, whose ends are the marks: they keep their shape in a stretched box."""
    if not len(places):
        return Markup()
    steps = " ".join(f"M{x:.1f} {100 - y:.1f}h0" for x, y in places.tolist())
    return Markup('<path class="dot {}" d="{}"/>').format(kind, steps)
