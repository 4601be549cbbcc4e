"""Joined manifests: each file once, each group one thing, each family in one split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from review_app.core.errors import ManifestError
from review_app.lab.datasets.fingerprints import Inspected
from review_app.lab.datasets.join import Part, join_manifests
from review_app.lab.datasets.origin import DropReason
from review_app.manifests.manifest import ManifestLabel
from tests.lab.datasets.pictures import inspected


def part(name: str, *rows: Inspected) -> Part:
    return Part(Path(f"/sets/{name}.csv"), rows)


def one(at: int, **known: Any) -> Inspected:
    """A row that was read, in the training split unless told otherwise."""
    return inspected(at, **{"split": "train", "source": "s", **known})


def groups(rows: Sequence[Any]) -> list[str | None]:
    return [row.group for row in rows]


def test_rows_follow_each_other_with_what_is_known_of_them() -> None:
    done = join_manifests(
        [
            part("a", one(1, source="x", generator="gan", group="g")),
            part("b", one(2, source="y", split="test", label=ManifestLabel.FAKE)),
        ]
    )
    assert [(row.name, row.source, row.split) for row in done.rows] == [
        ("a.csv: 1.jpg", "x", "train"),
        ("b.csv: 2.jpg", "y", "test"),
    ]
    assert (done.kept, done.moved, done.families, done.renamed) == ((1, 1), 0, (), ())
    assert done.rows[0].generator == "gan"
    assert done.to_json()["sources"] == {"x": 1, "y": 1}


def test_one_name_for_groups_of_different_sources_means_two_things() -> None:
    done = join_manifests(
        [
            part("a", one(1, source="x", group="1"), one(2, source="x", group="2")),
            part("b", one(3, source="y", group="1", split="test")),
        ]
    )
    assert groups(done.rows) == ["a:1", "2", "b:1"]
    assert done.renamed == ("1",)


def test_one_name_for_groups_of_one_source_means_one_thing() -> None:
    first, second = part("a", one(1, group="v")), part("b", one(2, group="v"))
    assert groups(join_manifests([first, second]).rows) == ["v", "v"]
    torn = part("b", one(2, group="v", split="test"))
    with pytest.raises(ManifestError, match=r"row 3 \(a.csv: 1.jpg\) in train and row 4 \(b.csv"):
        join_manifests([first, torn])


def test_manifests_of_one_name_are_told_apart_by_their_folders() -> None:
    parts = [
        Part(Path(f"/sets/{name}/manifest.csv"), [one(at, source=name, group="1")])
        for at, name in enumerate("ab")
    ]
    assert groups(join_manifests(parts).rows) == ["/sets/a/manifest:1", "/sets/b/manifest:1"]


def test_near_copies_across_manifests_stay_together_or_are_refused() -> None:
    first = part("a", one(1, looks=1), one(2, looks=2))
    with pytest.raises(ManifestError, match=r"1 families .* in more than one split: .*--together"):
        join_manifests([first, part("b", one(3, looks=1, split="val"))])
    done = join_manifests([first, part("b", one(3, looks=1))])
    assert [[row.name for row in family] for family in done.families] == [
        ["a.csv: 1.jpg", "b.csv: 3.jpg"]
    ]
    same, other, near = groups(done.rows)
    assert same == near
    assert same is not None
    assert other is None


def test_a_family_goes_whole_to_the_split_that_tests() -> None:
    done = join_manifests(
        [
            part("a", one(1, looks=1, group="g"), one(2, group="g"), one(3)),
            part("b", one(4, looks=1, split="test"), one(5)),
        ],
        together=True,
    )
    assert [row.split for row in done.rows] == ["test", "test", "train", "test", "train"]
    assert groups(done.rows) == ["g", "g", None, "g", None]
    assert done.moved == 2
    assert [row.split for row in done.families[0]] == ["train", "train", "test"]


def test_near_copies_within_one_manifest_are_its_own_matter() -> None:
    done = join_manifests(
        [part("a", one(1, looks=1), one(2, looks=1, split="test")), part("b", one(3, looks=2))]
    )
    assert [row.split for row in done.rows] == ["train", "test", "train"]
    assert done.families == ()


def test_a_file_of_two_manifests_counts_once_and_all_that_is_known_of_it_is_kept() -> None:
    done = join_manifests(
        [
            part("a", one(1, sha="f" * 64, label=None, source=None, split=None)),
            part("b", one(2, sha="f" * 64, weight=2.0, generator="photo"), one(3)),
        ]
    )
    kept, other = done.rows
    assert (kept.name, kept.label, kept.source, kept.split) == (
        *("a.csv: 1.jpg", ManifestLabel.REAL),
        *("s", "train"),
    )
    assert (kept.generator, kept.weight, other.weight) == ("photo", 2.0, 1.0)
    assert done.dropped[0] == ()
    (twice,) = done.dropped[1]
    assert (twice.reason, twice.detail) == (
        DropReason.DUPLICATE,
        "same file as row 3 (a.csv: 1.jpg)",
    )
    assert done.kept == (1, 1)


def test_a_file_that_is_real_in_one_and_fake_in_the_other_is_refused() -> None:
    with pytest.raises(ManifestError, match=r"row 3 \(a.csv: 1.jpg, real\) and row 4 \(b.csv"):
        join_manifests(
            [
                part("a", one(1, sha="f" * 64)),
                part("b", one(2, sha="f" * 64, label=ManifestLabel.FAKE)),
            ]
        )


def test_what_cannot_be_read_is_dropped_with_its_reason() -> None:
    bad = Inspected(one(2).row, None, "broken")
    done = join_manifests([part("a", one(1), bad), part("b", one(3))])
    assert done.kept == (1, 1)
    assert [(drop.reason, drop.detail) for drop in done.dropped[0]] == [
        (DropReason.UNREADABLE, "broken")
    ]
