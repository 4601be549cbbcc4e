"""Places in the queue for a batch of decided images, by the order in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from review_app.policy.audit_coin import audit_coin, audit_coins
from review_app.policy.policy import Policy
from review_app.policy.review_options import read_options
from review_app.queueing.options import order_in_use, read_queue_options, share_of_chance
from review_app.queueing.order import (
    TARGETS,
    Order,
    borrowed,
    learning_worth,
    placed,
    race,
    race_weights,
    risk_worth,
    timed,
)
from review_app.queueing.reference_window import RECENT, recent_items
from storage.database import Database
from storage.enums import PlacedBy
from storage.repositories import Repositories
from storage.repositories.queue import Ranks, Waiting, WaitingQueue
from storage.repositories.workload import SECONDS_PER_LABEL, RecentScore, Workload

Floats = NDArray[np.float64]

BY_TIME = (PlacedBy.TIME, PlacedBy.TIME_AGAIN)
RACE_COINS = -1
"""What sets the coins of the learning order apart from those of audits, which go by version."""
BATCH = 1000
"""Items placed in one transaction."""
SWEPT = 20_000
"""Places looked at in one transaction of a sweep: some hundredths of a second."""


@dataclass(frozen=True)
class RankInput:
    """The numbers that an image's place is made from."""

    key: str
    """The key of the image."""
    p_fake: float
    std: float
    novelty: float | None
    audited: bool


class QueueRanking:
    """Ranks under one policy and one order. In the learning order an image of more worth is only
    likelier to come early (`race`), so that every image has a chance.

    ``pool``: images that the rule sends to people; audited ones borrow the worth of one of them.
    ``stream``: what the learning order wants to learn for.
    """

    def __init__(
        self,
        repos: Repositories,
        policy: Policy,
        order: Order,
        pool: Sequence[RankInput],
        stream: Sequence[RankInput],
        secret: bytes,
    ) -> None:
        self._order = order
        self._costs = read_queue_options(repos).costs
        self._answers = read_options(repos).needed_labels
        self._seconds = Workload(repos.session).label_seconds() or SECONDS_PER_LABEL
        novelty = repos.checkpoints.novelty(policy.checkpoint)
        self._cut = np.inf if novelty is None else novelty.cut
        step = max(1, len(stream) // TARGETS)
        self._stream = stream[::step][:TARGETS]
        self._secret = secret
        self._pool = self._worth(pool)
        self._share = share_of_chance(repos, policy)
        self._usual = 0.0
        if order is Order.LEARNING and stream:
            self._usual = float(self._worth(self._stream).mean())

    @property
    def placed_by(self) -> PlacedBy:
        """What the ranks are made from."""
        return PlacedBy.RACE if self._order is Order.LEARNING else PlacedBy.WORTH

    def ranks(self, images: Sequence[RankInput]) -> list[float]:
        """The rank of each; an audited image's tells nothing of it."""
        hidden = [image.audited for image in images]
        coins = audit_coins((image.key for image in images), 0, self._secret)
        worth = borrowed(self._worth(images), hidden, self._pool, coins)
        if self._order is Order.LEARNING:
            drawn = audit_coins((image.key for image in images), RACE_COINS, self._secret)
            worth = race(race_weights(worth, self._share, self._usual), drawn)
        ranks: list[float] = placed(worth).tolist()
        return ranks

    def _worth(self, images: Sequence[RankInput]) -> Floats:
        if not images:
            return np.empty(0)
        p, std, novelty = _columns(images)
        if self._order is Order.LEARNING:
            targets = _columns(self._stream or images)
            return learning_worth(p, std, novelty, targets)
        return risk_worth(p, novelty > self._cut, self._costs, self._seconds, self._answers)


class PlacesOfRun:
    """The places of one run, made once for every policy that comes into force during it; safe to
    share between threads."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._made: dict[int, QueueRanking | None] = {}
        self._making = Lock()

    def under(self, repos: Repositories, policy: Policy) -> QueueRanking | None:
        """Those under ``policy``; None where the order in use is oldest first."""
        with self._making:
            if policy.version not in self._made:
                self._made[policy.version] = places_for_triage(repos, policy, self._secret)
            return self._made[policy.version]


def places_for_triage(repos: Repositories, policy: Policy, secret: bytes) -> QueueRanking | None:
    """Places of newly decided images; None where the order in use is oldest first."""
    order = order_in_use(repos)
    if order is Order.OLDEST:
        return None
    recent = recent_items(repos, policy)
    pool, stream = _unaudited(recent.to_people), _unaudited(recent.stream)
    return QueueRanking(repos, policy, order, pool, stream, secret)


def places_for_waiting(repos: Repositories, policy: Policy, secret: bytes) -> QueueRanking | None:
    """Places of images that wait already; None where the order in use is oldest first."""
    order = order_in_use(repos)
    if order is Order.OLDEST:
        return None
    waiting = [_placeable(row) for row in WaitingQueue(repos.session).newest(RECENT)]
    recent = recent_items(repos, policy)
    # What comes next, too: with little but audits waiting, their places would stand out later.
    pool = [i for i in waiting if not i.audited] + _unaudited(recent.to_people)
    return QueueRanking(repos, policy, order, pool, _unaudited(recent.stream), secret)


def misplaced(repos: Repositories) -> bool:
    """Whether something waits at a place by another order than the one in use."""
    ends = WaitingQueue(repos.session).ends()
    if ends is None:
        return False
    first, last = ends
    if order_in_use(repos) is Order.OLDEST:
        return first not in BY_TIME
    return last in BY_TIME


def reorder(database: Database, policy: Callable[[], Policy], secret: bytes) -> int:
    """Give all that waits its place by the order in use; how many items were placed.

    In short transactions, so that people go on taking items meanwhile. Interrupted, it leaves a
    queue of old and new places; run again, it places all anew.
    """
    in_force = policy()
    moved = after = 0
    with database.read() as repos:
        places = places_for_waiting(repos, in_force, secret)
    while True:
        with database.write() as repos:
            queue = WaitingQueue(repos.session)
            waiting = queue.after(after, BATCH)
            if not waiting:
                return moved
            ranks = _by_time(waiting, secret) if places is None else _by_worth(waiting, places)
            queue.place(ranks)
            moved += len(ranks.by_item)
            after = waiting[-1].item_id


def sweep(database: Database) -> None:
    """Take out of the queue the places of what the policy has accepted, front to back.

    In short transactions; interrupted, it leaves places that only cost whoever comes by a look.
    """
    after: float | None = -inf
    with database.private() as connection:  # for its cache
        while after is not None:
            with connection.write() as repos:
                after = WaitingQueue(repos.session).sweep(after, SWEPT)


def _by_time(waiting: Sequence[Waiting], secret: bytes) -> Ranks:
    """What was never placed by worth has its place by time, and may still calibrate."""
    ranks = {
        row.item_id: float(timed(row.state_since.timestamp() + audit_coin(row.key, 0, secret)))
        for row in waiting
        if row.placed_by is not PlacedBy.TIME
    }
    return Ranks(ranks, PlacedBy.TIME_AGAIN)


def _by_worth(waiting: Sequence[Waiting], places: QueueRanking) -> Ranks:
    ranks = places.ranks([_placeable(row) for row in waiting])
    by_item = dict(zip((row.item_id for row in waiting), ranks, strict=True))
    return Ranks(by_item, places.placed_by)


def _placeable(row: Waiting) -> RankInput:
    return RankInput(row.key, row.p_fake, row.std, row.novelty, row.audited)


def _unaudited(rows: Sequence[RecentScore]) -> list[RankInput]:
    return [RankInput(row.key, row.p_fake, row.std, row.novelty, False) for row in rows]


def _columns(images: Sequence[RankInput]) -> tuple[Floats, Floats, Floats]:
    return (
        np.array([image.p_fake for image in images]),
        np.array([image.std for image in images]),
        np.array([image.novelty or 0.0 for image in images]),
    )
