"""The charts: right geometry, words for who cannot see them, nothing unescaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from review_app.web.charts import (
    SHADES,
    Bar,
    Scatter,
    bars,
    entropy_bar,
    interval,
    shade,
    uncertainty_map,
)

HOSTILE = '"><script>alert(1)</script>'


def parsed(markup: Markup) -> ElementTree.Element:
    """The markup as a tree; raises where a tag is open or a quote is loose."""
    return ElementTree.fromstring(f"<root>{markup}</root>")


def scatter(n: int = 200, real: float | None = 0.1, fake: float | None = 0.9) -> Scatter:
    rng = np.random.default_rng(0)
    p = rng.random(n)
    return Scatter(p, 0.3 * p * (1 - p), real, fake)


def styles(markup: Markup, name: str) -> list[float]:
    """The percentages in the style of the element with class ``name``."""
    found = re.search(rf'class="{name}" style="([^"]*)"', markup)
    assert found is not None
    return [float(number) for number in re.findall(r"([\d.]+)%", found.group(1))]


def test_bars_share_one_scale_that_starts_at_zero() -> None:
    chart = bars("t", [Bar("a", 10), Bar("b", 5), Bar("c", 0)])
    assert re.findall(r"width:([\d.]+)%", chart) == ["100.00", "50.00", "0.00"]


def test_a_chart_of_zeros_divides_by_nothing() -> None:
    assert "width:0.00%" in bars("t", [Bar("a", 0)])


def test_names_are_escaped_everywhere() -> None:
    charts = [
        bars(HOSTILE, [Bar(HOSTILE, 1, HOSTILE)]),
        interval(HOSTILE, 0.5, 0.1),
        entropy_bar(HOSTILE, 0.5, 0.1),
        uncertainty_map(HOSTILE, HOSTILE, scatter()),
    ]
    for chart in charts:
        assert not list(parsed(chart).iter("script"))


def test_every_drawing_is_one_image_with_a_name() -> None:
    charts = [interval("x", 0.5, 0.1), entropy_bar("x", 0.5, 0.1)]
    for chart in [*charts, uncertainty_map("What?", "This.", scatter())]:
        (drawing,) = parsed(chart)
        assert drawing.get("role") == "img"
        assert drawing.get("aria-label")


@given(p=st.floats(0, 1), std=st.floats(0, 0.6))
def test_a_band_never_leaves_the_scale_and_holds_its_dot(p: float, std: float) -> None:
    chart = interval("x", p, std)
    left, width = styles(chart, "interval-band")
    (dot,) = styles(chart, "interval-dot")
    assert left >= 0
    assert left + width <= 100.02
    assert left - 0.02 <= dot <= left + width + 0.02


@given(entropy=st.floats(0, 0.6931), mutual=st.floats(-1e-7, 0.6931))
def test_the_parts_of_the_entropy_add_up_to_it(entropy: float, mutual: float) -> None:
    chart = entropy_bar("x", entropy, mutual)
    (known,), (rest,) = styles(chart, "entropy-known"), styles(chart, "entropy-rest")
    assert abs(known + rest - 100 * entropy / np.log(2)) < 0.02


def test_the_map_counts_every_image_once() -> None:
    tree = parsed(uncertainty_map("What?", "This.", scatter(500)))
    key = "".join(tree.find(".//div[@class='map-key']").itertext())  # type: ignore[union-attr]
    assert "images per cell" in key
    cells = tree.findall(".//div[@class='map-cells']/svg/rect")
    assert 0 < len(cells) <= 500
    assert {cell.get("class") for cell in cells} <= {f"shade-{i}" for i in range(1, SHADES + 1)}


def test_the_map_of_four_thousand_images_stays_small() -> None:
    rng = np.random.default_rng(1)
    crowd = Scatter(rng.random(4000), 0.5 * rng.random(4000), 0.1, 0.9)
    assert len(uncertainty_map("What?", "This.", crowd)) < 100_000


def test_the_bands_lie_where_the_policy_accepts() -> None:
    chart = uncertainty_map("What?", "This.", scatter(real=0.1, fake=0.95))
    assert "left:0;width:10.00%" in chart
    assert "right:0;width:5.00%" in chart
    assert "real ≤ 0.1" in chart
    assert "fake ≥ 0.95" in chart


def test_the_axis_of_the_map_is_named() -> None:
    one = np.array([0.5])
    assert "<span>P(fake)</span>" in uncertainty_map("W", "T", Scatter(one, one, None, None))
    named = Scatter(one, one, None, None, "Score")
    assert "<span>Score</span>" in uncertainty_map("W", "T", named)


def test_a_policy_that_accepts_nothing_has_no_bands() -> None:
    closed = scatter(real=None, fake=None)
    assert closed.beyond == 0
    chart = uncertainty_map("What?", "This.", closed)
    assert 'class="band' not in chart
    assert "people decide all" in chart


def test_beyond_counts_what_the_thresholds_accept() -> None:
    points = Scatter(np.array([0.0, 0.1, 0.5, 0.9, 1.0]), np.zeros(5), 0.1, 0.9)
    assert points.beyond == 4


def test_an_empty_map_is_drawn_without_fault() -> None:
    parsed(uncertainty_map("What?", "This.", Scatter(np.empty(0), np.empty(0), None, None)))


@given(most=st.integers(1, 10_000), data=st.data())
def test_more_images_never_give_a_lighter_shade(most: int, data: st.DataObject) -> None:
    a, b = sorted(data.draw(st.tuples(st.integers(1, most), st.integers(1, most))))
    assert 1 <= shade(a, most) <= shade(b, most) <= SHADES
    assert shade(most, most) == SHADES
    assert shade(0, most) == 0
