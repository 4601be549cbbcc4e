"""Manifests as people have them: each label is taken and told, or refused with what to do."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tests.applications import write_pictures
from tests.cli.conftest import Run
from tests.intake.samples import encode, picture

FAULTS = Path(__file__).parents[2] / "../shared/faults"


def manifest(folder: Path, text: str, name: str = "manifest.csv") -> Path:
    """A manifest beside two pictures, 0000.png and 0001.png."""
    write_pictures(folder, 2)
    path = folder / name
    path.write_text(text)
    return path


def labels(run: Run, tmp_path: Path) -> dict[str, str]:
    """The label of each item by its file's name, as an export tells it."""
    out = tmp_path / "labels.jsonl"
    run("export", out, "--format", "jsonl")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    return {Path(row["path"]).name: row["label"] or "" for row in rows}


@pytest.mark.parametrize(
    "header", ["path,Label", "path, label", " PATH ,LABEL", "\ufeffPath;label"]
)
def test_a_header_in_capitals_or_after_a_space_keeps_its_labels(
    run: Run, tmp_path: Path, header: str
) -> None:
    sign = ";" if ";" in header else ","
    path = manifest(tmp_path / "in", f"{header}\n0000.png{sign}real\n0001.png{sign} Fake\n")
    outcome = run("ingest", path, "--json")
    assert (outcome.code, outcome.document["known_labels"]) == (0, 2)
    assert labels(run, tmp_path) == {"0000.png": "real", "0001.png": "fake"}


@pytest.mark.parametrize("header", ["path,label,label", "path,Label, label", "path,label,path"])
def test_two_columns_of_one_name_are_refused_and_nothing_is_taken(
    run: Run, tmp_path: Path, header: str
) -> None:
    path = manifest(tmp_path / "in", f"{header}\n0000.png,real,fake\n")
    fault = run("ingest", path).fault
    assert "more than once" in fault
    assert "Keep one" in fault
    assert run("stats", "--json").document["items"]["total"] == 0


def test_how_many_labels_were_taken_is_said(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,label\n0000.png,real\n0001.png,\n")
    assert run("ingest", path).out == "2 added, 0 known already; 1 label taken, 1 of them new\n"
    assert run("ingest", path).out == "0 added, 2 known already; 1 label taken, 0 of them new\n"


def test_a_label_column_of_another_name_is_told_of(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,class\n0000.png,real\n0001.png,fake\n")
    outcome = run("ingest", path)
    assert outcome.out == "2 added, 0 known already; 0 labels taken, 0 of them new\n"
    assert "--map class=label" in outcome.err
    assert run("ingest", path, "--map", "class=label", "--json").document["known_labels"] == 2


@pytest.mark.parametrize("name", ["y" * 300 + ".jpg", "a/" + "ü" * 200 + ".jpg", "a\0b.jpg"])
def test_a_name_that_no_file_can_have_is_one_refused_row(
    run: Run, tmp_path: Path, name: str
) -> None:
    path = manifest(tmp_path / "in", f"path,label\n{name},fake\n0000.png,real\n")
    if "\0" in name:
        assert "zero bytes" in run("ingest", path).fault
        return
    outcome = run("ingest", path, "--json")
    document = outcome.document
    assert (outcome.code, document["added"], document["known_labels"]) == (3, 1, 1)
    assert [entry["reason"] for entry in document["refused"]] == ["missing"]
    assert run("ingest", tmp_path / name, "--json").code == 3
    assert "1 of 2 files are not there" in run("train", path, "--out", tmp_path / "out").fault


def test_trailing_commas_of_a_spreadsheet_are_no_rows(run: Run, tmp_path: Path) -> None:
    text = "path,label,,,\n0000.png,real,,,\n0001.png,fake,,,\n,,,,\n,,,,\n"
    document = run("ingest", manifest(tmp_path / "in", text), "--json").document
    assert (document["added"], document["known_labels"]) == (2, 2)


def test_a_value_too_many_is_refused_and_never_dropped(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,label\nholiday, 0000.png,real\n")
    assert "row 2 has 3 values under a header of 2" in run("ingest", path).fault


def test_the_separator_of_other_countries_is_understood(run: Run, tmp_path: Path) -> None:
    for n, (name, text) in enumerate(
        {
            "a.csv": "path;label\n0000.png;real\n0001.png;fake\n",
            "b.csv": "sep=;\npath;label\n0000.png;real\n0001.png;fake\n",
            "c.tsv": "path\tlabel\n0000.png\treal\n0001.png\tfake\n",
        }.items()
    ):
        document = run("ingest", manifest(tmp_path / "in", text, name), "--json").document
        assert document["known_labels"] == (0 if n else 2)
        assert document["refused"] == []


def test_unicode_text_of_excel_is_understood(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "")
    path.write_bytes("path\tlabel\r\n0000.png\treal\r\n".encode("utf-16"))
    assert run("ingest", path, "--json").document["known_labels"] == 1


def test_numbers_for_labels_need_their_meaning(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,label\n0000.png,0\n0001.png,1\n")
    fault = run("ingest", path).fault
    assert "--map-label 0=real --map-label 1=fake" in fault
    given = ("--map-label", "1=real", "--map-label", "0=fake")
    assert run("ingest", path, *given, "--json").document["known_labels"] == 2
    assert labels(run, tmp_path) == {"0000.png": "fake", "0001.png": "real"}


def test_words_that_mean_one_label_alone_are_taken(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,label\n0000.png,Genuine\n0001.png,deepfake\n")
    assert run("ingest", path, "--json").document["known_labels"] == 2
    assert labels(run, tmp_path) == {"0000.png": "real", "0001.png": "fake"}


def test_a_column_of_another_name_is_taken_where_it_is_named(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "filename,is_fake\n0000.png,0\n0001.png,1.0\n")
    assert "--map filename=path" in run("ingest", path).fault
    mapped = ("--map", "filename=path", "--map", "label=is_fake", "--map-label", "1=fake")
    outcome = run("ingest", path, *mapped, "--map-label", "0=real", "--json")
    assert outcome.document["known_labels"] == 2
    assert run("ingest", path, "--map", "nothing=path").fault.startswith(f"{path} has no column")
    assert "is none of path" in run("ingest", path, "--map", "a=b").fault


def test_paths_of_windows_are_found(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "path,label\nsub\\0000.png,real\n")
    write_pictures(tmp_path / "in" / "sub", 1)
    assert run("ingest", path, "--json").document["known_labels"] == 1


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("https://example.org/a.jpg", "nothing is downloaded"),
        ("C:\\photos\\a.jpg", "relative to the manifest"),
    ],
)
def test_what_lies_elsewhere_is_refused_with_what_to_do(
    run: Run, tmp_path: Path, name: str, advice: str
) -> None:
    path = manifest(tmp_path / "in", f"path,label\n{name},fake\n0000.png,real\n")
    outcome = run("ingest", path)
    assert outcome.code == 3
    assert advice in outcome.err
    assert advice in run("dataset", "split", path, tmp_path / "out.csv").fault


def test_json_lines_are_a_manifest(run: Run, tmp_path: Path) -> None:
    lines = [{"path": "0000.png", "label": "real", "more": [1]}, {"path": "0001.png", "label": 1}]
    text = "\n".join(map(json.dumps, lines))
    path = manifest(tmp_path / "in", text, "manifest.jsonl")
    outcome = run("ingest", path, "--map-label", "1=fake", "--json")
    assert outcome.document["known_labels"] == 2
    broken = manifest(tmp_path / "in", '{"path": "a"\n', "broken.jsonl")
    assert "line 1 is no JSON" in run("ingest", broken).fault


def test_parquet_is_a_manifest(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "PAR1", "manifest.parquet")
    columns = {"path": ["0000.png", "0001.png"], "label": ["real", "fake"]}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    assert run("ingest", path, "--json").document["known_labels"] == 2


def packed(path: Path, table: str, name: str = "set/manifest.csv") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(2):
            archive.writestr(f"set/images/{n}.png", encode(picture(seed=n), "PNG"))
        archive.writestr(name, table)
    return path


def test_a_manifest_inside_a_zip_labels_its_images(run: Run, tmp_path: Path) -> None:
    rows = "path,label\nimages/0.png,real\nimages\\1.png,fake\nimages/9.png,fake\n../../x,real\n"
    outcome = run("ingest", packed(tmp_path / "set.zip", rows), "--json")
    document = outcome.document
    assert (outcome.code, document["added"], document["known_labels"]) == (3, 2, 2)
    assert [entry["reason"] for entry in document["refused"]] == ["missing", "missing"]
    assert labels(run, tmp_path) == {"0.png": "real", "1.png": "fake"}


def test_a_table_inside_a_zip_that_is_no_manifest_is_told_and_holds_up_nothing(
    run: Run, tmp_path: Path
) -> None:
    outcome = run("ingest", packed(tmp_path / "set.zip", "a,b\n1,2\n"), "--json")
    assert (outcome.code, outcome.document["added"]) == (3, 2)
    assert "no column 'path'" in outcome.err


def test_folders_called_real_and_fake_become_a_manifest(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for n, name in enumerate(("train/real", "train/fakes", "test/Fake", "other")):
        path = folder / name / f"{n}.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(picture(seed=n), "PNG"))
    (folder / "notes.txt").write_text("hello")
    plain = run("ingest", folder)
    assert "3 of the images lie in folders that are called real, fake or alike" in plain.err
    made = run("dataset", "make", folder, "--json")
    assert made.code == 3
    assert made.document["labels"] == {"real": 1, "fake": 2, "none": 1}
    assert [each["name"] for each in made.document["dropped"]] == ["notes.txt"]
    with (folder / "manifest.csv").open(newline="") as file:
        rows = {row["path"]: (row["label"], row["split"]) for row in csv.DictReader(file)}
    assert rows == {
        "other/3.png": ("", ""),
        "test/Fake/2.png": ("fake", "test"),
        "train/fakes/1.png": ("fake", "train"),
        "train/real/0.png": ("real", "train"),
    }
    assert run("ingest", folder / "manifest.csv", "--json").document["known_labels"] == 3
    assert "exists" in run("dataset", "make", folder).fault


def test_folders_called_real_and_fake_in_a_zip_are_told_of(run: Run, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("set/real/0.png", encode(picture(), "PNG"))
        archive.writestr("set/fake/1.png", encode(picture(seed=1), "PNG"))
    for source in (tmp_path / "set.zip", tmp_path):
        told = run("ingest", source).err
        assert told.count("2 of the images in") == 1
        assert "put a manifest into it" in told


def test_a_table_that_is_too_large_is_refused_before_it_is_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(10**12)
    assert "at most 537 MB are read" in run("ingest", path).fault


def test_folders_of_other_names_become_a_manifest_by_what_they_mean(
    run: Run, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "set" / "original", 1)
    out = tmp_path / "m.csv"
    words = ("--map-label", "original=real")
    made = run("dataset", "make", tmp_path / "set", out, *words, "--json")
    assert made.document["labels"] == {"real": 1, "fake": 0, "none": 0}
    assert out.read_text().splitlines()[1] == "set/original/0000.png,real,,,"


def test_any_table_becomes_a_manifest_of_our_names(run: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path / "in", "file;y\n0000.png;0\n0001.png;1\n", "theirs.csv")
    mapped = ("--map", "file=path", "--map", "y=label", "--map-label", "0=real")
    made = run("dataset", "make", path, *mapped, "--map-label", "1=fake", "--json")
    assert (made.code, made.document["labels"]) == (0, {"real": 1, "fake": 1, "none": 0})
    text = (tmp_path / "in" / "manifest.csv").read_text()
    assert text == "path,label,source,group,split\n0000.png,real,,,\n0001.png,fake,,,\n"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "code", "known"),
    [
        ("header-capitals", 0, 1),
        ("header-space", 0, 1),
        ("header-twice", 1, 0),
        ("long-name", 3, 1),
    ],
)
def test_the_manifests_that_lost_labels(run: Run, name: str, code: int, known: int) -> None:
    if not FAULTS.is_dir():
        pytest.skip(f"the inputs are not at {FAULTS}")
    outcome = run("ingest", FAULTS / f"{name}.csv", "--json")
    assert outcome.code == code
    assert code == 1 or outcome.document["known_labels"] == known


@pytest.mark.parametrize(
    ("name", "data", "remedy"),
    [
        ("labels.json", b'[{"path": "0000.png", "label": "real"}]', "one object a line"),
        ("Labels.XLSX", b"PK\x03\x04", "save it as CSV UTF-8"),
        ("labels.ods", b"PK\x03\x04", "save it as CSV UTF-8"),
        ("labels.xls", b"\xd0\xcf\x11\xe0", "save it as CSV UTF-8"),
    ],
)
def test_other_kinds_of_table_are_refused_with_what_to_do(
    run: Run, tmp_path: Path, name: str, data: bytes, remedy: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    outcome = run("ingest", path, "--json")
    (refused,) = outcome.document["refused"]
    assert (outcome.code, refused["reason"]) == (3, "unsupported")
    assert remedy in outcome.err
