"""The other pages (robustness, transfer, leave-out, protocol) keep what the report's page
promises."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.core.errors import InputError
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.laundering import TRANSFORMS
from review_app.lab.evaluation import Evaluation
from review_app.lab.hold_outs import HoldOutBy
from review_app.lab.leave_out import leave_out
from review_app.lab.protocol import document_of
from review_app.lab.report.leave_out import write_leave_out
from review_app.lab.report.page import FORMATS, UNDEFINED
from review_app.lab.report.protocol import write_protocol
from review_app.lab.report.robustness import write_robustness
from review_app.lab.report.transfer import write_transfer
from review_app.lab.robustness import robustness
from review_app.lab.transfer import transfer
from tests.detector.conftest import labelled
from tests.detector.report.conftest import HOSTILE, SEARCH, Element, read_page
from tests.detector.report.test_page import at
from tests.detector.test_leave_out import GENERATORS, toy_set
from tests.detector.test_transfer import PRESET, ToyBackbone

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAGES = ("robustness", "transfer", "leave_out", "protocol")


def _named(data: LabelledFeatures) -> LabelledFeatures:
    """The last source is of fakes only."""
    sources = [HOSTILE[at % 2] for at in range(len(data))]
    sources = [
        HOSTILE[2] if fake and at % 5 == 0 else name
        for at, (name, fake) in enumerate(zip(sources, data.is_fake, strict=True))
    ]
    return replace(data, sources=tuple(sources))


@pytest.fixture(scope="module")
def pages(
    toy_checkpoint: Checkpoint, evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Every page, by its name, of hostile sources and data."""
    folder = tmp_path_factory.mktemp("pages")
    data = _named(labelled(150, 5))
    noise = np.random.default_rng(1).normal(size=data.features.shape).astype(np.float32)
    versions = Versions(data, (data.features, *[noise] * (len(TRANSFORMS) - 1)))
    robust = robustness(toy_checkpoint, versions, TRANSFORMS, name=HOSTILE[0], now=NOW)
    transferred = transfer(
        Versions(_named(labelled(160, 1))),
        Versions(_named(labelled(120, 2))),
        data,
        HOSTILE[:2],
        ToyBackbone(),
        preset=PRESET,
        name=HOSTILE[0],
        now=NOW,
    )
    runs = {"source": evaluation, "source-searched": evaluation}
    sizes = {"n_train": 160, "n_val": 120}
    whole = document_of(HOSTILE[0], sizes, runs, SEARCH, seed=1)
    return {
        "robustness": write_robustness(robust, folder / "robustness"),
        "transfer": write_transfer(transferred, folder / "transfer"),
        "leave_out": write_leave_out(_left_out(), folder / "leave_out"),
        "protocol": write_protocol(whole, evaluation, folder / "protocol"),
    }


def _left_out() -> dict[str, Any]:
    names = dict(zip(GENERATORS, ("photo", *HOSTILE[:3]), strict=True))
    images = toy_set(
        lambda data: replace(data, generators=tuple(names[each] for each in data.generators))
    )
    return leave_out(
        images, ToyBackbone(), HoldOutBy.GENERATOR, preset=PRESET, name=HOSTILE[0], now=NOW
    )


def test_a_page_without_any_auroc_needs_no_figure(tmp_path: Path) -> None:
    alone = toy_set(
        lambda data: replace(
            data, sources=tuple("fakes" if fake else "reals" for fake in data.is_fake)
        )
    )
    with pytest.raises(InputError, match="of one class"):
        leave_out(alone, ToyBackbone(), HoldOutBy.SOURCE, preset=PRESET, name="toy")
    document = leave_out(
        alone, ToyBackbone(), HoldOutBy.GENERATOR, preset=PRESET, name="toy", only=("odd",)
    )
    assert document["left_out"]["odd"]["heads"]["linear"]["unseen"] is None
    assert document["summary"]["heads"]["linear"] == {"unseen": None, "known": None}
    page, _ = _read(write_leave_out(document, tmp_path))
    assert not list(page.all("img"))


def _read(path: Path) -> tuple[Element, Any]:
    numbers = json.loads((path.parent / "metrics.json").read_text(encoding="utf-8"))
    return read_page(path.read_text(encoding="utf-8")), numbers


@pytest.mark.parametrize("name", PAGES)
def test_every_number_is_the_one_in_metrics_json(pages: dict[str, Path], name: str) -> None:
    page, document = _read(pages[name])
    printed = [span for span in page.all("span") if "data-from" in span.attributes]
    assert len(printed) > 40
    for span in printed:
        value = at(document, span.attributes["data-from"])
        expected = UNDEFINED if value is None else FORMATS[span.attributes["data-as"]](value)
        assert span.text == expected, span.attributes


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_are_text_and_nothing_is_fetched(pages: dict[str, Path], name: str) -> None:
    page, _ = _read(pages[name])
    html = pages[name].read_text(encoding="utf-8")
    assert HOSTILE[0] in page.text
    assert not list(page.all("script"))
    for element in page.all():
        assert not [each for each in element.attributes if each.startswith("on")]
        assert element.attributes.get("src", "data:image/png;base64,").startswith("data:image/png")
        assert element.attributes.get("href", "source").startswith("source")
    assert "http://" not in html
    assert "https://" not in html
    assert "49 中文" not in page.text


@pytest.mark.parametrize("name", PAGES)
def test_tables_and_figures_can_be_heard(pages: dict[str, Path], name: str) -> None:
    page, _ = _read(pages[name])
    for table in page.all("table"):
        assert next(table.all("caption")).text.strip()
        width = len(list(next(table.all("thead")).all("th")))
        for row in next(table.all("tbody")).all("tr"):
            assert len([cell for cell in row.all() if cell.tag in ("th", "td")]) == width
        for heading in table.all("th"):
            assert heading.attributes["scope"] in ("col", "row")
    levels = [int(each.tag[1]) for each in page.all() if re.fullmatch(r"h[1-6]", each.tag)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [each.attributes["id"] for each in page.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    (image,) = page.all("img")
    assert len(image.attributes["alt"]) > 60


def test_the_documents_figures_stand_beside_ours(pages: dict[str, Path]) -> None:
    page, _ = _read(pages["protocol"])
    for theirs in ("0.752", "0.736", "+0.021", "0.643", "0.734", "7.475", "0.628"):
        assert theirs in page.text
    assert "its authors', on other images" in page.text
