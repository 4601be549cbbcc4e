"""Images that look alike, taken together: near-duplicates of one that somebody holds.

Only what waits like any other image is offered: audited ones among them, none that a policy
accepted. Likeness chooses who gets which near-duplicate, and when; those never calibrate
(`triage.calibration`), and the first image of all that look alike, which may, keeps its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from review_app.errors import ClaimLostError
from review_app.permissions import Person
from review_app.review.batch import MAX_ENTRIES
from review_app.words import Text
from storage.models import Item
from storage.repositories import Repositories

MOST = MAX_ENTRIES - 1
"""Most images beside the one in hand: answers to all of them travel in one call."""


def hand_out_alike(
    repos: Repositories,
    person: Person,
    held: Sequence[Item],
    item_id: int,
    now: datetime,
    expires_at: datetime,
) -> list[Item]:
    """Those that look like ``item_id``, one of ``held``: held ones first, then newly leased ones.

    Raises ``ClaimLostError`` where the person does not hold it.
    """
    shown = next((item for item in held if item.id == item_id), None)
    if shown is None:
        raise ClaimLostError(Text("grid.not_in_hands", {"item": str(item_id)}))
    key = shown.alike_key
    mine = [item for item in held if item.alike_key == key and item is not shown][:MOST]
    return mine + repos.claims.take_alike(person.id, key, MOST - len(mine), now, expires_at)


def count_alike(repos: Repositories, person: Person, held: Sequence[Item]) -> dict[int, int]:
    """How many `hand_out_alike` would give beside each of ``held``, by item id."""
    of_mine = Counter(item.alike_key for item in held)
    waiting = repos.claims.count_alike(person.id, of_mine.keys(), MOST) if held else {}
    others = {
        item.id: of_mine[item.alike_key] - 1 + waiting.get(item.alike_key, 0) for item in held
    }
    return {item_id: min(n, MOST) for item_id, n in others.items()}
