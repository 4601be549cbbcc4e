"""A run of triage scores what is pending, decides under the policy in force, and moves each item
once.

A chunk is scored and decided outside any transaction and written in one: an interrupted run
leaves whole chunks done and the rest as it was, and the next run goes on from there. The policy
is asked for again with every chunk, so that closing auto-accept also stops a run under way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from review_app.core.chunks import batches
from review_app.core.progress import Progress
from review_app.detectors.scoring import BATCH, Scorer, Scoring
from review_app.policy.governance import PolicyService
from review_app.policy.policy import Policy
from review_app.queueing.options import order_in_use
from review_app.queueing.order import Order
from review_app.queueing.ranking import PlacesOfRun, misplaced, reorder, sweep
from review_app.triage.decision_writer import Chunk, DecisionWriter, TriageRun, triage_candidates
from review_app.triage.pages import QueuePage, QueuePages
from review_app.triage.report import TriageReport
from review_app.triage.rescoring import rescore
from storage.database import Database
from storage.enums import AuditKind, ItemState
from storage.repositories.items import Move

PAGE = 4000
"""Scored items decided in one transaction: it holds the write lock for about a tenth of a second,
and people wait for it that long."""
_BLOCKS = 4
"""Blocks of stored images that are decided together, while further ones are judged."""


class TriageService:
    """A service that runs the policy over the queue of one database.

    ``secret``: draws the audit coins. ``before``: called at the start of every run; the circuit
    breaker's check.
    """

    def __init__(
        self,
        database: Database,
        policies: PolicyService,
        scorer: Scorer,
        secret: bytes,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._policies = policies
        self._scoring = Scoring(database, scorer)
        self._writer = DecisionWriter(database, secret)
        self._secret = secret
        self._before = before

    def run(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Score and route every pending item. Run again, it finds nothing to do."""
        return self._run(actor, ItemState.PENDING, progress)

    def retriage(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Apply the policy in force to items that wait and that nobody has touched."""
        return self._run(actor, ItemState.IN_REVIEW, progress)

    def order_in_use(self) -> Order:
        """The order in which people get what waits now."""
        with self._database.read() as repos:
            return order_in_use(repos)

    def reorder(self) -> int:
        """Give all that waits its place by the order in use; how many were placed."""
        return reorder(self._database, self._policies.current, self._secret)

    def keep_order(self) -> int:
        """Reorder, but only where something waits at a place by another order than the one in use,
        as after auto-accept has opened or closed; how many were placed."""
        with self._database.read() as repos:
            if not misplaced(repos):
                return 0
        return self.reorder()

    def retry_failed(self, actor: str) -> int:
        """Put failed items back to pending; how many there were."""
        retried = 0
        with self._database.write() as repos:
            while items := repos.items.in_state(ItemState.FAILED, PAGE):
                moves = [Move(i.id, ItemState.PENDING, AuditKind.RETRIED) for i in items]
                repos.items.move(actor, moves)
                repos.session.expire_all()
                retried += len(items)
        return retried

    def _run(self, actor: str, state: ItemState, progress: Progress | None) -> TriageReport:
        self._before()
        report = TriageReport(self._policies.current().version)
        run = TriageRun(actor, state, time.time(), PlacesOfRun(self._secret), report)
        with self._database.read() as repos:
            total = repos.items.count(state)
        clock = time.perf_counter()
        done = 0
        for n in self._decide_all(run):
            done += n
            if progress:
                progress(done, max(total, done))
        if progress and done:
            progress(done, done)
        seconds = time.perf_counter() - clock
        report.images_per_second = round(report.scored / seconds, 2) if report.scored else 0.0
        if state is ItemState.IN_REVIEW and report.auto_accepted:
            sweep(self._database)
        report.rescored = rescore(self._database, self._policies, self._scoring, progress)
        self.keep_order()  # of what this run has not placed anew
        return report

    def _decide_all(self, run: TriageRun) -> Iterator[int]:
        """Go over the queue by id; after each chunk, how many items it had.

        Where another policy came into force, what is left of a page is read again under it.
        """
        after = 0
        draft = partial(self._writer.draft, run=run)
        with QueuePages.opened(self._database, run.state, PAGE, draft) as pages:
            while page := pages.after(after, policy := self._policies.current()):
                for chunk in self._chunks(page, policy, run):
                    if not self._writer.apply(chunk, policy, run):
                        break
                    yield len(chunk)
                else:
                    after = page.last_id

    def _chunks(self, page: QueuePage, policy: Policy, run: TriageRun) -> Iterator[Chunk]:
        """What has scores at once, then what gets them from what is stored; the rest in small
        chunks, each once it is scored."""
        if page.draft.batch:
            yield Chunk(page.draft, {})
        stored: set[int] = set()
        for blocks in batches(
            self._scoring.complete_stored(page.unscored, policy.checkpoint), _BLOCKS
        ):
            some = [item_id for block in blocks for item_id in block]
            yield self._chunk(sorted(some), {}, policy, run)
            stored.update(some)
        missing = [item_id for item_id in page.unscored if item_id not in stored]
        for start in range(0, len(missing), BATCH):
            yield self._score(missing[start : start + BATCH], policy, run)

    def _score(self, item_ids: Sequence[int], policy: Policy, run: TriageRun) -> Chunk:
        with self._database.read() as repos:
            items = repos.items.get_many(item_ids)
        failures = self._scoring.complete(items, policy.checkpoint)
        return self._chunk(item_ids, failures, policy, run)

    def _chunk(
        self,
        item_ids: Sequence[int],
        failures: Mapping[int, str],
        policy: Policy,
        run: TriageRun,
    ) -> Chunk:
        """What may be decided of the items once they were scored, or could not be."""
        with self._database.read() as repos:
            found = triage_candidates(repos, run.state, policy).of(item_ids)
            draft = self._writer.draft(repos, found.only(found.is_scored), policy, run)
        lacking = f"checkpoint {policy.checkpoint} has no opinion by its head {policy.head}"
        unscored = found.item_id[~found.is_scored].tolist()
        return Chunk(draft, {item_id: failures.get(item_id, lacking) for item_id in unscored})
