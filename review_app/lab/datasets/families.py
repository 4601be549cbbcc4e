"""Images that belong together: copies, near-copies, and members of one group.

Belonging is transitive: where a is like b and b is like c, all three are one family, and no split
may part them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from review_app.copies.alike import AlikeIndex
from review_app.copies.look import Look
from review_app.lab.datasets.fingerprints import Fingerprint, Looks

Edges = NDArray[np.int64]
"""Pairs of positions that belong together, [m, 2]."""
_LOOKS = 128
"""Looks that are kept for the next comparisons: 256 KiB each."""
_PROTECTIVE = ("test", "val", "train")


def equal_edges(values: Sequence[Hashable | None]) -> Edges:
    """Each position with the one before it of the same value; None equals nothing."""
    last: dict[Hashable, int] = {}
    edges: list[tuple[int, int]] = []
    for at, value in enumerate(values):
        if value is None:
            continue
        if value in last:
            edges.append((last[value], at))
        last[value] = at
    return np.array(edges, dtype=np.int64).reshape(-1, 2)


def near_edges(found: Sequence[Fingerprint | None]) -> Edges:
    """Pictures that are copies of each other, each with the one before it that is most like it;
    None is like nothing.

    Time grows with the square of their number where hashes are compared, which is a few seconds for
    10,000; each pair whose hashes are near costs two looks at files besides.
    """
    index: AlikeIndex[int] = AlikeIndex()
    seen: dict[int, Looks] = {}
    edges: list[tuple[int, int]] = []

    @lru_cache(maxsize=_LOOKS)
    def look(at: int) -> Look | None:
        return seen[at].again()

    for at, one in enumerate(found):
        if one is None or one.looks is None:
            continue
        seen[at] = one.looks
        earlier = index.find(
            one.looks.hashes,
            partial(look, at),
            lambda keys: [seen[key].descriptor.thumb for key in keys],
            look,
        )
        if earlier is not None:
            edges.append((earlier, at))
        index.add(at, one.looks.descriptor.phash)
    return np.array(edges, dtype=np.int64).reshape(-1, 2)


def families(n: int, *edges: Edges) -> list[list[int]]:
    """Connected components of ``n`` positions under all ``edges``; each sorted, by first member."""
    from scipy.sparse import coo_array  # slow to import
    from scipy.sparse.csgraph import connected_components

    joined = np.concatenate([*edges, np.empty((0, 2), dtype=np.int64)])
    graph = coo_array((np.ones(len(joined), dtype=np.int8), (joined[:, 0], joined[:, 1])), (n, n))
    _, label = connected_components(graph, directed=False)
    members: dict[int, list[int]] = {}
    for at, family in enumerate(label.tolist()):
        members.setdefault(family, []).append(at)
    return list(members.values())


def one_split(splits: Iterable[str | None]) -> str | None:
    """The split of a whole family whose members have ``splits``: theirs, or the first of test, val
    and train among them, for no figure may be of images whose like was learned from."""
    different = set(splits)
    if len(different) == 1:
        return different.pop()
    known = sorted(split for split in different if split)
    return next((split for split in _PROTECTIVE if split in known), known[0])
