"""Images that look alike, taken together: near-duplicates of one that somebody holds.

Only what waits like any other image is offered: audited ones among them, none that a policy
accepted. Likeness chooses who gets which near-duplicate, and when; those never calibrate
(`policy.eligibility`), and the first image of all that look alike, which may, keeps its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from review_app.core.errors import ClaimLostError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.review.batch import MAX_ENTRIES
from storage.repositories import Repositories
from storage.repositories.lease import Handed, Lease

MAX_NEAR_DUPLICATES = MAX_ENTRIES - 1
"""Most images beside the one in hand: answers to all of them travel in one call."""


def hand_out_near_duplicates(
    repos: Repositories,
    person: Person,
    held: Sequence[Handed],
    handle: str,
    new: int,
    lease: Lease,
) -> tuple[list[Handed], int]:
    """Those that look like what the person holds as ``handle``, one of ``held``: held ones first,
    then at most ``new`` newly leased ones, and how many those are.

    Raises ``ClaimLostError`` where the person does not hold it.
    """
    known = repos.claims.known_as(person.id, handle)
    shown = next((one for one in held if known and one.item.id == known[1].id), None)
    if shown is None:
        raise ClaimLostError(Text("grid.not_in_hands"))
    key = shown.item.duplicate_group
    mine = [one for one in held if one.item.duplicate_group == key and one is not shown][
        :MAX_NEAR_DUPLICATES
    ]
    n = min(MAX_NEAR_DUPLICATES - len(mine), new)
    found = repos.open_slots.find_near_duplicates(person.id, key, n, lease)
    return mine + repos.claims.lease(found, person.id, lease), len(found)


def count_near_duplicates(
    repos: Repositories, person: Person, held: Sequence[Handed], lease: Lease
) -> dict[int, int]:
    """How many `hand_out_near_duplicates` would give beside each of ``held``, by item id."""
    items = [one.item for one in held]
    of_mine = Counter(item.duplicate_group for item in items)
    waiting = (
        repos.open_slots.count_near_duplicates(
            person.id, of_mine.keys(), MAX_NEAR_DUPLICATES, lease
        )
        if held
        else {}
    )
    others = {
        item.id: of_mine[item.duplicate_group] - 1 + waiting.get(item.duplicate_group, 0)
        for item in items
    }
    return {item_id: min(n, MAX_NEAR_DUPLICATES) for item_id, n in others.items()}
