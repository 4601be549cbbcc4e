"""The page: every number is the document's, names are text, nothing is fetched or run."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from review_app.lab.evaluation import Evaluation
from review_app.lab.report.page import FORMATS, UNDEFINED
from tests.detector.report.conftest import HOSTILE, Element


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) points to."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def test_every_number_on_the_page_is_the_one_in_metrics_json(page: Element, written: Path) -> None:
    document = json.loads((written / "metrics.json").read_text(encoding="utf-8"))
    printed = [span for span in page.all("span") if "data-from" in span.attributes]
    assert len(printed) > 500
    for span in printed:
        value = at(document, span.attributes["data-from"])
        expected = UNDEFINED if value is None else FORMATS[span.attributes["data-as"]](value)
        assert span.text == expected, span.attributes


def test_no_cell_has_a_number_of_its_own(page: Element) -> None:
    cells = [cell for cell in page.all("td") if cell.attributes.get("class") != "text"]
    assert len(cells) > 300
    for cell in cells:
        assert not re.search(r"\d", _unmarked(cell)), cell.text


def test_the_headline_is_the_default_heads(page: Element, evaluation: Evaluation) -> None:
    head = evaluation.document["heads"][evaluation.document["default_head"]]
    (headline,) = [p for p in page.all("p") if p.attributes.get("class") == "headline"]
    for value in (head["auroc"][0], head["accuracy"], head["shipped"]["reject"][3]["accuracy"]):
        assert f"{100 * value:.1f}%" in headline.text


def test_hostile_names_are_text(page: Element) -> None:
    assert {element.tag for element in page.all()} <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "ul", "li",
        "dl", "dt", "dd", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span",
        "strong", "code", "figure", "figcaption", "img",
    }  # fmt: skip
    for element in page.all():
        assert not [name for name in element.attributes if name.startswith("on")]
    rows = {th.text for th in page.all("th") if th.attributes.get("scope") == "row"}
    assert set(HOSTILE) <= rows
    assert "49 中文" not in page.text


def test_nothing_is_fetched_and_nothing_runs(page: Element, written: Path) -> None:
    html = (written / "report.html").read_text(encoding="utf-8")
    for element in page.all():
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            if name in element.attributes:
                assert element.attributes[name].startswith("data:image/png;base64,")
    (style,) = page.all("style")
    assert "url(" not in style.text
    assert "@import" not in style.text
    assert "http://" not in html
    assert "https://" not in html
    policy = next(meta for meta in page.all("meta") if "http-equiv" in meta.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_tables_and_figures_can_be_heard(page: Element) -> None:
    for table in page.all("table"):
        assert next(table.all("caption")).text.strip()
        for heading in table.all("th"):
            assert heading.attributes["scope"] in ("col", "row", "rowgroup")
    levels = [int(e.tag[1]) for e in page.all() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [e.attributes["id"] for e in page.all() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    images = list(page.all("img"))
    assert len(images) == 9
    assert all(len(image.attributes["alt"]) > 60 for image in images)


def test_the_page_says_what_it_cannot_tell(page: Element) -> None:
    limits = next(ul for ul in page.all("ul")).text
    for word in ("never met", "prepared", "mislabelled", "independent", "are few"):
        assert word in limits


def _unmarked(element: Element) -> str:
    """The text below that no pointer vouches for."""
    return "".join(
        child if isinstance(child, str) else _unmarked(child)
        for child in element.children
        if isinstance(child, str) or "data-from" not in child.attributes
    )
