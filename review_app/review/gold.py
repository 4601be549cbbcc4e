"""Gold: images whose label is known, mixed in among the others to see how somebody answers.

Only settled images are gold, and an answer on one is an extra one: it changes no verdict, proves
nothing, and takes no place in the queue. The reviewer cannot tell gold from other images; where
the admin wishes it, the receipt tells the known label after the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random

from review_app.policy.review_options import ReviewOptions, read_options
from review_app.review.tasks import Queue
from storage.enums import ItemState, LabelValue
from storage.models import Claim, Item, Label
from storage.repositories import Repositories


def share_of(options: ReviewOptions, queue: Queue) -> float:
    """The probability of each item that is handed out from ``queue`` to be gold."""
    return options.gold_share if queue is Queue.WAITING else 0.0


@dataclass
class Hidden:
    """Settled items that are mixed in among what waits, each place one of them with probability
    ``share``."""

    share: float
    items: list[Item]


def mix(
    waiting: Sequence[Item],
    hidden: Sequence[Hidden],
    n: int,
    coin: Random,
    looked_at: Collection[int] = (),
) -> list[Item]:
    """Return up to ``n`` items, some of them ``hidden`` ones, which are used up by it.

    None is hidden once all that waits is used up: they alone would be known for what they are. Nor
    is one in which faces were looked for (``looked_at``, item ids) in place of one where they were
    not, or the other way round: reviewers are told where faces are, and what is settled is older.
    """
    mixed: list[Item] = []
    rest = list(waiting)
    while rest and len(mixed) < n:
        looked = rest[0].id in looked_at
        found = _hidden(hidden, coin.random(), looked, looked_at)
        mixed.append(rest.pop(0) if found is None else found)
    return mixed


def _hidden(
    hidden: Sequence[Hidden], drawn: float, looked: bool, looked_at: Collection[int]
) -> Item | None:
    """An item of the kind that ``drawn``, in [0, 1), falls on; None where it is none of them, or
    has none that looks like what waits."""
    for kind in hidden:
        if drawn < kind.share:
            alike = (i for i, item in enumerate(kind.items) if (item.id in looked_at) is looked)
            place = next(alike, None)
            return None if place is None else kind.items.pop(place)
        drawn -= kind.share
    return None


def returning(
    pairs: Sequence[tuple[Claim, Item]], queue: Queue, share: float
) -> list[tuple[Claim, Item]]:
    """Those of ``pairs``, what a person has given back, that they are handed again, in order.

    What waits is, while nobody else has it. Gold would always be there, and so be known by that it
    comes back: it borrows the fate of what was handed out beside it, the one before or else after.
    """
    there = [_is_open(claim, item, queue) for claim, item in pairs]
    ordinary = [i for i, (claim, _) in enumerate(pairs) if not claim.gold]
    found = []
    for i, (claim, item) in enumerate(pairs):
        if not claim.gold:
            comes = there[i]
        else:
            before = [j for j in ordinary if j < i]
            beside = before[-1:] or ordinary[:1]
            comes = share > 0 and _is_settled(item) and all(there[j] for j in beside)
        if comes:
            found.append((claim, item))
    return found


def _is_open(claim: Claim, item: Item, queue: Queue) -> bool:
    return not claim.gold and item.state is queue.state and item.open_slots > 0


def _is_settled(item: Item) -> bool:
    return item.state is ItemState.RESOLVED


def is_gold(repos: Repositories, label: Label) -> bool:
    """Whether the label answers an image that was handed out as gold."""
    claim = repos.claims.last_of(label.user_id, label.item_id)
    return claim is not None and claim.gold


def feedback(repos: Repositories, item_id: int) -> LabelValue | None:
    """The known label of a gold item, if the admin lets reviewers learn it."""
    return repos.known_labels.of_item(item_id) if read_options(repos).gold_feedback else None


def belongs(claim: Claim, item: Item, queue: Queue) -> bool:
    """Whether a held item is still work of ``queue``."""
    if claim.gold and queue is Queue.WAITING:
        return item.state in (ItemState.RESOLVED, queue.state)
    return item.state is queue.state
