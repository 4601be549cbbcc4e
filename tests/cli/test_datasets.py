"""dataset import-deepfake-eval, split and card, and search, on small real files."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from review_app.lab.search import GRIDS
from tests.cli.conftest import Run
from tests.lab.datasets.pictures import copy, save


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for at in range(40):
        save(folder / f"{at}.jpg", at, quality=90 if at % 2 else 70)
    return folder


@pytest.fixture
def metadata(images: Path) -> Path:
    path = images.parent / "metadata.csv"
    lines = ["Filename,Date,Ground Truth,Public Comments,Finetuning Set", "#NAME?,,Fake,,Train"]
    lines += [
        f"{at}.png,,{('Real', 'Fake')[at % 2]},,{'Test' if at < 15 else 'Train'}"
        for at in range(40)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def splits(path: Path) -> Counter[str]:
    with path.open(newline="") as file:
        return Counter(row["split"] for row in csv.DictReader(file))


def test_the_published_csv_becomes_a_manifest(run: Run, metadata: Path, images: Path) -> None:
    out = images.parent / "out.csv"
    outcome = run("dataset", "import-deepfake-eval", metadata, images, out, "--json")
    assert outcome.code == 0  # a row without a name refuses nothing
    assert outcome.document == {
        "path": str(out),
        "rows": 40,
        "splits": {"train": 20, "val": 5, "test": 15},
        "dropped_counts": {"no_name": 1},
        "dropped": [{"row": 2, "name": "#NAME?", "reason": "no_name", "detail": ""}],
    }
    assert splits(out) == {"train": 20, "val": 5, "test": 15}
    again = run("dataset", "import-deepfake-eval", metadata, images, out)
    assert "exists; choose another name" in again.fault


def test_a_row_without_its_file_is_named_and_ends_with_status_3(
    run: Run, metadata: Path, images: Path
) -> None:
    (images / "7.jpg").unlink()
    out = images.parent / "out.csv"
    outcome = run("dataset", "import-deepfake-eval", metadata, images, out)
    assert outcome.code == 3
    assert (
        outcome.out
        == f"39 rows in {out}: 20 train, 5 val, 14 test; dropped 2: 1 no_name, 1 unmatched\n"
    )
    assert "dropped: row 10 (7.png): unmatched" in outcome.err


def test_an_imported_manifest_is_split_anew_and_its_card_tells_both_steps(
    run: Run, metadata: Path, images: Path
) -> None:
    first, second, folder = (images.parent / name for name in ("1.csv", "2.csv", "card"))
    run("dataset", "import-deepfake-eval", metadata, images, first)
    (images / "0.jpg").write_bytes(b"damaged")
    save(images / "1.jpg", 2, quality=70)  # a copy of 2.jpg, of the other label
    save(images / "2.jpg", 2, quality=60)
    outcome = run("dataset", "split", first, second, "--seed", 3, "--json")
    assert outcome.code == 3
    document = outcome.document
    assert document["dropped_counts"] == {"unreadable": 1}
    assert document["rows"] == sum(document["counts"].values()) == 39
    assert splits(second) == document["counts"]
    assert document["shares"]["train"] == pytest.approx(0.48, abs=0.03)
    assert [[row["name"] for row in family] for family in document["merged"]] == [
        ["images/1.jpg", "images/2.jpg"]
    ]
    assert "kept together as copies or near-copies: row 3" in outcome.err
    card = run("dataset", "card", second, "--out", folder, "--json").document
    assert [step["what"] for step in card["steps"]] == ["import-deepfake-eval", "split"]
    assert card["duplicates"]["near"]["across"] == []
    assert json.loads((folder / "card.json").read_text()) == card
    assert (folder / "card.html").read_text().startswith("<!DOCTYPE html>")


def test_split_keeps_what_is_there_only_when_asked(run: Run, metadata: Path, images: Path) -> None:
    first, kept, anew = (images.parent / name for name in ("1.csv", "2.csv", "3.csv"))
    run("dataset", "import-deepfake-eval", metadata, images, first)
    run("dataset", "split", first, kept, "--keep")
    assert splits(kept) == splits(first)
    run("dataset", "split", first, anew, "--train", 0.5, "--val", 0.25, "--test", 0.25)
    assert splits(anew) == {"train": 20, "val": 10, "test": 10}


def test_two_manifests_become_one_that_names_its_files_from_where_it_lies(
    run: Run, images: Path
) -> None:
    near = images.parent / "elsewhere" / "near.jpg"
    near.parent.mkdir()
    copy(images / "3.jpg", near, quality=60)
    first, second = images.parent / "1.csv", near.parent / "2.csv"
    first.write_text(
        "path,label,source,group,split\nimages/3.jpg,fake,x,g,train\nimages/4.jpg,real,x,h,test\n"
    )
    second.write_text(
        f"path,label,source,group,split\nnear.jpg,fake,y,g,test\n{images}/4.jpg,,,,\n"
    )
    out = near.parent / "joined.csv"
    fault = run("dataset", "join", first, second, out).fault
    assert "row 2 (1.csv: images/3.jpg) in train and row 2 (2.csv: near.jpg) in test" in fault
    assert not out.exists()
    done = run("dataset", "join", first, second, out, "--together", "--json")
    assert done.code == 0
    assert done.document["moved"] == 1
    assert done.document["renamed_groups"] == ["g"]
    assert done.document["dropped_counts"] == {"duplicate": 1}
    assert "belong together: row 2 (1.csv: images/3.jpg) and row 2 (2.csv: near.jpg)" in done.err
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["path"], row["source"], row["group"], row["split"]) for row in rows] == [
        (f"{images}/3.jpg", "x", "1:g", "test"),
        (f"{images}/4.jpg", "x", "h", "test"),
        ("near.jpg", "y", "1:g", "test"),
    ]
    card = run("dataset", "card", out, "--json").document
    assert [(step["what"], step["input"]["name"], step["rows"]) for step in card["steps"]] == [
        ("join", "1.csv", 2),
        ("join", "2.csv", 1),
    ]


def test_one_manifest_is_nothing_to_join(run: Run, metadata: Path) -> None:
    outcome = run("dataset", "join", metadata, metadata.with_name("out.csv"))
    assert outcome.code == 2
    assert "two manifests or more" in outcome.err


def test_missing_files_stop_a_split_by_row(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("path,label\ngone.jpg,real\n")
    fault = run("dataset", "split", path, tmp_path / "out.csv").fault
    assert "1 of 1 files are not there, at row 2 (gone.jpg)" in fault


def test_search_goes_on_from_what_is_finished(run: Run, metadata: Path, images: Path) -> None:
    manifest, out = images.parent / "m.csv", images.parent / "search"
    run("dataset", "import-deepfake-eval", metadata, images, manifest)
    first = run("search", manifest, "--out", out, "--json")
    assert first.code == 0
    found = {head: len(each["grid"]) for head, each in first.document.items()}
    assert found == {head: len(grid) for head, grid in GRIDS.items()}
    assert found["variational"] == 12
    lines = (out / "search.jsonl").read_text()
    again = run("search", manifest, "--out", out)
    assert (out / "search.jsonl").read_text() == lines
    assert again.out.startswith("variational: kl_weight ")


def test_search_refuses_a_manifest_without_splits_or_with_leaks(run: Run, images: Path) -> None:
    path, out = images.parent / "m.csv", images.parent / "search"
    path.write_text("path,label\nimages/0.jpg,real\n")
    assert "no rows of split 'train'" in run("search", path, "--out", out).fault
    (images / "3.jpg").write_bytes((images / "0.jpg").read_bytes())
    lines = ["path,label,split", "images/0.jpg,real,train", "images/1.jpg,fake,train"]
    lines += ["images/2.jpg,fake,val", "images/3.jpg,real,val"]
    path.write_text("\n".join(lines) + "\n")
    fault = run("search", path, "--out", out).fault
    assert "row 2 (images/0.jpg, train) and row 5 (images/3.jpg, val)" in fault
    assert not out.exists()
