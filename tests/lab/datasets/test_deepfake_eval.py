"""The CSV of Deepfake-Eval-2024, as its authors publish it and as spreadsheets damage it."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from sklearn.model_selection import train_test_split

from review_app.core.errors import InputError, ManifestError
from review_app.lab.datasets.deepfake_eval import SEED, read_deepfake_eval
from review_app.lab.datasets.origin import DropReason, counts
from review_app.manifests.manifest import ManifestLabel, read_manifest, write_manifest

HEADER = "Filename,Date,Ground Truth,Public Comments,Finetuning Set"
FILLING = [f"f{i}.jpg,,{('Real', 'Fake')[i % 2]},,Train" for i in range(10)]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A folder; nothing here looks into the files, so they are empty."""
    folder = tmp_path / "images"
    folder.mkdir()
    for row in FILLING:
        (folder / row.split(",")[0]).touch()
    return folder


def metadata(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "metadata.csv"
    path.write_text("\n".join([header, *lines, *FILLING]) + "\n", encoding="utf-8")
    return path


def test_the_published_counts_give_the_splits_of_the_source_method(tmp_path: Path) -> None:
    """1,975 rows of which 23 are damaged; 1,166 Train; test 481 fake and 305 real."""
    folder = tmp_path / "images"
    folder.mkdir()
    rows = [("Train", "Fake")] * 711 + [("Train", "Real")] * 455
    rows += [("Test", "Fake")] * 481 + [("Test", "Real")] * 305
    path = tmp_path / "metadata.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER.split(","))
        writer.writerows([["#NAME?", "", "Fake", "", "Train"]] * 23)
        for i, (split, label) in enumerate(rows):
            (folder / f"{i}.jpg").touch()
            writer.writerow([f"{i}.jpg", "1/2/2024", label, "", split])
    found = read_deepfake_eval(path, folder)
    assert counts(found.dropped) == {"no_name": 23}
    assert Counter(row.split for row in found.rows) == {"train": 932, "val": 234, "test": 786}
    train = [row for row in found.rows if row.split != "test"]
    _, val = train_test_split(
        train, test_size=0.2, stratify=[row.label for row in train], random_state=SEED
    )
    assert {row.path for row in val} == {row.path for row in found.rows if row.split == "val"}
    for split in ("train", "val", "test"):
        labels = [row.label for row in found.rows if row.split == split]
        assert labels.count(ManifestLabel.FAKE) / len(labels) == pytest.approx(0.61, abs=0.003)


@pytest.mark.parametrize(
    "header",
    [
        "Filename,Date,Ground Truth (Real/Fake),Public Comments,Finetuning Set (Train/Test)",
        "﻿ FILE NAME ,date,ground  truth,comments,Fine-tuning set",
        "filename,when,Ground_Truth,x,finetuning_set",
    ],
)
def test_headers_may_be_spelt_in_many_ways(tmp_path: Path, images: Path, header: str) -> None:
    assert len(read_deepfake_eval(metadata(tmp_path, header=header), images).rows) == 10


def test_a_csv_without_a_column_says_which_are_needed(tmp_path: Path, images: Path) -> None:
    with pytest.raises(ManifestError, match=r"Ground Truth.*but names 'Filename', 'Set'"):
        read_deepfake_eval(metadata(tmp_path, header="Filename,Set"), images)


@pytest.mark.parametrize(
    ("written", "files", "found"),
    [
        ("a.png", ["a.png", "a.jpg"], "a.png"),
        ("a.gif", ["a.webp", "a.png", "a.jpeg", "a.jpg"], "a.jpg"),
        ("a.gif", ["a.webp", "a.png", "a.jpeg"], "a.jpeg"),
        ("a.gif", ["a.webp", "a.PNG"], "a.PNG"),
        ("a.gif", ["a.bmp", "a.webp"], "a.webp"),
        ("a", ["a.bmp", "a.txt"], "a.bmp"),
        ("some.dots.in", ["some.dots.in.jpg"], "some.dots.in.jpg"),
        ("set/one\\a.jpg", ["a.jpg"], "a.jpg"),
        ("a.jpg", ["a.txt"], None),
        ("../a.jpg", ["b.jpg"], None),
    ],
)
def test_files_match_by_name_then_by_stem(
    tmp_path: Path, images: Path, written: str, files: list[str], found: str | None
) -> None:
    for name in files:
        (images / name).touch()
    imported = read_deepfake_eval(metadata(tmp_path, f"{written},,Fake,,Test"), images)
    tested = [row.path.name for row in imported.rows if row.split == "test"]
    assert tested == ([found] if found else [])
    assert counts(imported.dropped) == ({} if found else {"unmatched": 1})


def test_rows_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path, images: Path) -> None:
    lines = [
        "#NAME?,,Fake,,Train",
        "#NAME?.jpg,,Real,,Test",
        ",,Fake,,Train",
        "gone.jpg,,Fake,,Train",
        "f0.jpg,,Unknown,,Train",
        "f0.jpg,,Real,,Held out",
        "f0.png,,REAL,, train ",
        "f1.jpg,,Real,,Test",
    ]
    dropped = read_deepfake_eval(metadata(tmp_path, *lines), images).dropped
    assert [(each.row, each.reason) for each in dropped] == [
        (2, DropReason.NO_NAME),
        (3, DropReason.NO_NAME),
        (4, DropReason.NO_NAME),
        (5, DropReason.UNMATCHED),
        (6, DropReason.UNKNOWN_LABEL),
        (7, DropReason.UNKNOWN_SPLIT),
        (9, DropReason.CONFLICT),
        (10, DropReason.DUPLICATE),
        (11, DropReason.CONFLICT),
    ]
    assert dropped[6].detail == "same file as row 11 (fake)"
    assert dropped[7].detail == "same file as row 8 (real)"


def test_the_manifest_that_is_written_reads_back_the_same(tmp_path: Path, images: Path) -> None:
    found = read_deepfake_eval(metadata(tmp_path), images)
    out = tmp_path / "new" / "out.csv"
    write_manifest(out, found.rows)
    rows = read_manifest(out, check_files=True).rows
    assert [(r.path, r.label, r.source, r.split) for r in rows] == [
        (r.path, r.label, r.source, r.split) for r in found.rows
    ]


def test_a_wrong_folder_is_told_apart_from_wrong_names(tmp_path: Path, images: Path) -> None:
    path = metadata(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        read_deepfake_eval(path, tmp_path / "none")
    with pytest.raises(ManifestError, match="none of 10 rows has a label and a file in"):
        read_deepfake_eval(path, tmp_path)
    with pytest.raises(InputError, match="there is no file"):
        read_deepfake_eval(tmp_path / "none.csv", images)


def test_too_few_training_rows_cannot_be_divided(tmp_path: Path, images: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(f"{HEADER}\nf0.jpg,,Real,,Train\nf1.jpg,,Fake,,Train\n")
    with pytest.raises(ManifestError, match="validation cannot be carved from 2 training rows"):
        read_deepfake_eval(path, images)
