"""The review service: hand out items under a lease, take answers in, never lose one.

Each method is one transaction that holds the write lock from its start, so two people cannot get
the same slot, and an answer is on disk before it is acknowledged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random, SystemRandom

from review_app.core.errors import (
    ClaimLostError,
    ConflictError,
    InputError,
    LimitError,
    NotAllowedError,
    NotFoundError,
)
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.policy.review_options import read_options
from review_app.policy.undo_window import final_since
from review_app.queueing.options import order_in_use
from review_app.review import answers, gold
from review_app.review.backlog import Backlog
from review_app.review.batch import (
    MAX_ENTRIES,
    ChangeEntry,
    Entry,
    LabelEntry,
    Outcome,
    SkipEntry,
)
from review_app.review.changes import MAX_RECENT, Changes
from review_app.review.handing import hand_out
from review_app.review.limits import Allowances, too_many_new, too_many_skips
from review_app.review.near_duplicates import count_alike, hand_out_alike
from review_app.review.replies import receipt_of, task_of, tasks_of
from review_app.review.tasks import CLIENT_ID, AnswerInput, Progress, Queue, Receipt, Task
from storage.database import Transactions
from storage.enums import AuditKind, ClaimOutcome, ItemState
from storage.models import DecisionRow, Label
from storage.repositories import Repositories
from storage.repositories.claims import Handed, Lease, handed
from storage.types import utc_now

MAX_AHEAD = 80
"""Most items one person holds at once."""
ALWAYS = 3
"""A person may hold so many however few there are."""
SHARE = 20
"""Nobody holds more than one of so many open items beyond those: others need some too."""
ABOUT_NOW = timedelta(days=2)
"""A person's day may begin so far from now: a day of 25 hours, and a clock that is a day wrong."""
GRACE = timedelta(minutes=10)
"""How long an image can still be looked at after it was given back."""


@dataclass(frozen=True)
class Memory:
    """What the desk keeps between calls, and forgets when the program ends."""

    allowances: Allowances = field(default_factory=Allowances)
    backlog: Backlog = field(default_factory=Backlog)


class ReviewService:
    """Claims and labels over one database.

    ``words``: turns a decision of the log into one plain sentence for after the answer.
    ``clock``: tells the time; leases run by it.
    ``after_answers``: told the items' ids once answers are on disk; it must not raise.
    ``coin``: draws which images are gold; nobody can foretell the one that is taken by default.
    ``memory``: shared with another desk over the same database.
    """

    def __init__(
        self,
        database: Transactions,
        words: Callable[[DecisionRow], str],
        clock: Callable[[], datetime] = utc_now,
        after_answers: Callable[[Sequence[int]], None] = lambda _item_ids: None,
        coin: Random | None = None,
        memory: Memory | None = None,
    ) -> None:
        self._database = database
        self._words = words
        self._clock = clock
        self.after_answers = after_answers
        self._coin = coin or SystemRandom()
        self._memory = memory or Memory()

    def within(self, transaction: Transactions, answered: list[int]) -> ReviewService:
        """This desk inside a transaction that is under way, whose owner tells `after_answers` of
        the items ``answered`` once it is on disk."""
        told = answered.extend
        coin, memory = self._coin, self._memory
        return ReviewService(transaction, self._words, self._clock, told, coin, memory)

    def take(self, person: Person, n: int = 1, queue: Queue = Queue.WAITING) -> list[Task]:
        """Hand ``person`` up to ``n`` items: those held already, then new ones. Renews the leases.

        Fewer than ``n`` where that would be more than a fair share (`SHARE`), and fewer or none
        where the queue has no more for this person. Raises ``LimitError`` where nothing is held
        and the person has been handed too many without answering them.
        """
        _require_queue(person, queue)
        n = max(1, min(n, MAX_AHEAD))
        with self._database.write() as repos:
            options = read_options(repos)
            lease = options.lease(self._clock())
            held = self._held(repos, person, queue, lease)
            wanted = _share(repos, queue, n) - len(held)
            refusal = None
            if wanted > 0:
                left = self._left(person, options.new_per_hour, lease)
                found, new = hand_out(
                    repos, person, queue, wanted, left, lease, options, self._coin
                )
                self._memory.allowances.spend(person, new, lease.now)
                held = sorted(held + found, key=lambda one: one.claim_id)
                if not held and left == 0 and _any_for(repos, person, queue, lease):
                    allowances, most = self._memory.allowances, options.new_per_hour
                    refusal = too_many_new(repos, person, allowances, most, lease.now)
            tasks = self._tasks(repos, person, queue, held, n, lease)
        if refusal is not None:
            raise refusal
        return tasks

    def take_alike(self, person: Person, handle: str) -> list[Task]:
        """Hand out up to `MAX_NEAR_DUPLICATES` items that look like one that the person holds;
        renew the leases.

        Raises ``ClaimLostError`` where the person does not hold that one.
        """
        require(person, Permission.REVIEW)
        with self._database.write() as repos:
            options = read_options(repos)
            lease = options.lease(self._clock())
            held = self._held(repos, person, Queue.WAITING, lease)
            left = self._left(person, options.new_per_hour, lease)
            found, new = hand_out_alike(repos, person, held, handle, left, lease)
            self._memory.allowances.spend(person, new, lease.now)
            return tasks_of(repos, person, found)

    def _held(
        self, repos: Repositories, person: Person, queue: Queue, lease: Lease
    ) -> list[Handed]:
        """What the person holds of ``queue``, renewed; items elsewhere, or settled meanwhile, go
        back."""
        _require_open_account(repos, person)
        repos.claims.expire(lease)
        held = repos.claims.held_by(person.id)
        if held:
            repos.claims.extend(person.id, lease)
        kept = []
        for claim, item in held:
            if gold.belongs(claim, item, queue):
                kept.append(handed(claim, item))
            else:
                repos.claims.end(claim, ClaimOutcome.RELEASED, lease.now)
        return kept

    def _left(self, person: Person, per_hour: int, lease: Lease) -> int:
        """How many new items the person may be handed now; who sees the queue sees all of it."""
        if person.may(Permission.SEE_QUEUE):
            return MAX_AHEAD
        return self._memory.allowances.left(person, per_hour, lease.now)

    def _tasks(
        self,
        repos: Repositories,
        person: Person,
        queue: Queue,
        held: Sequence[Handed],
        n: int,
        lease: Lease,
    ) -> list[Task]:
        others = count_alike(repos, person, held, lease) if queue is Queue.WAITING else {}
        return tasks_of(repos, person, held[:n], others)

    def label(self, person: Person, submission: AnswerInput) -> Receipt:
        """Store an answer. Sending the same ``client_id`` again returns the same receipt.

        An answer after the item was given back, as when its lease ran out, still counts while there
        is room for it, and is kept as an extra label otherwise. Raises ``ClaimLostError`` where
        the person never held the item, and ``ConflictError`` where they have answered or skipped it
        already.
        """
        require(person, Permission.REVIEW)
        now = self._clock()
        with self._database.write() as repos:
            known = repos.labels.by_client_id(submission.client_id)
            if known is not None:
                known = answers.same_answer(repos, known, person, submission)
                return receipt_of(repos, known, submission.item_id, self._words)
            claim, item = answers.answerable(repos, person, submission.item_id)
            if claim.ended_at is not None:
                repos.claims.expire(read_options(repos).lease(now))  # who else holds it still?
            reveals = answers.reveals(repos, item)
            label = answers.store(repos, person, submission, claim, item, reveals, now)
            repos.claims.end(claim, ClaimOutcome.LABELLED, now, recount=False)
            answers.record(repos, person, item, AuditKind.LABELLED, label, now)
            receipt = receipt_of(repos, label, submission.item_id, self._words)
        self._memory.allowances.earn(person)
        self.after_answers([label.item_id])
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

    def skip(self, person: Person, handle: str) -> None:
        """Give the item back unanswered; it is never offered to ``person`` again.

        Raises ``ClaimLostError`` where the person never held the item, ``ConflictError`` where
        they have answered it, and ``LimitError`` where they have skipped too many.
        """
        require(person, Permission.REVIEW)
        with self._database.write() as repos:
            known = repos.claims.known_as(person.id, handle)
            if known is None:
                raise ClaimLostError(Text("refusals.not_yours_to_skip"))
            claim, _ = known
            if claim.outcome is ClaimOutcome.LABELLED:
                raise ConflictError(Text("refusals.labelled_already"))
            refusal = None
            now = self._clock()
            if claim.outcome is not ClaimOutcome.SKIPPED:
                options, allowances = read_options(repos), self._memory.allowances
                refusal = too_many_skips(repos, person, allowances, options, now)
            if refusal is None:
                repos.claims.end(claim, ClaimOutcome.SKIPPED, now)
        if refusal is not None:
            raise refusal

    def undo(self, person: Person, client_id: str, of: str | None = None) -> Task:
        """Withdraw the person's newest answer in force; the item is theirs again.

        ``of``, the ``client_id`` of one of their answers, names that answer instead.
        ``client_id``, of the same form as an answer's, makes the undo idempotent. Raises
        ``InputError`` for an unusable one, ``NotFoundError`` with nothing to undo, and
        ``ConflictError`` where the answer is final, where an admin has decided the item since, or
        where the undo is repeated after the item has left the person's hands again.
        """
        require(person, Permission.REVIEW)
        if not re.fullmatch(CLIENT_ID, client_id):
            raise InputError(Text("refusals.undo_id"))
        with self._database.write() as repos:
            _require_open_account(repos, person)
            now = self._clock()  # once nobody else writes: what is final by then stays
            lease = read_options(repos).lease(now)
            repos.claims.expire(lease)
            repeated = repos.labels.by_client_id(client_id)
            if repeated is not None:
                return _undone_task(repos, person, repeated)
            label = _to_undo(repos, person, of)
            item = answers.item_of(repos, label.item_id)
            was = item.state
            answers.withdraw(repos, person, label, client_id, now)
            claim = repos.claims.give(person.id, item.id, now, lease.expires_at)
            answers.record(repos, person, item, AuditKind.UNDONE, label, now)
            if was is ItemState.ESCALATED and item.state is ItemState.IN_REVIEW:
                answers.call_off_adjudication(repos, item, now, but=claim)
            task = task_of(repos, person, handed(claim, item))
        self._memory.allowances.spend(person, 1, now)
        return task

    def heartbeat(self, person: Person) -> int:
        """Renew the leases of all that the person holds and may go on holding; how many."""
        require(person, Permission.REVIEW)
        now = self._clock()
        with self._database.write() as repos:
            lease = read_options(repos).lease(now)
            repos.claims.expire(lease)
            return repos.claims.extend(person.id, lease)

    def release(self, person: Person, keep: Collection[str] = ()) -> int:
        """Give back all that the person holds but the items to ``keep``, by their handles; how many
        there were."""
        now = self._clock()
        with self._database.write() as repos:
            return repos.claims.release(person.id, now, keep)

    def progress(
        self, person: Person, session_start: datetime, day_start: datetime | None = None
    ) -> Progress:
        """Counts for the page's header. ``day_start``: when the person's own day began; without
        it, days are those of UTC. Raises ``InputError`` where that is no day of about now."""
        require(person, Permission.REVIEW)
        now = self._clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if day_start is not None:
            if abs(now - day_start) > ABOUT_NOW:
                raise InputError(Text("refusals.odd_day"))
            midnight = day_start
        with self._database.read() as repos:
            adjudicates = person.may(Permission.ADJUDICATE)
            return Progress(
                waiting=self._memory.backlog.waiting(repos, person, now),
                escalated=repos.items.count(ItemState.ESCALATED) if adjudicates else None,
                done_today=repos.labels.count_of(person.id, midnight),
                done_session=repos.labels.count_of(person.id, session_start),
                order=order_in_use(repos).words,
            )

    def image_of(self, person: Person, handle: str) -> int | None:
        """The item that the person was handed as ``handle``, if they may look at its image now.

        They may while they hold it and for `GRACE` afterwards; while their answer can be changed,
        and while it is among those that the page lists.
        """
        now = self._clock()
        with self._database.read() as repos:
            known = repos.claims.known_as(person.id, handle)
            if known is None:
                return None
            claim, item = known
            if claim.ended_at is None or now - claim.ended_at < GRACE:
                return item.id
            return item.id if _is_listed(repos, person, item.id, now) else None

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

    def may_know_claim(self, person: Person, item_id: int) -> bool:
        """Whether ``person`` may be told that the item's file says a generator made it.

        Always where the admin lets reviewers know first; else as `may_see_opinion`, and whoever has
        given an answer that stays.
        """
        if self.may_see_opinion(person, item_id):
            return True
        now = self._clock()
        with self._database.read() as repos:
            if read_options(repos).claim_before_answer:
                return True
            in_force = repos.labels.in_force(item_id)
        return any(one.user_id == person.id and final_since(one) <= now for one in in_force)


def _take_in(
    desk: ReviewService,
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
    except (InputError, NotFoundError, ConflictError, LimitError) as refusal:
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


def _require_open_account(repos: Repositories, person: Person) -> None:
    """Whose account was closed while their call was under way is handed nothing any more."""
    if not repos.users.is_open(person.id):
        raise NotAllowedError(Text("refusals.account_closed"))


def _any_for(repos: Repositories, person: Person, queue: Queue, lease: Lease) -> bool:
    return bool(repos.claims.find(person.id, queue.state, 1, lease))


def _is_listed(repos: Repositories, person: Person, item_id: int, now: datetime) -> bool:
    own = [x for x in repos.labels.in_force(item_id) if x.user_id == person.id]
    if not own:
        return False
    if now < final_since(own[-1]):
        return True
    recent = repos.labels.recent_of(person.id, MAX_RECENT)
    return any(label.item_id == item_id for label in recent)


def _to_undo(repos: Repositories, person: Person, of: str | None) -> Label:
    """The answer named, or what the person has put in its place; where none is named the newest."""
    if of is None:
        newest = repos.labels.last_of(person.id)
        if newest is None:
            raise NotFoundError(Text("refusals.nothing_to_undo"))
        return newest
    named = repos.labels.by_client_id(of)
    if named is None or named.user_id != person.id or named.value is None:
        raise NotFoundError(Text("refusals.no_such_answer"))
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
    return task_of(repos, person, handed(claim, answers.item_of(repos, undo.item_id)))
