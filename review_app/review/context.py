"""The context that every part of review works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random, SystemRandom

from review_app.review.backlog import Backlog
from review_app.review.limits import Allowances
from review_app.review.replies import Words
from storage.database import Transactions
from storage.types import utc_now


@dataclass(frozen=True)
class Memory:
    """The memory between calls, which is forgotten when the program ends."""

    allowances: Allowances = field(default_factory=Allowances)
    backlog: Backlog = field(default_factory=Backlog)


@dataclass(frozen=True)
class ReviewContext:
    """A database, or a transaction of it that is under way, and what goes with it."""

    database: Transactions
    words: Words
    """Turns a decision of the log into one plain sentence for after the answer."""
    clock: Callable[[], datetime] = utc_now
    """Tells the time; leases run by it."""
    after_answers: Callable[[Sequence[int]], None] = lambda _item_ids: None
    """Is told the items' ids once answers are on disk; it must not raise."""
    coin: Random = field(default_factory=SystemRandom)
    """Draws which images are gold; nobody can foretell the one that is taken by default."""
    memory: Memory = field(default_factory=Memory)
    """Is shared by all contexts over the same database."""

    def within(self, transaction: Transactions, answered: list[int]) -> ReviewContext:
        """The same inside a transaction that is under way, whose owner tells `after_answers` of the
        items ``answered`` once it is on disk."""
        return replace(self, database=transaction, after_answers=answered.extend)
