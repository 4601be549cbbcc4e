"""The report's folder: whole, reproducible, and no picture that nobody asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import InputError
from review_app.inference.checkpoint import Checkpoint
from review_app.lab.evaluation import Evaluation, examine
from review_app.lab.report import read_search, write_report
from review_app.lab.report.figures import FIGURES
from review_app.lab.report.page import render
from tests.detector.conftest import labelled
from tests.detector.report.conftest import SEARCH, Element, read_page


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_folder_has_the_page_the_numbers_and_every_figure(written: Path, page: Element) -> None:
    files = contents(written)
    assert set(files) == {"report.html", "metrics.json"} | {
        f"figures/{name}.png" for name in FIGURES
    }
    embedded = [b64decode(img.attributes["src"].partition(",")[2]) for img in page.all("img")]
    assert sorted(embedded) == sorted(files[f"figures/{name}.png"] for name in FIGURES)
    for data in embedded:
        with Image.open(BytesIO(data)) as figure:
            assert figure.width == 1350
            assert set(figure.info) <= {"dpi"}
            assert np.asarray(figure.convert("L")).std() > 5


def test_the_same_evaluation_gives_the_same_bytes(
    evaluation: Evaluation, written: Path, tmp_path: Path
) -> None:
    write_report(evaluation, tmp_path)
    assert contents(tmp_path) == contents(written)


def test_a_single_image_makes_a_report_that_replaces_an_earlier_one_and_no_other_file(
    toy_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    (tmp_path / "figures").mkdir()
    for earlier in ("figures/search.png", "report.html", "notes.txt"):
        (tmp_path / earlier).write_text("mine")
    page = write_report(examine(toy_checkpoint, labelled(40, 3)[:1], name="few.csv"), tmp_path)
    assert "few.csv" in read_page(page.read_text(encoding="utf-8")).text
    assert not (tmp_path / "figures" / "search.png").exists()
    assert "search.png" not in page.read_text(encoding="utf-8")
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not list(tmp_path.rglob(".*"))


def test_thumbnails_are_shown_only_when_asked_for_and_only_of_images_that_open(
    evaluation: Evaluation, page: Element, tmp_path: Path
) -> None:
    assert not [i for i in page.all("img") if "image/jpeg" in i.attributes["src"]]
    write_report(evaluation, tmp_path, thumbnails=True)
    shown = read_page((tmp_path / "report.html").read_text(encoding="utf-8"))
    thumbnails = [i for i in shown.all("img") if "image/jpeg" in i.attributes["src"]]
    named = [each for group in evaluation.document["extremes"].values() for each in group]
    assert len(thumbnails) == sum(each["image"] < 140 for each in named) > 0
    for each in thumbnails:
        with Image.open(BytesIO(b64decode(each.attributes["src"].partition(",")[2]))) as small:
            assert max(small.size) == 128


def test_a_folder_that_cannot_be_made_is_told(evaluation: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written to .*; choose another folder"):
        write_report(evaluation, tmp_path / "file" / "report")


def test_images_that_trained_the_checkpoint_are_warned_of(toy_checkpoint: Checkpoint) -> None:
    seen = examine(toy_checkpoint, labelled(160, 1), name="train.csv")
    page = read_page(render(seen.document, {}, {}))
    (warning,) = [p for p in page.all("p") if p.attributes.get("class") == "warning"]
    assert warning.text.strip().startswith("160 of these 160 images trained or tuned")


def test_evaluating_without_a_report_needs_no_drawing_library() -> None:
    code = (
        "import sys, review_app.lab.evaluation, review_app.cli.detector\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import review_app.lab.report\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not the search.json of a search"),
        ('{"linear": {"grid": [], "best": {}}}', "linear.grid"),
        (
            '{"a": {"grid": [{"params": {"x": 1}, "val_auroc": [0.5, 0.4, 0.6], "seconds": 1}], '
            '"best": {"x": 2}}}',
            "the best hyper-parameters are not among the cells",
        ),
    ],
)
def test_a_file_that_is_no_search_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "search.json"
    with pytest.raises(InputError, match="cannot be read"):
        read_search(path)
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_search(path)


def test_a_search_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "search.json"
    found: dict[str, Any] = {head: each | {"axes": {}} for head, each in SEARCH.items()}
    path.write_text(json.dumps(found))
    assert read_search(path) == SEARCH
