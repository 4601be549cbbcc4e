"""Which labels teach, which are held out, which are kept apart; families are never parted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from review_app.learning.labels import (
    KeptApart,
    LabelledItem,
    digest_of,
    share_out,
    wanting,
    with_chances,
)

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def item(number: int, **values: object) -> LabelledItem:
    """The ``number``-th label, an image by itself."""
    plain = LabelledItem(
        item_id=number,
        image_id=number,
        sha256=f"{number:064x}",
        is_fake=number % 2 == 1,
        weight=1.0,
        at=BEGUN + timedelta(hours=number),
        alike=number,
    )
    return replace(plain, **values)  # type: ignore[arg-type]


def never(_sha256: str) -> bool:
    return False


def numbers(items: Sequence[LabelledItem]) -> list[int]:
    return sorted(each.item_id for each in items)


def test_the_newest_fifth_is_held_out() -> None:
    shares = share_out([item(n) for n in range(50)], never)
    assert numbers(shares.held_out) == list(range(40, 50))
    assert shares.held_out_since == BEGUN + timedelta(hours=40)
    assert numbers(shares.taught) == list(range(40))
    assert set(shares.families) == {""}


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.booleans()), min_size=1,
             max_size=40)
)  # fmt: skip
def test_no_family_is_parted(facts: list[tuple[int, int, bool]]) -> None:
    items = [
        item(n, alike=alike, group=f"g{group}" if group else None, known=known)
        for n, (alike, group, known) in enumerate(facts)
    ]
    shares = share_out(items, never)
    taught, held_out = set(numbers(shares.taught)), set(numbers(shares.held_out))
    assert len(taught) + len(held_out) + sum(shares.apart.values()) == len(items)
    for one in items:
        for other in items:
            if one.alike == other.alike or (one.group and one.group == other.group):
                for part in (taught, held_out):
                    assert (one.item_id in part) == (other.item_id in part)
    assert not any(items[n].known for n in taught | held_out)
    named = dict(zip((each.item_id for each in shares.taught), shares.families, strict=True))
    for one in shares.taught:
        for other in shares.taught:
            if one.alike == other.alike and one is not other:
                assert named[one.item_id] == named[other.item_id] != ""


def test_what_is_kept_apart_is_told_by_its_reason() -> None:
    items = [
        *(item(n) for n in range(20)),
        item(20, known=True),
        item(21, known=True, split="train"),
        item(22, split="test"),
        item(23, split="val"),
        item(24, alike=20),
        item(25),
    ]
    shares = share_out(items, lambda sha256: sha256 == items[25].sha256)
    assert shares.apart == {
        KeptApart.KNOWN: 1,
        KeptApart.SET_ASIDE: 1,
        KeptApart.ALIKE: 1,
        KeptApart.SEEN: 1,
    }
    assert 21 in numbers(shares.taught + shares.held_out)
    assert 21 not in numbers(shares.held_out)


def test_a_class_that_is_short_wants_more_than_it_lacks_for_some_will_be_held_out() -> None:
    shares = share_out([item(n, is_fake=n < 4) for n in range(50)], never)
    assert wanting(shares, 15) == {"fake": 14}
    assert wanting(shares, 4) == {}


def test_the_digest_knows_labels_and_weights_and_no_order() -> None:
    items, weights = [item(n) for n in range(4)], np.array([1.0, 2.0, 3.0, 4.0])
    same = digest_of(items[::-1], weights[::-1])
    assert digest_of(items, weights) == same
    assert digest_of(items, weights + 1) != same
    assert digest_of([replace(items[0], is_fake=True), *items[1:]], weights) != same


def test_what_came_by_the_race_stands_for_those_that_did_not() -> None:
    items = [item(n, raced=-1.5 - 0.01 * n if n % 2 else None, weight=2.0) for n in range(20)]
    found = with_chances(items, b"a secret of the deployment")
    assert all(one.weight == 2 for one in found[::2])
    assert all(one.weight > 2 for one in found[1::2])
    assert [replace(one, weight=2.0) for one in found] == items
    assert with_chances([], b"a secret of the deployment") == []
