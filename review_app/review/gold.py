"""Handing out, with gold mixed in: images whose label is known, to see how somebody answers.

Only settled images are gold, and an answer on one is an extra one: it changes no verdict, proves
nothing, and takes no place in the queue. The reviewer cannot tell gold from other images; where
the admin wishes it, the receipt tells the known label after the answer.
"""

from __future__ import annotations

from datetime import datetime
from random import Random

from review_app.permissions import Person
from review_app.review.options import read_options
from review_app.review.tasks import Queue
from review_app.triage.options import overdue_before
from storage.enums import ItemState, LabelValue
from storage.models import Claim, Item, Label
from storage.repositories import Repositories


def hand_out(
    repos: Repositories,
    person: Person,
    queue: Queue,
    wanted: int,
    now: datetime,
    expires_at: datetime,
    coin: Random,
) -> list[Item]:
    """Up to ``wanted`` new items, each of them gold with the probability that the admin chose.

    None is gold while nothing else waits for this person: gold alone would be known for what it is.
    """
    late = overdue_before(repos, now)

    def take(n: int) -> list[Item]:
        return repos.claims.take(person.id, queue.state, n, now, expires_at, late)

    share = read_options(repos).gold_share if queue is Queue.WAITING else 0.0
    n_gold = sum(coin.random() < share for _ in range(wanted)) if share else 0
    if not n_gold or not repos.claims.any_for(person.id, queue.state):
        return take(wanted)
    # In the midst of the others, by the order of claims too: a page that is reloaded shows that.
    before = coin.randint(0, wanted - n_gold)
    first = take(before)
    gold = repos.gold.take(person.id, n_gold, now, expires_at, coin)
    return first + gold + take(wanted - len(first) - len(gold))


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
