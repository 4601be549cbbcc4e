"""Images that belong together: copies, near-copies, and members of one group.

Belonging is transitive: where a is like b and b is like c, all three are one family, and no split
may part them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from review_app.hashing import NEAR_DISTANCE

Edges = NDArray[np.int64]
"""Pairs of positions that belong together, [m, 2]."""
_PAIRS_AT_ONCE = 1 << 22


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


def near_edges(hashes: Sequence[int | None], max_distance: int = NEAR_DISTANCE) -> Edges:
    """Pairs of perceptual hashes within ``max_distance`` bits, by comparing all distinct ones.

    Time grows with the square of the number of distinct hashes: about 0.1 s for 4,000 and a
    minute for 100,000.
    """
    places = np.array([at for at, value in enumerate(hashes) if value is not None], dtype=np.int64)
    known = np.array([value for value in hashes if value is not None], dtype=np.int64)
    distinct, first = np.unique(known.view(np.uint64), return_index=True)
    edges = [equal_edges(hashes)]
    block = max(1, _PAIRS_AT_ONCE // max(len(distinct), 1))
    for start in range(0, len(distinct), block):
        rows = distinct[start : start + block]
        near = np.bitwise_count(rows[:, None] ^ distinct[None, start:]) <= max_distance
        a, b = np.nonzero(np.triu(near, k=1))
        edges.append(np.stack([places[first[start + a]], places[first[start + b]]], axis=1))
    return np.concatenate(edges)


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
