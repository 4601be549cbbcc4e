"""One file in two splits, or with two labels, is refused with both rows."""

from __future__ import annotations

import pytest

from review_app.core.errors import ManifestError
from review_app.lab.datasets.leaks import refuse_leaks
from review_app.manifests.manifest import read_manifest
from tests.lab.datasets.conftest import Writer

HEADER = "path,label,split"


def test_a_file_in_two_splits_is_refused_with_both_rows(write_manifest: Writer) -> None:
    path = write_manifest(HEADER, "a,real,train", "b,fake,train", "c,real,test")
    rows = read_manifest(path).rows
    refuse_leaks(["1", "2", "3"], rows)
    with pytest.raises(
        ManifestError, match=r"1 files lie .*row 2 \(a, train\) and row 4 \(c, test\)"
    ):
        refuse_leaks(["1", "2", "1"], rows)


def test_a_file_with_two_labels_is_refused_with_both_rows(write_manifest: Writer) -> None:
    rows = read_manifest(write_manifest(HEADER, "a,real,val", "b,fake,val")).rows
    with pytest.raises(
        ManifestError, match=r"both real and fake: row 2 \(a, real\) and row 3 \(b, fake\)"
    ):
        refuse_leaks(["1", "1"], rows)


def test_copies_that_agree_are_allowed(write_manifest: Writer) -> None:
    rows = read_manifest(write_manifest(HEADER, "a,real,val", "b,real,val", "c,,")).rows
    refuse_leaks(["1", "1", "1"], rows)
