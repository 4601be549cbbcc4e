"""Several manifests become one, and no picture of one is learned from while another tests it.

Copies of one file count once. What belongs together across manifests (near-copies, one group of one
source) gets one group, and lies in one split or is refused.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from review_app.core.errors import ManifestError
from review_app.lab.datasets.families import equal_edges, families, near_edges, one_split
from review_app.lab.datasets.fingerprints import Inspected
from review_app.lab.datasets.leaks import first_of_splits, refuse_conflicts, torn_words
from review_app.lab.datasets.origin import Dropped, DropReason
from review_app.manifests.manifest import ManifestRow, listed

_FACTS = ("label", "source", "group", "split", "weight", "generator")


@dataclass(frozen=True, slots=True)
class Part:
    """One manifest that goes into another, with its files as they were found."""

    path: Path
    inspected: Sequence[Inspected]


@dataclass(frozen=True, slots=True)
class Joined:
    """The rows of several manifests as those of one, and how it went.

    Rows are named as ``a.csv: x.jpg``, and their numbers are those of the file that they come from.
    """

    rows: tuple[ManifestRow, ...]
    kept: tuple[int, ...]
    """How many rows of each manifest are among them."""
    dropped: tuple[tuple[Dropped, ...], ...]
    """The rows of each manifest that are not."""
    families: tuple[tuple[ManifestRow, ...], ...]
    """What belongs together across manifests, with the splits that it had."""
    moved: int
    """How many rows went to another split, for their family's sake."""
    renamed: tuple[str, ...]
    """Groups that mean different things in different manifests, and go by the manifest's name now.
    """

    def to_json(self) -> dict[str, Any]:
        """Counts and families, for scripts."""
        tallies = {
            f"{what}s": dict(
                sorted(Counter(getattr(row, what) or "none" for row in self.rows).items())
            )
            for what in ("source", "split", "generator")
        }
        return {
            "rows": len(self.rows),
            **tallies,
            "families": [
                [{"row": row.row, "name": row.name, "split": row.split} for row in family]
                for family in self.families
            ],
            "moved": self.moved,
            "renamed_groups": list(self.renamed),
        }


def join_manifests(parts: Sequence[Part], *, together: bool = False) -> Joined:
    """The readable rows of ``parts``, in their order; what copies of a file know is told of the one
    that is kept, and where only some images have a weight, the others weigh 1.

    A family that lies in several splits is refused, or ``together`` puts it whole into the first of
    test, val and train that it occurs in. Raises ManifestError, naming rows, for such a family and
    for a file with two labels.
    """
    of = [at for at, part in enumerate(parts) for one in part.inspected if one.found]
    found = [one for part in parts for one in part.inspected if one.found]
    rows, renamed = _named_groups(parts, of, [one.row for one in found])
    rows = [_told(parts[at].path, row) for at, row in zip(of, rows, strict=True)]
    keys = [one.found.sha256 if one.found else None for one in found]
    refuse_conflicts(keys, rows)
    members = families(
        len(rows),
        equal_edges([row.group for row in rows]),
        equal_edges(keys),
        near_edges([one.found for one in found]),
    )
    across = [family for family in members if len({of[at] for at in family}) > 1]
    before = tuple(tuple(rows[at] for at in family) for family in across)
    if not together:
        _refuse_torn(before)
    moved = _put_together(rows, keys, across)
    twice = _copies(rows, keys, of)
    weighed = any(row.weight is not None for row in rows)
    kept = [at for at in range(len(rows)) if at not in twice]
    return Joined(
        tuple(
            replace(rows[at], weight=1.0) if weighed and rows[at].weight is None else rows[at]
            for at in kept
        ),
        tuple(sum(of[at] == part for at in kept) for part in range(len(parts))),
        tuple(
            (*_unreadable(part), *(drop for row, drop in twice.items() if of[row] == at))
            for at, part in enumerate(parts)
        ),
        before,
        moved,
        renamed,
    )


def _told(manifest: Path, row: ManifestRow) -> ManifestRow:
    return replace(row, name=f"{manifest.name}: {row.name}")


def _unreadable(part: Part) -> list[Dropped]:
    return [
        Dropped(one.row.row, one.row.name, DropReason.UNREADABLE, one.failure)
        for one in part.inspected
        if one.failure
    ]


def _named_groups(
    parts: Sequence[Part], of: Sequence[int], rows: Sequence[ManifestRow]
) -> tuple[list[ManifestRow], tuple[str, ...]]:
    """The rows with groups that mean one thing each. One name in two manifests means one thing
    where they name one source with it, and two things otherwise."""
    meant: dict[str, dict[int, set[str | None]]] = defaultdict(lambda: defaultdict(set))
    for part, row in zip(of, rows, strict=True):
        if row.group:
            meant[row.group][part].add(row.source)
    clashing = {group for group, sources in meant.items() if _differ(list(sources.values()))}
    prefixes = _prefixes([part.path for part in parts])
    named = [
        replace(row, group=f"{prefixes[part]}:{row.group}") if row.group in clashing else row
        for part, row in zip(of, rows, strict=True)
    ]
    return named, tuple(sorted(clashing))


def _differ(sources: Sequence[set[str | None]]) -> bool:
    return len(sources) > 1 and not set.intersection(*sources) - {None}


def _prefixes(paths: Sequence[Path]) -> list[str]:
    """A name for each manifest: its own, or its path where others are called so too."""
    stems = [path.stem for path in paths]
    return [
        stem if stems.count(stem) == 1 else str(path.with_suffix(""))
        for stem, path in zip(stems, paths, strict=True)
    ]


def _refuse_torn(across: Sequence[Sequence[ManifestRow]]) -> None:
    torn = [words for family in across if (words := torn_words(first_of_splits(family)))]
    if torn:
        raise ManifestError(
            f"{len(torn)} families of images (copies, near-copies or one group) lie in more than "
            f"one split: {listed(torn)}; drop rows there, or join with --together, which puts each "
            "such family whole into test, or into val where none of it is for test"
        )


def _put_together(
    rows: list[ManifestRow], keys: Sequence[str | None], across: Sequence[Sequence[int]]
) -> int:
    """Give each family one group and one split, in place; how many rows changed their split."""
    moved = 0
    for family in across:
        groups = [rows[at].group for at in family]
        name = next(filter(None, groups), f"family-{(keys[family[0]] or '')[:16]}")
        split = one_split(rows[at].split for at in family)
        for at in family:
            moved += rows[at].split not in (None, split)
            rows[at] = replace(rows[at], group=name, split=split)
    return moved


def _copies(
    rows: list[ManifestRow], keys: Sequence[str | None], of: Sequence[int]
) -> dict[int, Dropped]:
    """Rows whose file an earlier manifest has too, by position; the row there learns, in place,
    what it did not know."""
    first: dict[str | None, int] = {}
    twice: dict[int, Dropped] = {}
    for at, (row, key) in enumerate(zip(rows, keys, strict=True)):
        earlier = first.setdefault(key, at)
        if of[earlier] == of[at]:
            continue
        known = {
            fact: getattr(row, fact) for fact in _FACTS if getattr(rows[earlier], fact) is None
        }
        rows[earlier] = replace(rows[earlier], **known)
        same = f"same file as row {rows[earlier].row} ({rows[earlier].name})"
        twice[at] = Dropped(row.row, row.name, DropReason.DUPLICATE, same)
    return twice
