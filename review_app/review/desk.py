"""The review desk: hand out items under a lease, take answers in, never lose one.

Each method is one transaction that holds the write lock from its start, so two people cannot get
the same slot, and an answer is on disk before it is acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random, SystemRandom

from review_app.errors import ClaimLostError, ConflictError, InputError, NotFoundError
from review_app.permissions import Permission, Person, require
from review_app.review import answers, gold
from review_app.review.alike import count_alike, hand_out_alike
from review_app.review.batch import (
    MAX_ENTRIES,
    ChangeEntry,
    Entry,
    LabelEntry,
    Outcome,
    SkipEntry,
)
from review_app.review.changes import Changes
from review_app.review.options import ReviewOptions, read_options
from review_app.review.replies import receipt_of, task_of
from review_app.review.tasks import CLIENT_ID, Progress, Queue, Receipt, Submission, Task
from review_app.triage.options import order_in_use
from review_app.words import Text
from storage.database import Transactions
from storage.enums import AuditKind, ClaimOutcome, ItemState
from storage.models import Decision, Item, Label
from storage.repositories import Repositories
from storage.types import utc_now

MAX_AHEAD = 80
"""Most items one person holds at once."""
ALWAYS = 3
"""So many a person may hold however few there are."""
SHARE = 20
"""Beyond those, nobody holds more than one of so many open items: others need some too."""


class ReviewDesk:
    """Claims and labels over one database.

    ``words``: turns a decision of the log into one plain sentence for after the answer.
    ``clock``: tells the time; leases run by it.
    ``after_answers``: told the items' ids once answers are on disk; it must not raise.
    ``coin``: draws which images are gold; nobody can foretell the one that is taken by default.
    """

    def __init__(
        self,
        database: Transactions,
        words: Callable[[Decision], str],
        clock: Callable[[], datetime] = utc_now,
        after_answers: Callable[[Sequence[int]], None] = lambda _item_ids: None,
        coin: Random | None = None,
    ) -> None:
        self._database = database
        self._words = words
        self._clock = clock
        self.after_answers = after_answers
        self._coin = coin or SystemRandom()

    def within(self, transaction: Transactions, answered: list[int]) -> ReviewDesk:
        """This desk inside a transaction that is under way, whose owner tells `after_answers` of
        the items ``answered`` once it is on disk."""
        return ReviewDesk(transaction, self._words, self._clock, answered.extend, self._coin)

    def take(self, person: Person, n: int = 1, queue: Queue = Queue.WAITING) -> list[Task]:
        """Up to ``n`` items for ``person``: those held already, then new ones. Renews the leases.

        Fewer than ``n`` where that would be more than a fair share (`SHARE`), and fewer or none
        where the queue has no more for this person.
        """
        _require_queue(person, queue)
        n = max(1, min(n, MAX_AHEAD))
        now = self._clock()
        with self._database.write() as repos:
            repos.claims.expire(now)
            expires_at = now + _lease(read_options(repos))
            held = _keep_only(repos, person, queue, now)
            if held:
                repos.claims.extend(person.id, expires_at)
            wanted = _share(repos, queue, n) - len(held)
            if wanted > 0:
                held += gold.hand_out(repos, person, queue, wanted, now, expires_at, self._coin)
            others = count_alike(repos, person, held) if queue is Queue.WAITING else {}
            return [
                task_of(repos, person, item, expires_at, others.get(item.id, 0))
                for item in held[:n]
            ]

    def take_alike(self, person: Person, item_id: int) -> list[Task]:
        """Up to `alike.MOST` items that look like one that the person holds; renews the leases.

        Raises ``ClaimLostError`` where the person does not hold that one.
        """
        require(person, Permission.REVIEW)
        with self._database.write() as repos:
            now = self._clock()
            repos.claims.expire(now)
            expires_at = now + _lease(read_options(repos))
            held = _keep_only(repos, person, Queue.WAITING, now)
            found = hand_out_alike(repos, person, held, item_id, now, expires_at)
            repos.claims.extend(person.id, expires_at)
            return [task_of(repos, person, item, expires_at) for item in found]

    def label(self, person: Person, submission: Submission) -> Receipt:
        """Store an answer. Sending the same ``client_id`` again returns the same receipt.

        An answer after the lease ran out still counts while the item is open, and is kept as an
        extra label otherwise. Raises ``ClaimLostError`` where the person never held the item, and
        ``ConflictError`` where they have answered or skipped it already.
        """
        require(person, Permission.REVIEW)
        now = self._clock()
        with self._database.write() as repos:
            known = repos.labels.by_client_id(submission.client_id)
            if known is not None:
                known = answers.same_answer(known, person, submission)
                return receipt_of(repos, known, self._words)
            claim, item = answers.answerable(repos, person, submission.item_id)
            reveals = answers.reveals(repos, item)
            label = answers.store(repos, person, submission, item, reveals, now)
            repos.claims.end(claim, ClaimOutcome.LABELLED, now, recount=False)
            answers.record(repos, person, item, AuditKind.LABELLED, label, now)
            receipt = receipt_of(repos, label, self._words)
        self.after_answers([submission.item_id])
        return receipt

    def answer(self, person: Person, entries: Sequence[Entry]) -> list[Outcome]:
        """Take several entries in, in order and in one transaction; what became of each.

        A refused one changes nothing and holds up none. Sending the same again stores nothing
        twice. Raises ``InputError`` for more than `MAX_ENTRIES`.
        """
        require(person, Permission.REVIEW)
        if len(entries) > MAX_ENTRIES:
            raise InputError(Text("refusals.too_many", {"n": len(entries), "most": MAX_ENTRIES}))
        answered: list[int] = []
        with self._database.together() as parts:
            desk = self.within(parts, answered)
            changes = Changes(parts, self._words, self._clock, answered.extend)
            outcomes: dict[str, Outcome] = {}
            for entry in entries:
                outcomes[entry.client_id] = _take_in(desk, changes, person, entry, outcomes)
        self.after_answers(answered)
        return list(outcomes.values())

    def skip(self, person: Person, item_id: int) -> None:
        """Give the item back unanswered; it is never offered to ``person`` again.

        Raises ``ClaimLostError`` where the person never held the item, and ``ConflictError`` where
        they have answered it.
        """
        require(person, Permission.REVIEW)
        with self._database.write() as repos:
            claim = repos.claims.last_of(person.id, item_id)
            if claim is None:
                raise ClaimLostError(Text("refusals.not_yours_to_skip", {"item": str(item_id)}))
            if claim.outcome is ClaimOutcome.LABELLED:
                raise ConflictError(Text("refusals.labelled_already", {"item": str(item_id)}))
            repos.claims.end(claim, ClaimOutcome.SKIPPED, self._clock())

    def undo(self, person: Person, client_id: str, of: str | None = None) -> Task:
        """Withdraw the person's newest answer in force; the item is theirs again.

        ``of``, an answer's ``client_id``, names that answer instead, where it is stored.
        ``client_id``, of the same form as an answer's, makes the undo idempotent. Raises
        ``InputError`` for an unusable one, ``NotFoundError`` with nothing to undo, and
        ``ConflictError`` where the answer is final, where an admin has decided the item since, or
        where the undo is repeated after the item has left the person's hands again.
        """
        require(person, Permission.REVIEW)
        if not re.fullmatch(CLIENT_ID, client_id):
            raise InputError(Text("refusals.undo_id"))
        with self._database.write() as repos:
            now = self._clock()  # once nobody else writes: what is final by then stays
            repos.claims.expire(now)
            repeated = repos.labels.by_client_id(client_id)
            if repeated is not None:
                return _undone_task(repos, person, repeated)
            label = _to_undo(repos, person, of)
            item = answers.item_of(repos, label.item_id)
            was = item.state
            answers.withdraw(repos, person, label, client_id, now)
            expires_at = now + _lease(read_options(repos))
            claim = repos.claims.give(person.id, item.id, now, expires_at)
            answers.record(repos, person, item, AuditKind.UNDONE, label, now)
            if was is ItemState.ESCALATED and item.state is ItemState.IN_REVIEW:
                answers.call_off_adjudication(repos, item, now, but=claim)
            return task_of(repos, person, item, expires_at)

    def heartbeat(self, person: Person) -> int:
        """Renew the leases of all that the person holds; how many there are."""
        require(person, Permission.REVIEW)
        now = self._clock()
        with self._database.write() as repos:
            repos.claims.expire(now)
            return repos.claims.extend(person.id, now + _lease(read_options(repos)))

    def release(self, person: Person, keep: Collection[int] = ()) -> int:
        """Give back all that the person holds but the items to ``keep``; how many there were."""
        now = self._clock()
        with self._database.write() as repos:
            held = repos.claims.held_by(person.id)
            given_back = [claim for claim, item in held if item.id not in keep]
            for claim in given_back:
                repos.claims.end(claim, ClaimOutcome.RELEASED, now)
            return len(given_back)

    def progress(self, person: Person, session_start: datetime) -> Progress:
        """Counts for the page's header; days and sessions are counted in UTC."""
        require(person, Permission.REVIEW)
        midnight = self._clock().replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.read() as repos:
            adjudicates = person.may(Permission.ADJUDICATE)
            return Progress(
                waiting=repos.items.count(ItemState.IN_REVIEW),
                escalated=repos.items.count(ItemState.ESCALATED) if adjudicates else None,
                done_today=repos.labels.count_of(person.id, midnight),
                done_session=repos.labels.count_of(person.id, session_start),
                order=order_in_use(repos).words,
            )

    def may_see_image(self, person: Person, item_id: int) -> bool:
        """Reviewers see what was handed to them; those who see the queue see every image."""
        if person.may(Permission.SEE_QUEUE):
            return True
        with self._database.read() as repos:
            return repos.claims.last_of(person.id, item_id) is not None

    def may_see_opinion(self, person: Person, item_id: int) -> bool:
        """Whether anything of the detector's reading of the item may be shown to ``person``.

        To whoever an answer's receipt has told it, and to those who see the queue: not while the
        item is in their own hands to be judged.
        """
        with self._database.read() as repos:
            if repos.labels.has_seen_opinion(person.id, item_id):
                return True
            claim = repos.claims.last_of(person.id, item_id)
            judging = claim is not None and claim.ended_at is None
            return person.may(Permission.SEE_QUEUE) and not judging


def _take_in(
    desk: ReviewDesk,
    changes: Changes,
    person: Person,
    entry: Entry,
    before: Mapping[str, Outcome],
) -> Outcome:
    """What becomes of ``entry`` after those ``before`` it."""
    known_as = entry.client_id
    try:
        if isinstance(entry, LabelEntry):
            return Outcome(known_as, receipt=desk.label(person, entry))
        if isinstance(entry, ChangeEntry):
            return Outcome(known_as, receipt=changes.change(person, entry))
        if isinstance(entry, SkipEntry):
            desk.skip(person, entry.item_id)
            return Outcome(known_as)
        meant = before.get(entry.of or "")
        if meant is not None and meant.refusal is not None:
            # The newest answer in force is an older one now, which nobody wanted back.
            raise ConflictError(Text("refusals.undo_of_none"))
        return Outcome(known_as, task=desk.undo(person, known_as, entry.of))
    except (InputError, NotFoundError, ConflictError) as refusal:
        return Outcome(known_as, refusal=refusal)


def _share(repos: Repositories, queue: Queue, n: int) -> int:
    """How many of ``n`` items one person may hold, given how many are there for all."""
    if n <= ALWAYS:
        return n
    few = repos.claims.count_open(queue.state, at_most=n * SHARE) // SHARE
    return max(ALWAYS, min(n, few))


def _require_queue(person: Person, queue: Queue) -> None:
    adjudicates = queue is Queue.ESCALATED
    require(person, Permission.ADJUDICATE if adjudicates else Permission.REVIEW)


def _lease(options: ReviewOptions) -> timedelta:
    return timedelta(minutes=options.lease_minutes)


def _keep_only(repos: Repositories, person: Person, queue: Queue, now: datetime) -> list[Item]:
    """What the person holds of ``queue``; items elsewhere, or settled meanwhile, go back."""
    kept = []
    for claim, item in repos.claims.held_by(person.id):
        if gold.belongs(claim, item, queue):
            kept.append(item)
        else:
            repos.claims.end(claim, ClaimOutcome.RELEASED, now)
    return kept


def _to_undo(repos: Repositories, person: Person, of: str | None) -> Label:
    """The answer named, or what the person has put in its place; without one the newest."""
    named = None if of is None else repos.labels.by_client_id(of)
    if named is None or named.user_id != person.id:
        newest = repos.labels.last_of(person.id)
        if newest is None:
            raise NotFoundError(Text("refusals.nothing_to_undo"))
        return newest
    own = [x for x in repos.labels.in_force(named.item_id) if x.user_id == person.id]
    if not own:
        raise ConflictError(Text("refusals.taken_back_already"))
    return named if named in own else own[-1]


def _undone_task(repos: Repositories, person: Person, undo: Label) -> Task:
    """The task that an undo gave back, when the same undo is sent again."""
    if undo.user_id != person.id or undo.value is not None:
        raise ConflictError(Text("refusals.undo_of_other"))
    claim = repos.claims.last_of(person.id, undo.item_id)
    if claim is None or claim.ended_at is not None:
        raise ConflictError(Text("refusals.undone_already"))
    return task_of(repos, person, answers.item_of(repos, undo.item_id), claim.expires_at)
