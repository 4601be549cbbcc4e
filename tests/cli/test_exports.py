"""Exports as others read them: Hugging Face's datasets, pandas, polars and DuckDB; and as this
program takes them in again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review_app.core.hashing import sha256_of_file
from review_app.manifests.manifest import read_manifest
from review_app.records.exports.request import OVERLAP
from review_app.records.exports.selection import moment_of
from storage.enums import LabelValue
from tests.applications import deployment
from tests.cli.conftest import Run
from tests.cli.test_training_manifest import change, settle, taken_in

REAL, FAKE = LabelValue.REAL, LabelValue.FAKE
VALUES = [REAL, FAKE, FAKE, REAL, FAKE, REAL]
MARKS = [
    {"shape": "rectangle", "points": [[0.5, 0.5], [0.25, 0.25]]},
    {"shape": "polygon", "points": [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]},
]


@pytest.fixture
def labelled(run: Run, tmp_path: Path) -> Path:
    """Six images settled by people, one of them nobody could tell of, and one nobody looked at."""
    taken_in(run, tmp_path, 8)
    with deployment(tmp_path) as place:
        for item_id, value in enumerate(VALUES, 1):
            settle(place, item_id, value, inclusion_probability=0.5 if item_id == 2 else 1.0)
        place.factory.label(place.factory.person(), 7, LabelValue.UNSURE)
    return tmp_path


def labels_by_hash(table: Any) -> dict[str, str]:
    return {row["sha256"]: row["label"] for row in table}


@pytest.fixture
def expected(labelled: Path, run: Run) -> dict[str, str]:
    run("export", labelled / "labels.jsonl", "--format", "jsonl")
    lines = (labelled / "labels.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    return labels_by_hash(row for row in rows if row["label"] in (REAL, FAKE))


def read_by_hugging_face(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    cache = folder.parent / "cache"
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(cache))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets  # which reads them when it is loaded

    datasets.disable_progress_bars()
    found = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(cache))
    return dict(found)


@pytest.mark.filterwarnings("ignore")  # of datasets
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "zipped"])
@pytest.mark.parametrize("split", [False, True], ids=["whole", "splits"])
def test_an_image_folder_loads_with_its_labels(
    labelled: Path,
    expected: dict[str, str],
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    zipped: bool,
    split: bool,
) -> None:
    names = ["train", "val", "test", "train", "train", None] if split else [None] * 6
    with deployment(labelled) as place:
        for item_id, name in enumerate(names, 1):
            change(place, item_id, split=name)
    out = labelled / "images"
    options = ["--zip"] if zipped else []
    made = run("export", out, "--format", "imagefolder", "--json", *options).document
    assert made["rows"] == 6
    tables = read_by_hugging_face(out, monkeypatch)
    sizes = {name: len(table) for name, table in tables.items()}
    assert sizes == ({"train": 4, "validation": 1, "test": 1} if split else {"train": 6})
    rows = [row for table in tables.values() for row in table]
    assert labels_by_hash(rows) == expected
    for row in rows:
        assert row["image"].size > (1, 1)
    assert sorted(row["weight"] for row in rows) == [1, 1, 1, 1, 1, 2]
    document = json.loads((out / "manifest.json").read_bytes())
    assert document["left_out"] == {"unlabelled": 1, "unsure": 1}
    for file in document["files"]:
        assert sha256_of_file(out / file["path"]) == file["sha256"]
    croissant = json.loads((out / "croissant.json").read_bytes())
    known = {one["@id"] for one in croissant["distribution"]}
    for field in croissant["recordSet"][0]["field"]:
        (kind,) = field["source"].keys() & {"fileObject", "fileSet"}
        assert kind == ("fileSet" if zipped else "fileObject")
        assert field["source"][kind]["@id"] in known
    again = run("export", out, "--format", "imagefolder")
    assert "is there already" in again.fault


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "zipped"])
def test_an_image_folder_is_taken_in_by_name_and_never_by_accident(
    labelled: Path,
    expected: dict[str, str],
    run: Run,
    zipped: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = labelled / "parent"
    out = parent / "images"
    options = ["--zip"] if zipped else []
    run("export", out, "--format", "imagefolder", *options)
    if not zipped:
        rows = read_manifest(out, check_files=True).rows
        assert {row.path.stem: row.label for row in rows} == expected
    monkeypatch.setenv("REVIEW_DATA_DIR", str(labelled / "another"))
    by_accident = run("ingest", parent, "--json")
    assert by_accident.document["added"] == 0
    assert "an export of this program" in by_accident.err
    assert run("ingest", out, "--json").document["added"] == 6
    run("export", labelled / "again.jsonl", "--format", "jsonl")
    lines = (labelled / "again.jsonl").read_text().splitlines()
    assert labels_by_hash(map(json.loads, lines)) == expected


def test_parquet_opens_in_pandas_polars_and_duckdb(
    labelled: Path, expected: dict[str, str], run: Run
) -> None:
    import duckdb
    import pandas
    import polars

    out = labelled / "labels.parquet"
    run("export", out, "--format", "parquet")
    relation = duckdb.sql(f"SELECT * FROM '{out}'")
    assert relation is not None
    duck = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    frames: list[Any] = [duck, polars.read_parquet(out).to_dicts()]
    assert frames[0] == frames[1]
    frames.append(pandas.read_parquet(out).to_dict("records"))
    for rows in frames:
        settled = [row for row in rows if row["label"] in ("real", "fake")]
        assert labels_by_hash(settled) == expected


def test_coco_has_verdicts_of_whole_images_and_marks_in_pixels(labelled: Path, run: Run) -> None:
    with deployment(labelled, first=100) as place:
        place.factory.label(place.factory.person(), 2, FAKE, regions=MARKS)
    bare, full = labelled / "bare", labelled / "full"
    run("export", full, "--format", "coco")
    assert run("export", bare, "--format", "coco", "--without-images").code == 0
    assert not (bare / "images").exists()
    document = json.loads((full / "annotations.json").read_bytes())
    names = {one["id"]: one["name"] for one in document["categories"]}
    images = {one["id"]: one for one in document["images"]}
    for image in images.values():
        assert sha256_of_file(full / image["file_name"]) == image["sha256"]
    told = [(one["image_id"], names[one["category_id"]]) for one in document["annotations"]]
    wholes = [pair for pair in told if pair[1] != "region"]
    assert wholes == [*((i, value.value) for i, value in enumerate(VALUES, 1)), (7, "unsure")]
    assert [pair for pair in told if pair[1] == "region"] == [(2, "region")] * 2
    rectangle, triangle = [one for one in document["annotations"] if one["segmentation"]]
    width, height = images[2]["width"], images[2]["height"]
    assert rectangle["bbox"] == [width / 4, height / 4, width / 4, height / 4]
    assert rectangle["area"] == pytest.approx(width * height / 16)
    assert triangle["segmentation"] == [[0, 0, width, 0, 0, height]]


def test_an_export_tells_only_what_has_changed_since_another(labelled: Path, run: Run) -> None:
    first, later = labelled / "first.csv", labelled / "later.csv"
    run("export", first)
    beside = labelled / "first.csv.manifest.json"
    document = json.loads(beside.read_bytes())
    beside.write_text(json.dumps({**document, "as_of": "2100-01-01T00:00:00+00:00"}))
    assert run("export", later, "--since", first, "--json").document["rows"] == 0
    beside.write_text(json.dumps({**document, "as_of": "2020-01-01T00:00:00+00:00"}))
    assert run("export", later, "--since", first, "--json").document["rows"] == 8
    assert run("export", later, "--since", "2020-01-01", "--json").document["rows"] == 8
    beside.unlink()
    assert "does not say when" in run("export", later, "--since", first).fault
    assert "is no time" in run("export", later, "--since", "yesterday").fault


def test_the_last_export_of_the_same_kind_is_gone_on_from(labelled: Path, run: Run) -> None:
    options = ("--source", "elsewhere", "--reviewer", "nobody")
    out = labelled / "labels.csv"
    run("export", out)
    assert "leave --since last out" in run("export", out, "--since", "last", *options).fault
    first = run("export", labelled / "some.csv", *options, "--json").document
    later = run("export", out, "--since", "last", *options, "--json").document
    assert later["since"]["file"] == "some.csv"
    assert later["since"]["as_of"] == first["as_of"]
    with deployment(labelled) as place, place.app.database.read() as repos:
        (newest, *_) = repos.jobs.newest(3)
    chosen = newest.parameters["request"]["selection"]
    assert moment_of(chosen["changed_since"]) == moment_of(first["as_of"]) - OVERLAP
    again = run("export", out, "--since", "last", *options)
    assert "(labels.csv)" in again.out, "each goes on from the one before"


def test_what_does_not_go_together_is_refused(run: Run, tmp_path: Path) -> None:
    for options in (
        ("--format", "imagefolder", "--rows", "answers"),
        ("--format", "imagefolder", "--without-images"),
        ("--format", "csv", "--zip"),
    ):
        assert run("export", tmp_path / "out", *options).code != 0
    assert not list(tmp_path.glob("*out*"))


def test_labels_that_say_neither_are_no_mistake_in_an_export(
    labelled: Path, expected: dict[str, str], run: Run
) -> None:
    for form in ("csv", "parquet", "jsonl"):
        out = labelled / f"table.{form}"
        run("export", out, "--format", form)
        rows = read_manifest(out).rows
        assert [row.label for row in rows] == [*(value.value for value in VALUES), None, None]
