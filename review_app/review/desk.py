"""The review desk: hand out items under a lease, take answers in, never lose one.

Each method is one transaction that holds the write lock from its start, so two people cannot get
the same slot, and an answer is on disk before it is acknowledged.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from review_app.errors import ClaimLostError, ConflictError, NotFoundError
from review_app.permissions import Permission, Person, require
from review_app.review.consensus import Settlement, settle
from review_app.review.options import Reveal, ReviewOptions, read_options
from review_app.review.tasks import Opinion, Progress, Queue, Receipt, Submission, Task
from storage.database import Database
from storage.enums import AuditKind, ClaimOutcome, ItemState, LabelValue
from storage.models import Claim, Decision, Item, Label
from storage.repositories import Repositories
from storage.repositories.items import Move
from storage.types import utc_now

MAX_AHEAD = 5
"""Most items one person holds at once."""
_OPEN_STATES = (ItemState.IN_REVIEW, ItemState.ESCALATED)
_FINAL_OUTCOMES = (ClaimOutcome.LABELLED, ClaimOutcome.SKIPPED)


class ReviewDesk:
    """Claims and labels over one database.

    ``words``: turns a decision of the log into one plain sentence for after the answer.
    """

    def __init__(self, database: Database, words: Callable[[Decision], str]) -> None:
        self._database = database
        self._words = words

    def take(self, person: Person, n: int = 1, queue: Queue = Queue.WAITING) -> list[Task]:
        """Up to ``n`` items for ``person``: those held already, then new ones. Renews the leases.

        Fewer than ``n``, or none, where the queue has no more for this person.
        """
        _require_queue(person, queue)
        n = max(1, min(n, MAX_AHEAD))
        now = utc_now()
        with self._database.write() as repos:
            repos.claims.expire(now)
            expires_at = now + _lease(read_options(repos))
            held = _keep_only(repos, person, queue, now)
            repos.claims.extend(person.id, expires_at)
            if len(held) < n:
                wanted = n - len(held)
                held += repos.claims.take(person.id, queue.state, wanted, now, expires_at)
            return [_task(claim, item, expires_at) for claim, item in held[:n]]

    def label(self, person: Person, submission: Submission) -> Receipt:
        """Store an answer. Sending the same ``client_id`` again returns the same receipt.

        An answer after the lease ran out still counts while the item is open, and is kept as an
        extra label otherwise. Raises ``ClaimLostError`` where the person never held the item, and
        ``ConflictError`` where they have answered or skipped it already.
        """
        require(person, Permission.REVIEW)
        now = utc_now()
        with self._database.write() as repos:
            known = repos.labels.by_client_id(submission.client_id)
            if known is not None:
                return self._receipt(repos, _same(known, person, submission))
            repos.claims.expire(now)
            claim = _answerable(repos, person, submission.item_id)
            item = repos.items.get(submission.item_id)
            assert item is not None  # the claim's foreign key
            label = _new_label(repos, person, submission, item, now)
            if claim.ended_at is None:
                repos.claims.end(claim, ClaimOutcome.LABELLED, now)
            else:
                claim.outcome = ClaimOutcome.LABELLED
            if not label.extra:
                _settle(repos, person, item, AuditKind.LABELLED, label)
            return self._receipt(repos, label)

    def skip(self, person: Person, item_id: int) -> None:
        """Give the item back unanswered; it is never offered to ``person`` again."""
        require(person, Permission.REVIEW)
        now = utc_now()
        with self._database.write() as repos:
            claim = repos.claims.last_of(person.id, item_id)
            if claim is None:
                raise ClaimLostError(f"item {item_id} is not yours to skip; take the next one")
            if claim.ended_at is None:
                repos.claims.end(claim, ClaimOutcome.SKIPPED, now)
            elif claim.outcome is not ClaimOutcome.LABELLED:
                claim.outcome = ClaimOutcome.SKIPPED

    def undo(self, person: Person, client_id: str) -> Task:
        """Withdraw the person's newest answer in force; the item is theirs again.

        ``client_id`` makes the undo idempotent. Raises ``NotFoundError`` with nothing to undo and
        ``ConflictError`` where an admin has decided the item since.
        """
        require(person, Permission.REVIEW)
        now = utc_now()
        with self._database.write() as repos:
            repos.claims.expire(now)
            expires_at = now + _lease(read_options(repos))
            repeated = repos.labels.by_client_id(client_id)
            if repeated is not None:
                return _held_task(repos, person, repeated.item_id)
            label = repos.labels.last_of(person.id)
            if label is None:
                raise NotFoundError("there is no answer of yours to undo")
            item = repos.items.get(label.item_id)
            assert item is not None
            _refuse_decided(repos, item, label)
            _withdraw(repos, person, label, client_id, now)
            claim = Claim(item_id=item.id, user_id=person.id, claimed_at=now, expires_at=expires_at)
            repos.session.add(claim)
            repos.session.flush()
            _settle(repos, person, item, AuditKind.UNDONE, label)
            return _task(claim, item, expires_at)

    def heartbeat(self, person: Person) -> int:
        """Renew the leases of all that the person holds; how many there are."""
        require(person, Permission.REVIEW)
        now = utc_now()
        with self._database.write() as repos:
            repos.claims.expire(now)
            return repos.claims.extend(person.id, now + _lease(read_options(repos)))

    def release(self, person: Person) -> int:
        """Give back all that the person holds, as on signing out; how many there were."""
        now = utc_now()
        with self._database.write() as repos:
            held = repos.claims.held_by(person.id)
            for claim, _ in held:
                repos.claims.end(claim, ClaimOutcome.RELEASED, now)
            return len(held)

    def progress(self, person: Person, session_start: datetime) -> Progress:
        """Counts for the page's header; days and sessions are counted in UTC."""
        require(person, Permission.REVIEW)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._database.read() as repos:
            states = repos.counts.by_state()
            escalated = states[ItemState.ESCALATED]
            return Progress(
                waiting=states[ItemState.IN_REVIEW],
                escalated=escalated if person.may(Permission.ADJUDICATE) else None,
                done_today=repos.labels.count_of(person.id, midnight),
                done_session=repos.labels.count_of(person.id, session_start),
            )

    def may_see_image(self, person: Person, item_id: int) -> bool:
        """Reviewers see what was handed to them; those who see the queue see every image."""
        if person.may(Permission.SEE_QUEUE):
            return True
        with self._database.read() as repos:
            return repos.claims.last_of(person.id, item_id) is not None

    def _receipt(self, repos: Repositories, label: Label) -> Receipt:
        assert label.value is not None
        return Receipt(
            client_id=label.client_id,
            item_id=label.item_id,
            value=label.value,
            extra=label.extra,
            opinion=self._opinion(repos, label),
        )

    def _opinion(self, repos: Repositories, label: Label) -> Opinion | None:
        if read_options(repos).reveal is Reveal.NEVER:
            return None
        decision = repos.decisions.of_item(label.item_id)
        if decision is None:
            return None
        return Opinion(p_fake=decision.p_fake, std=decision.std, words=self._words(decision))


def _require_queue(person: Person, queue: Queue) -> None:
    adjudicates = queue is Queue.ESCALATED
    require(person, Permission.ADJUDICATE if adjudicates else Permission.REVIEW)


def _lease(options: ReviewOptions) -> timedelta:
    return timedelta(minutes=options.lease_minutes)


def _keep_only(
    repos: Repositories, person: Person, queue: Queue, now: datetime
) -> list[tuple[Claim, Item]]:
    """The person's live claims in ``queue``; those elsewhere, or settled meanwhile, go back."""
    kept = []
    for claim, item in repos.claims.held_by(person.id):
        if item.state is queue.state:
            kept.append((claim, item))
        else:
            repos.claims.end(claim, ClaimOutcome.RELEASED, now)
    return kept


def _task(claim: Claim, item: Item, expires_at: datetime) -> Task:
    return Task(
        item_id=item.id,
        image_url=f"/media/{item.id}",
        width=item.image.width,
        height=item.image.height,
        expires_at=expires_at,
    )


def _held_task(repos: Repositories, person: Person, item_id: int) -> Task:
    claim = repos.claims.last_of(person.id, item_id)
    item = repos.items.get(item_id)
    if claim is None or item is None or claim.ended_at is not None:
        raise ConflictError("this undo was done already, and the item answered again since")
    return _task(claim, item, claim.expires_at)


def _same(label: Label, person: Person, submission: Submission) -> Label:
    sent = (person.id, submission.item_id, submission.value)
    if (label.user_id, label.item_id, label.value) != sent:
        raise ConflictError(
            f"answer {submission.client_id} is stored already with other content; "
            "reload the page and answer again"
        )
    return label


def _answerable(repos: Repositories, person: Person, item_id: int) -> Claim:
    claim = repos.claims.last_of(person.id, item_id)
    if claim is None:
        raise ClaimLostError(f"item {item_id} was never handed to you; take the next one")
    if claim.outcome in _FINAL_OUTCOMES:
        raise ConflictError(f"you have {claim.outcome} item {item_id} already; undo that first")
    return claim


def _new_label(
    repos: Repositories, person: Person, submission: Submission, item: Item, now: datetime
) -> Label:
    adjudicates = item.state is ItemState.ESCALATED and person.may(Permission.ADJUDICATE)
    too_late = item.state not in _OPEN_STATES or (
        item.state is ItemState.ESCALATED and not adjudicates
    )
    label = Label(
        client_id=submission.client_id,
        item_id=item.id,
        user_id=person.id,
        value=submission.value,
        comment=submission.comment,
        blind=not repos.labels.has_answered(person.id, item.id),
        adjudicates=adjudicates,
        extra=too_late,
        seconds=submission.seconds,
        labelled_at=now,
    )
    return repos.labels.add(label)


def _withdraw(
    repos: Repositories, person: Person, label: Label, client_id: str, now: datetime
) -> None:
    repos.labels.add(
        Label(
            client_id=client_id,
            item_id=label.item_id,
            user_id=person.id,
            value=None,
            supersedes_id=label.id,
            blind=False,
            seconds=None,
            labelled_at=now,
        )
    )


def _refuse_decided(repos: Repositories, item: Item, label: Label) -> None:
    others = [
        other
        for other in repos.labels.in_force(item.id)
        if other.adjudicates and other.user_id != label.user_id
    ]
    if others:
        raise ConflictError("an admin has decided this item since; your answer stays on record")


def _settle(repos: Repositories, person: Person, item: Item, kind: AuditKind, label: Label) -> None:
    """Move the item to where its labels in force put it, and recount its open slots."""
    counted = [row for row in repos.labels.in_force(item.id) if not row.extra]
    settlement = _adjudicated(counted) or settle(
        [row.value for row in counted if row.value is not None], item.needed_labels
    )
    details = {"label": label.id, "value": label.value, "verdict": settlement.verdict}
    values = {"verdict": settlement.verdict}
    repos.items.move(person.name, [Move(item.id, settlement.state, kind, details, values)])
    repos.session.refresh(item, ["state", "verdict"])
    repos.items.refresh_slots(item.id)


def _adjudicated(labels: list[Label]) -> Settlement | None:
    deciding = [label.value for label in labels if label.adjudicates]
    if not deciding:
        return None
    verdict = deciding[-1] or LabelValue.UNSURE
    return Settlement(ItemState.RESOLVED, verdict, None)
