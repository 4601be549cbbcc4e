"""Manifests are read strictly, and every complaint names its rows."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_app.core.errors import ManifestError
from review_app.manifests.dialect import dialect
from review_app.manifests.manifest import ManifestLabel, read_manifest, require_labels
from review_app.manifests.manifest import write_manifest as write_manifest_to
from tests.lab.datasets.conftest import Writer


def test_what_is_known_is_read_and_the_rest_is_none(write_manifest: Writer) -> None:
    path = write_manifest("path,label,source,group,split,remark", "a/b.jpg,Fake,x,g1,TEST,hm", "c")
    first, second = read_manifest(path).rows
    assert (first.row, first.name, first.path) == (2, "a/b.jpg", path.parent / "a" / "b.jpg")
    assert (first.label, first.source, first.group, first.split) == (
        ManifestLabel.FAKE,
        "x",
        "g1",
        "test",
    )
    assert (second.row, second.label, second.source, second.split) == (3, None, None, None)


def test_a_spreadsheets_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes("﻿path,label\nä.jpg,real\n".encode())
    assert read_manifest(path).rows[0].name == "ä.jpg"


def test_blank_lines_are_skipped_but_counted(write_manifest: Writer) -> None:
    rows = read_manifest(write_manifest("path", "a.jpg", "", "b.jpg")).rows
    assert [row.row for row in rows] == [2, 4]


def test_an_absolute_path_stays_absolute(write_manifest: Writer) -> None:
    assert read_manifest(write_manifest("path", "/x/a.jpg")).rows[0].path == Path("/x/a.jpg")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([""], "is empty"),
        (["path,label"], "has no rows"),
        (["file,label", "a.jpg,real"], "no column 'path', only: file, label"),
        (["datei:art", "a.jpg:real"], "separated by commas"),
        (["path,label", ",real"], "no path in row 2"),
        (["path,label", "a.jpg,real", "b.jpg,maybe"], r"row 3 \('maybe'\)"),
        (["path", "a.jpg", "./b/../a.jpg"], "row 3 .* as in row 2"),
        (
            ["path,group,split", "a.jpg,g,train", "b.jpg,g,test"],
            "'g' .train in row 2, test in row 3",
        ),
        (["path", '"a.jpg'], "cannot be read as a CSV file"),
    ],
)
def test_a_bad_manifest_is_refused_naming_its_rows(
    write_manifest: Writer, lines: list[str], message: str
) -> None:
    with pytest.raises(ManifestError, match=message):
        read_manifest(write_manifest(*lines))


def test_a_manifest_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no manifest"):
        read_manifest(tmp_path / "none.csv")
    (tmp_path / "image.csv").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(ManifestError, match="UTF-8"):
        read_manifest(tmp_path / "image.csv")


def test_missing_files_are_collected_and_refused_only_when_asked(write_manifest: Writer) -> None:
    path = write_manifest("path", *(f"{i}.jpg" for i in range(7)))
    (path.parent / "3.jpg").touch()
    assert len(read_manifest(path).missing_files()) == 6
    with pytest.raises(ManifestError, match=r"6 of 7 .* row 2 \(0.jpg\).* and 1 more"):
        read_manifest(path, check_files=True)


def test_a_generator_is_read_by_any_name_and_written_where_one_is_known(
    write_manifest: Writer,
) -> None:
    path = write_manifest("path;label;model", "a.jpg;fake;SDXL 1.0", "b.jpg;real;")
    rows = read_manifest(path, dialect=dialect(["model=generator"])).rows
    assert [row.generator for row in rows] == ["SDXL 1.0", None]
    write_manifest_to(path.with_name("made.csv"), rows)
    made = path.with_name("made.csv").read_text(encoding="utf-8").splitlines()
    assert made[0] == "path,label,source,group,split,generator"
    assert made[1:] == ["a.jpg,fake,,,,SDXL 1.0", "b.jpg,real,,,,"]
    assert [row.generator for row in read_manifest(path.with_name("made.csv")).rows] == [
        "SDXL 1.0",
        None,
    ]
    write_manifest_to(path.with_name("none.csv"), rows[1:])
    assert "generator" not in path.with_name("none.csv").read_text(encoding="utf-8")


def test_training_rows_need_labels_and_both_classes(write_manifest: Writer) -> None:
    manifest = read_manifest(write_manifest("path,label", "a.jpg,real", "b.jpg,", "c.jpg,real"))
    with pytest.raises(ManifestError, match=r"1 rows for training have no label, at row 3"):
        require_labels(manifest, manifest.rows, "training")
    with pytest.raises(ManifestError, match="real images only among the 2 rows for training"):
        require_labels(manifest, manifest.rows[::2], "training")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(), max_size=8), st.binary(max_size=40))
def test_any_bytes_give_rows_or_a_manifest_error(
    tmp_path: Path, cells: list[str], tail: bytes
) -> None:
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file).writerows([["path", "label"], cells])
    path.write_bytes(path.read_bytes() + tail)
    with contextlib.suppress(ManifestError):
        assert read_manifest(path).rows
