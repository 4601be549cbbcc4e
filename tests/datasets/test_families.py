"""Families are what a brute-force comparison of all pairs says they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from review_app.datasets.families import equal_edges, families, near_edges
from review_app.hashing import hamming

hashes = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.one_of(st.none(), st.integers(0, 255), hashes), max_size=40), st.integers(0, 5))
def test_near_families_are_the_closure_of_near_pairs(
    values: list[int | None], distance: int
) -> None:
    n = len(values)
    label = list(range(n))
    for _ in range(n):
        for a in range(n):
            for b in range(a):
                left, right = values[a], values[b]
                if left is not None and right is not None and hamming(left, right) <= distance:
                    label[a] = label[b] = min(label[a], label[b])
    expected = {frozenset(i for i in range(n) if label[i] == each) for each in label}
    assert set(map(frozenset, families(n, near_edges(values, distance)))) == expected


@given(st.lists(st.one_of(st.none(), st.sampled_from("abc")), max_size=20))
def test_equal_values_are_one_family_and_none_is_alone(values: list[str | None]) -> None:
    found = families(len(values), equal_edges(values))
    assert sorted(at for family in found for at in family) == list(range(len(values)))
    for family in found:
        assert len({values[at] for at in family}) == 1
        assert values[family[0]] is not None or len(family) == 1
    known = {value for value in values if value is not None}
    assert len(found) == len(known) + values.count(None)


def test_blocks_do_not_change_what_is_found() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 1 << 62, 3000).tolist()
    values[2500] = values[7] ^ 0b111
    pairs = {tuple(sorted(pair)) for pair in near_edges(values).tolist()}
    assert pairs == {(7, 2500)}
