"""Handing out: what a person has given back first, then what waits, with gold mixed in.

For gold and for what waits the same is done, in the same order, whatever the coin says: the time
that a call takes tells nothing either.
"""

from __future__ import annotations

from random import Random

from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions
from review_app.queueing.options import overdue_before
from review_app.review import gold
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
    share = gold.share_of(options, queue)
    back = repos.claims.came_back(person.id, LOOKED_BACK, lease)
    again = gold.returning(back, queue, share)[:wanted]
    resumed = repos.claims.resume(again, lease)
    n = min(wanted - len(resumed), new)
    if n <= 0:
        return resumed, 0
    late = overdue_before(repos, lease.now)
    waiting = repos.open_slots.find(person.id, queue.state, n, lease, late)
    drawn = repos.gold.draw(person.id, n, lease.now, coin) if share else []
    looked_at = repos.faces.of_items([item.id for item in (*waiting, *drawn)])
    mixed = gold.mix(waiting, drawn, n, share, coin, looked_at)
    golden = {item.id for item in drawn}
    return resumed + repos.claims.lease(mixed, person.id, lease, golden, late), len(mixed)
