"""Splits: no family is torn, shares are met, and the same seed gives the same split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.core.errors import InputError, ManifestError
from review_app.lab.datasets.families import Edges, families, near_edges
from review_app.lab.datasets.fingerprints import Fingerprint, inspect_rows
from review_app.lab.datasets.splits import SOURCE_SHARES, split_rows
from review_app.manifests.manifest import ManifestLabel, read_manifest, torn_groups
from tests.lab.datasets.pictures import inspected

CELLS = [(label, source) for label in ManifestLabel for source in ("a", "b")]


def test_single_images_meet_the_shares_of_every_stratum_to_one_image() -> None:
    sizes = dict(zip(CELLS, (900, 331, 57, 1000), strict=True))
    rows = [cell for cell, n in sizes.items() for _ in range(n)]
    done = split_rows(
        [inspected(at, label, source=source) for at, (label, source) in enumerate(rows)], seed=1
    )
    found = Counter((row.label, row.source, row.split) for row in done.rows)
    for (label, source), n in sizes.items():
        for split, share in SOURCE_SHARES.items():
            assert abs(found[label, source, split] - share * n) <= 1
    assert done.shares["val"] == pytest.approx(0.12, abs=0.001)


def test_many_small_sources_do_not_starve_a_split() -> None:
    rows = [inspected(at, ManifestLabel.FAKE, source=str(at // 2)) for at in range(300)]
    done = split_rows(rows, seed=3)
    for split, share in SOURCE_SHARES.items():
        assert done.shares[split] == pytest.approx(share, abs=0.02)


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(CELLS),
            st.one_of(st.none(), st.integers(0, 9)),  # group
            st.integers(0, 12),  # content
            st.integers(0, 40),  # looks
        ),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 99),
)
def test_no_group_copy_or_near_copy_is_ever_torn(
    drawn: list[tuple[tuple[ManifestLabel, str], int | None, int, int]], seed: int
) -> None:
    rows = [
        inspected(
            at,
            label,
            source=source,
            group=None if group is None else str(group),
            sha=f"{label}{content}",
            looks=looks,
        )
        for at, ((label, source), group, content, looks) in enumerate(drawn)
    ]
    done = split_rows(rows, seed=seed)
    assert done == split_rows(rows, seed=seed)
    assert {row.split for row in done.rows} <= set(SOURCE_SHARES)
    for a in range(len(rows)):
        for b in range(a):
            one, other = rows[a].found, rows[b].found
            assert one
            assert other
            near = drawn[a][3] == drawn[b][3]
            same_group = rows[a].row.group is not None and rows[a].row.group == rows[b].row.group
            if near or same_group or one.sha256 == other.sha256:
                assert done.rows[a].split == done.rows[b].split


def test_another_seed_gives_another_split() -> None:
    rows = [inspected(at) for at in range(100)]
    assert split_rows(rows, seed=1).rows != split_rows(rows, seed=2).rows


def test_large_groups_reach_every_split() -> None:
    rows = [inspected(at, source="a", group=str(at // 50)) for at in range(5000)]
    sizes = Counter(row.split for row in split_rows(rows, seed=5).rows)
    assert sizes == {"train": 2400, "val": 600, "test": 2000}


def test_what_was_merged_is_named_but_groups_alone_are_not() -> None:
    rows = [
        inspected(0, group="g"),
        inspected(1, group="g"),
        inspected(2, sha="same"),
        inspected(3, sha="same"),
        inspected(4, looks=0),
        inspected(5, looks=0),
        inspected(7, looks=1),
        inspected(6),
    ]
    merged = split_rows(rows, seed=1).merged
    assert [[row.row for row in family] for family in merged] == [[4, 5], [6, 7]]


def test_rows_keep_their_split_only_when_asked() -> None:
    rows = [inspected(at, split="test", group=str(at // 2)) for at in range(40)]
    rows += [inspected(40, group="0"), inspected(41, split="extra"), inspected(42)]
    kept = split_rows(rows, seed=1, keep=True).rows
    assert [row.split for row in kept[:42]] == ["test"] * 41 + ["extra"]
    assert kept[42].split == "train"
    anew = Counter(row.split for row in split_rows(rows, seed=1).rows)
    assert set(anew) == {"train", "val", "test"}


def test_kept_splits_that_tear_a_family_are_refused_by_row() -> None:
    rows = [inspected(0, split="train", sha="same"), inspected(1, split="test", sha="same")]
    with pytest.raises(ManifestError, match=r"row 2 \(0.jpg\) in train and row 3 \(1.jpg\) in tes"):
        split_rows(rows, seed=1, keep=True)


def test_one_file_with_two_labels_is_refused_by_row() -> None:
    rows = [
        inspected(0, ManifestLabel.REAL, sha="same"),
        inspected(1, ManifestLabel.FAKE, sha="same"),
    ]
    with pytest.raises(ManifestError, match=r"row 2 \(0.jpg, real\) and row 3 \(1.jpg, fake\)"):
        split_rows(rows, seed=1)


@pytest.mark.parametrize("shares", [{"train": 0.5, "val": 0.4}, {"train": 1.2, "val": -0.2}])
def test_shares_that_do_not_sum_to_one_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(InputError, match="they must sum to 1, none below 0"):
        split_rows([inspected(0)], shares, seed=1)


def test_a_share_of_nothing_gets_nothing() -> None:
    rows = [inspected(at) for at in range(10)]
    done = split_rows(rows, {"train": 0.8, "val": 0.2, "test": 0.0}, seed=1)
    assert Counter(row.split for row in done.rows) == {"train": 8, "val": 2}
    assert done.to_json()["counts"] == {"train": 8, "val": 2, "test": 0}


@pytest.mark.data
def test_real_faces_are_divided_without_tearing_videos_or_near_copies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is near is found once, for the split, and kept for the test: that takes nearly all of
    the time."""
    near: list[Edges] = []

    def keep(found: Sequence[Fingerprint | None]) -> Edges:
        near.append(near_edges(found))
        return near[-1]

    monkeypatch.setattr("review_app.lab.datasets.splits.near_edges", keep)
    path = Path(__file__).parents[3] / "../shared/data/manifest.csv"
    if not path.is_file():
        pytest.skip("needs the images of ../shared/data")
    manifest = read_manifest(path)
    faces = [row for row in manifest.split("val") if row.source == "dfdc_faces"]
    videos = sorted({row.group or "" for row in faces})[:50]
    rows = [row for row in faces if row.group in videos]
    read = inspect_rows(rows)
    done = split_rows(read, seed=1)
    (looks,) = near
    assert len(looks)
    for family in families(len(rows), looks):
        assert len({done.rows[at].split for at in family}) == 1
    assert torn_groups(done.rows) == {}
    for split, share in SOURCE_SHARES.items():
        assert done.shares[split] == pytest.approx(share, abs=0.04)
