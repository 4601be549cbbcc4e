"""Leaks must not happen between rows: one image in two splits, or with two labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from review_app.core.errors import ManifestError
from review_app.manifests.manifest import ManifestRow, listed, named


def refuse_leaks(keys: Sequence[str | None], rows: Sequence[ManifestRow]) -> None:
    """Raise ManifestError, naming the rows, where one file's bytes occur twice and disagree.

    ``keys`` are the sha256 digests of the files of ``rows``, in parallel; None equals nothing.
    Copies within one split and with one label are allowed: they only count twice.
    """
    if torn := disagreeing(keys, rows, "split"):
        raise ManifestError(
            f"{len(torn)} files lie in more than one split: {_pairs(torn, 'split')}; keep one row "
            "of each, or split the manifest anew, or results would be too good to be true"
        )
    refuse_conflicts(keys, rows)


def refuse_conflicts(keys: Sequence[str | None], rows: Sequence[ManifestRow]) -> None:
    """Raise ManifestError, naming the rows, where one file's bytes have two labels."""
    if conflicts := disagreeing(keys, rows, "label"):
        raise ManifestError(
            f"{len(conflicts)} files are called both real and fake: {_pairs(conflicts, 'label')}; "
            "find out which is right, and keep one row of each"
        )


def disagreeing(
    keys: Sequence[str | None], rows: Sequence[ManifestRow], what: str
) -> list[list[ManifestRow]]:
    """Rows of one key that differ in ``what`` ("split" or "label"), where both are known.

    One list a key, with the first row of each different value; a key None equals nothing.
    """
    seen: dict[str, dict[str, ManifestRow]] = defaultdict(dict)
    for key, row in zip(keys, rows, strict=True):
        value = getattr(row, what)
        if key is not None and value is not None:
            seen[key].setdefault(value, row)
    return [list(values.values()) for values in seen.values() if len(values) > 1]


def first_of_splits(rows: Sequence[ManifestRow]) -> dict[str, ManifestRow]:
    """The splits that occur among ``rows``, each with the first row there."""
    first: dict[str, ManifestRow] = {}
    for row in rows:
        if row.split:
            first.setdefault(row.split, row)
    return first


def torn_words(first: Mapping[str, ManifestRow]) -> str | None:
    """Which rows lie where, for a message, where ``first`` has more than one split; else None."""
    if len(first) < 2:
        return None
    return " and ".join(f"{named([row])} in {split}" for split, row in first.items())


def _pairs(families: Sequence[Sequence[ManifestRow]], what: str) -> str:
    return listed(
        " and ".join(f"row {row.row} ({row.name}, {getattr(row, what)})" for row in family)
        for family in families
    )
