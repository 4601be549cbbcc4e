"""One evaluation of real heads with hostile names, and its report, read back as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from review_app.inference.checkpoint import Checkpoint
from review_app.lab.evaluation import Evaluation, examine
from review_app.lab.report import write_report
from tests.detector.conftest import labelled

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "$\\frac{a}{0}$ & {{ 7 * 7 }} 中文\u202e/~1",
)
"""Sources that would run, load or break something where they are not escaped."""
SEARCH = {
    "variational": {
        "grid": [
            {"params": {"kl_weight": kl, "prior_std": std}, "val_auroc": [0.7 + kl / 20, 0.6, 0.8],
             "seconds": 1.0}
            for kl in (0.1, 1.0)
            for std in (0.5, 2.0)
        ],
        "best": {"kl_weight": 1.0, "prior_std": 0.5},
    }
}  # fmt: skip
VOID = {"meta", "img", "br", "link", "input"}


@dataclass
class Element:
    """One element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, tag: str | None = None) -> Iterator[Element]:
        """Every element below with this tag, in order."""
        for child in self.children:
            if isinstance(child, Element):
                if tag in (None, child.tag):
                    yield child
                yield from child.all(tag)

    @property
    def text(self) -> str:
        """All text below."""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def read_page(html: str) -> Element:
    """The page as a tree; fails where tags do not match."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader._open == [reader.root]
    return reader.root


@pytest.fixture(scope="session")
def evaluation(toy_checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """150 images of three sources whose names are hostile; some of the files exist."""
    folder = tmp_path_factory.mktemp("images")
    data = labelled(150, 5)
    data = replace(data, sources=tuple(HOSTILE[at % 3] for at in range(150)))
    paths = [folder / f"{at}.png" for at in range(150)]
    for at, path in enumerate(paths[:140]):
        Image.new("RGB", (300, 200), (at, 90, 120)).save(path)
    return examine(
        toy_checkpoint,
        data,
        name=HOSTILE[0],
        names=[f"{HOSTILE[at % 3]}{at}.png" for at in range(150)],
        paths=paths,
        validation=labelled(120, 2),
        search=SEARCH,
        now=datetime(2026, 1, 2, tzinfo=UTC),
    )


@pytest.fixture(scope="session")
def written(evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of its report, without thumbnails."""
    folder = tmp_path_factory.mktemp("report")
    write_report(evaluation, folder)
    return folder


@pytest.fixture(scope="session")
def page(written: Path) -> Element:
    """Its page."""
    return read_page((written / "report.html").read_text(encoding="utf-8"))
