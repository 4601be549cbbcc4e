"""Handing out: what a person has given back first, then what waits, with gold and second looks
mixed in.

For those and for what waits the same is done, in the same order, whatever the coin says: the time
that a call takes tells nothing either.
"""

from __future__ import annotations

from random import Random

from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions
from review_app.queueing.options import overdue_before
from review_app.queueing.order import in_front
from review_app.review import gold, second_looks
from review_app.review.gold import Hidden
from review_app.review.tasks import Queue
from storage.repositories import Repositories
from storage.repositories.lease import Handed, Lease

LOOKED_BACK = 200
"""Most claims that somebody has given back that are looked at again."""


def hand_out(
    repos: Repositories,
    person: Person,
    queue: Queue,
    wanted: int,
    new: int,
    lease: Lease,
    options: ReviewOptions,
    coin: Random,
) -> tuple[list[Handed], int]:
    """Hand out up to ``wanted`` items, at most ``new`` of which the person was not handed before;
    and tell how many of those there are.

    Whoever gives items back and asks again is handed the same ones, under the same handles: giving
    back leads to no other images, and an open page knows them again.
    """
    known, again = gold.share_of(options, queue), second_looks.share_of(options, person, queue)
    back = repos.claims.came_back(person.id, LOOKED_BACK, lease)
    returning = gold.returning(back, queue, known + again)[:wanted]
    resumed = repos.claims.resume(returning, lease)
    n = min(wanted - len(resumed), new)
    if n <= 0:
        return resumed, 0
    late = overdue_before(repos, lease.now)
    repos.assignments.lapse(lease.now, float(in_front(lease.now.timestamp())))
    waiting = repos.open_slots.find(person.id, queue.state, n, lease, late)
    hidden = _hidden(repos, person, n, known, again, lease, coin)
    settled = {item.id for kind in hidden for item in kind.items}
    looked_at = repos.faces.of_items([item.id for item in waiting] + list(settled))
    mixed = gold.mix(waiting, hidden, n, coin, looked_at)
    return resumed + repos.claims.lease(mixed, person.id, lease, settled, late), len(mixed)


def _hidden(
    repos: Repositories,
    person: Person,
    n: int,
    known: float,
    again: float,
    lease: Lease,
    coin: Random,
) -> tuple[Hidden, Hidden]:
    """Gold, and what is to be looked at again and is no gold, by the shares they come in."""
    gold_items = repos.gold.draw(person.id, n, lease.now, coin) if known else []
    looks = second_looks.waiting(repos, person, n, lease.now, coin) if again else []
    drawn = {item.id for item in gold_items}
    return Hidden(known, gold_items), Hidden(again, [i for i in looks if i.id not in drawn])
