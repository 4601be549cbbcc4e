"""The page of measurements says of each bar whether it holds, and is made from what is kept."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.outcome import Row, at_least, at_most, document, judged
from benchmarks.page import PAGE, PICTURE, keep, kept, page
from benchmarks.page_picture import HOLDS, MISSES, drawn, factor


def a_document(name: str, *bars: Row) -> Row:
    return document(name, False, {}, bars, "torch 2") | {"day": "2026-01-31"}


HELD = at_least("images a second | all pixels", 12_345.6, 10_000, "2 naively")
MISSED = at_most("p95 of <next>, in ms", 0.0456, 0.033)


def test_each_bar_is_told_with_its_sense_and_whether_it_holds() -> None:
    told = page([a_document("review/load", HELD, MISSED)])
    assert "## Review: load" in told
    assert "2026-01-31" in told
    assert "`python -m benchmarks.review load`" in told
    row = "| images a second \\| all pixels | 12,346 | ≥ 10,000 | holds | 2 naively |"
    assert row in told.splitlines()
    assert "| p95 of <next>, in ms | 0.0456 | ≤ 0.033 | **missed** |  |" in told.splitlines()


@pytest.mark.parametrize(
    ("bar", "times", "is_at_least"),
    [
        (at_least("", 6, 3), 2, True),
        (at_least("", 2, 4), 0.5, True),
        (at_most("", 2, 8), 4, False),
        (at_most("", 8, 2), 0.25, False),
        (at_most("", 0, 5), math.inf, False),
        (at_least("", 3, 3), 1, True),
    ],
)
def test_more_than_one_is_better_than_the_bar(bar: Row, times: float, is_at_least: bool) -> None:
    assert factor(bar) == (times, is_at_least)


def test_the_picture_has_a_mark_for_each_figure_of_its_shape_and_place() -> None:
    none = judged("nothing came of it", None, 1, False)
    picture = ET.fromstring(drawn([a_document("engines", HELD, MISSED, none)]))
    space = "{http://www.w3.org/2000/svg}"
    (held,), (missed,) = picture.findall(f"{space}circle"), picture.findall(f"{space}polygon")
    assert (held.get("fill"), missed.get("stroke")) == (HOLDS, MISSES)
    corner = float(str(missed.get("points")).split(",")[0])
    assert corner < float(str(held.get("cx")))


def test_a_later_document_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    for name, bar in (("heads", MISSED), ("engines", HELD), ("heads", HELD)):
        keep(a_document(name, bar), tmp_path)
    assert [(one["name"], one["bars"]) for one in kept(tmp_path)] == [
        ("engines", [HELD]),
        ("heads", [HELD]),
    ]


def test_the_page_is_what_the_kept_documents_say() -> None:
    assert PAGE.read_text("utf-8") == page(kept())
    assert PICTURE.read_text("utf-8") == drawn(kept())
