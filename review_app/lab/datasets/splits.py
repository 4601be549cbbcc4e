"""Splits that nothing leaks through: stratified, and families of images never torn.

Rows of one group, copies of one file and near-copies of one picture are one family (see
:mod:`review_app.lab.datasets.families`), and a family goes into one split whole. Families are dealt
out in random order, large ones first, each to the split that it leaves nearest to the wanted
shares: the one with the least growth of sum over strata of have² / wanted. For single images that
is the divisor method of Webster (Sainte-Laguë), whose counts are the rounded shares. Strata are
label x source, and above them label and everything, so that rare sources do not starve a split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError, ManifestError
from review_app.lab.datasets.families import equal_edges, families, near_edges
from review_app.lab.datasets.fingerprints import Inspected
from review_app.lab.datasets.leaks import first_of_splits, refuse_conflicts, torn_words
from review_app.manifests.manifest import ManifestRow, listed

SOURCE_SHARES: Mapping[str, float] = {"train": 0.48, "val": 0.12, "test": 0.4}
"""The source method's: 932, 234 and 786 of 1,952."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """The rows with their splits, and how it went."""

    rows: tuple[ManifestRow, ...]
    shares: dict[str, float]
    """Achieved shares of the rows."""
    merged: tuple[tuple[ManifestRow, ...], ...]
    """Families that copies and near-copies made larger than their groups."""

    def to_json(self) -> dict[str, Any]:
        """Shares, counts and merged rows, for scripts."""
        count = {name: sum(row.split == name for row in self.rows) for name in self.shares}
        return {
            "rows": len(self.rows),
            "counts": count,
            "shares": self.shares,
            "merged": [
                [{"row": row.row, "name": row.name, "group": row.group} for row in family]
                for family in self.merged
            ],
        }


def split_rows(
    inspected: Sequence[Inspected],
    shares: Mapping[str, float] = SOURCE_SHARES,
    *,
    seed: int,
    keep: bool = False,
) -> Split:
    """Deal the rows of ``inspected`` out over ``shares``, which sum to 1.

    With ``keep``, rows that have a split stay there and take their families along. The same
    arguments give the same split. Raises InputError for shares that do not sum to 1 or are
    negative; ManifestError, naming rows, where ``keep`` would tear a family, or where one file has
    two labels.
    """
    _check_shares(shares)
    rows = [one.row if keep else replace(one.row, split=None) for one in inspected]
    keys = [one.found.sha256 if one.found else None for one in inspected]
    refuse_conflicts(keys, rows)
    by_group = equal_edges([row.group for row in rows])
    by_content = equal_edges(keys)
    by_looks = near_edges([one.found for one in inspected])
    members = families(len(rows), by_group, by_content, by_looks)
    dealt = _deal(rows, members, shares, seed)
    done = tuple(replace(row, split=split) for row, split in zip(rows, dealt, strict=True))
    names = dict.fromkeys([*shares, *dealt])
    achieved = {name: dealt.count(name) / max(len(dealt), 1) for name in names}
    merged = [tuple(done[at] for at in family) for family in members if _merges(rows, family)]
    return Split(done, achieved, tuple(merged))


def _check_shares(shares: Mapping[str, float]) -> None:
    total = sum(shares.values())
    if min(shares.values()) < 0 or abs(total - 1) > 1e-6:
        words = ", ".join(f"{name} {share:g}" for name, share in shares.items())
        raise InputError(f"the shares {words} sum to {total:g}; they must sum to 1, none below 0")


def _merges(rows: Sequence[ManifestRow], family: Sequence[int]) -> bool:
    """Whether more than the manifest's own group holds the family together."""
    groups = {rows[at].group for at in family}
    return len(family) > 1 and (None in groups or len(groups) > 1)


def _deal(
    rows: Sequence[ManifestRow],
    members: Sequence[Sequence[int]],
    shares: Mapping[str, float],
    seed: int,
) -> list[str]:
    """The split of every row."""
    names = [name for name, share in shares.items() if share > 0]
    strata = _strata(rows)
    wanted = np.array([shares[name] for name in names])[:, None] * strata.sum(axis=0)
    have = np.zeros_like(wanted)
    kept = _kept(rows, members)
    dealt = [""] * len(rows)
    order = np.random.default_rng(seed).permutation(len(members)).tolist()
    order.sort(key=lambda at: (kept[at] is None, -len(members[at])))  # stable: random within
    for at in order:
        counts = strata[members[at]].sum(axis=0)
        name = kept[at]
        if name is None:
            name = names[_nearest(have, wanted, counts)]
        if name in names:
            have[names.index(name)] += counts
        for row in members[at]:
            dealt[row] = name
    return dealt


def _nearest(have: Float64, wanted: Float64, counts: Float64) -> int:
    # Where less than one image is wanted, its lack says nothing: strata above decide.
    growth = counts * (2 * have + counts) / np.maximum(wanted, 1.0)
    return int(growth.sum(axis=1).argmin())


def _strata(rows: Sequence[ManifestRow]) -> Float64:
    """Which strata each row is in, 0 or 1, [n, strata]: all; its label; label and source."""
    keys = [
        [("all",), (row.label or "none",), (row.label or "none", row.source or "")] for row in rows
    ]
    places = {key: at for at, key in enumerate(dict.fromkeys(key for row in keys for key in row))}
    strata = np.zeros((len(rows), len(places)))
    for at, row in enumerate(keys):
        strata[at, [places[key] for key in row]] = 1
    return strata


def _kept(rows: Sequence[ManifestRow], members: Sequence[Sequence[int]]) -> list[str | None]:
    """The split that each family has already, if any."""
    kept: list[str | None] = []
    torn: list[str] = []
    for family in members:
        first = first_of_splits([rows[at] for at in family])
        if words := torn_words(first):
            torn.append(words)
        kept.append(next(iter(first), None))
    if torn:
        raise ManifestError(
            f"{len(torn)} families of images (one group, copies or near-copies) lie in more than "
            f"one split: {listed(torn)}; drop rows there, or split anew without keeping"
        )
    return kept
