"""The review service: hand out items under a lease, take answers in, never lose one.

Each method is one transaction that holds the write lock from its start, so two people cannot get
the same slot, and an answer is on disk before it is acknowledged.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from review_app.core.permissions import Person
from review_app.review import (
    answering,
    aside,
    batch_answering,
    changes,
    looking,
    progress,
    taking,
    undoing,
)
from review_app.review.aside import AsideAnswer, KeptAnswer
from review_app.review.batch import Entry, Outcome
from review_app.review.context import ReviewContext
from review_app.review.tasks import (
    AnswerChange,
    AnswerInput,
    OwnAnswer,
    Progress,
    Queue,
    Receipt,
    Task,
)
from storage.database import Transactions


class ReviewService:
    """All that people do with the images they review, over one database.

    It takes what `requests` and `tasks` let through: their models check every limit on it.
    """

    def __init__(self, context: ReviewContext) -> None:
        self._context = context

    def within(self, transaction: Transactions, answered: list[int]) -> ReviewService:
        """This service inside a transaction that is under way; see `ReviewContext.within`."""
        return ReviewService(self._context.within(transaction, answered))

    def after_answers(self, item_ids: Sequence[int]) -> None:
        """Tell whoever waits for answers that those on these items are on disk."""
        self._context.after_answers(item_ids)

    def take(self, person: Person, n: int = 1, queue: Queue = Queue.WAITING) -> list[Task]:
        """Hand ``person`` up to ``n`` items: those held already, then new ones. Renews the leases.

        Fewer than ``n`` where that would be more than a fair share (`taking.SHARE`), and fewer or
        none where the queue has no more for this person. Raises ``LimitError`` where nothing is
        held and the person has been handed too many without answering them.
        """
        return taking.take(self._context, person, n, queue)

    def take_near_duplicates(self, person: Person, handle: str) -> list[Task]:
        """Hand out up to `near_duplicates.MAX_NEAR_DUPLICATES` items that look like one that the
        person holds; renew the leases.

        Raises ``ClaimLostError`` where the person does not hold that one.
        """
        return taking.take_near_duplicates(self._context, person, handle)

    def heartbeat(self, person: Person) -> int:
        """Renew the leases of all that the person holds and may go on holding; how many."""
        return taking.heartbeat(self._context, person)

    def release(self, person: Person, keep: Collection[str] = ()) -> int:
        """Give back all that the person holds but the items to ``keep``, by their handles; how many
        there were."""
        return taking.release(self._context, person, keep)

    def label(self, person: Person, submission: AnswerInput) -> Receipt:
        """Store an answer. Sending the same ``client_id`` again returns the same receipt.

        An answer after the item was given back, as when its lease ran out, still counts while there
        is room for it, and is kept as an extra label otherwise. Raises ``ClaimLostError`` where
        the person never held the item, and ``ConflictError`` where they have answered or skipped it
        already.
        """
        return answering.label(self._context, person, submission)

    def answer(self, person: Person, entries: Sequence[Entry]) -> list[Outcome]:
        """Take several entries in, in order and in one transaction; what became of each.

        A refused one changes nothing and holds up none. Sending the same again stores nothing
        twice.
        """
        return batch_answering.answer(self._context, person, entries)

    def answer_aside(self, person: Person, answer: AsideAnswer, client_id: str) -> KeptAnswer:
        """Keep an answer on an image that the caller names, beside those of the queue. It settles
        nothing and is no evidence. Sending the same ``client_id`` again stores nothing twice.

        Raises ``NotFoundError`` where there is no such item, or people are not asked about it, and
        ``ConflictError`` where the person has answered on it already.
        """
        return aside.answer_aside(self._context, person, answer, client_id)

    def skip(self, person: Person, handle: str) -> None:
        """Give the item back unanswered; it is never offered to ``person`` again.

        Raises ``ClaimLostError`` where the person never held the item, ``ConflictError`` where
        they have answered it, and ``LimitError`` where they have skipped too many.
        """
        answering.skip(self._context, person, handle)

    def undo(self, person: Person, client_id: str, of: str | None = None) -> Task:
        """Withdraw the person's newest answer in force; the item is theirs again.

        ``of``, the ``client_id`` of one of their answers, names that answer instead.
        ``client_id``, of the same form as an answer's, makes the undo idempotent. Raises
        ``NotFoundError`` with nothing to undo, and ``ConflictError`` where the answer is final,
        where an admin has decided the item since, or where the undo is repeated after the item has
        left the person's hands again.
        """
        return undoing.undo(self._context, person, client_id, of)

    def recent(self, person: Person, n: int = 20) -> list[OwnAnswer]:
        """The person's newest answers in force, newest first."""
        return changes.recent(self._context, person, n)

    def change(self, person: Person, change: AnswerChange) -> Receipt:
        """Put another answer in place of one's own. Sending it again returns the same receipt.

        Raises ``NotFoundError`` where the person has no such answer, and ``ConflictError`` where it
        is final, was withdrawn or changed already, an admin has decided the item since, or the
        person has changed their mind too often.
        """
        return changes.change(self._context, person, change)

    def progress(
        self, person: Person, session_start: datetime, day_start: datetime | None = None
    ) -> Progress:
        """Counts for the page's header. ``day_start``: when the person's own day began; without
        it, days are those of UTC. Raises ``InputError`` where that is no day of about now."""
        return progress.progress(self._context, person, session_start, day_start)

    def image_of(self, person: Person, handle: str) -> int | None:
        """The item that the person was handed as ``handle``, if they may look at its image now.

        They may while they hold it and for `looking.GRACE` afterwards; while their answer can be
        changed, and while it is among those that the page lists.
        """
        return looking.image_of(self._context, person, handle)

    def may_see_opinion(self, person: Person, item_id: int) -> bool:
        """Whether anything of the detector's reading of the item may be shown to ``person``.

        To whoever an answer's receipt has told it, and to those who see the queue: not while the
        item is in their own hands to be judged.
        """
        return looking.may_see_opinion(self._context, person, item_id)

    def may_know_claim(self, person: Person, item_id: int) -> bool:
        """Whether ``person`` may be told that the item's file says a generator made it.

        Always where the admin lets reviewers know first; else as `may_see_opinion`, and whoever has
        given an answer that stays.
        """
        return looking.may_know_claim(self._context, person, item_id)
