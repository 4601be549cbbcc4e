"""The work on an action: chunk by chunk, each in a short transaction of its own.

A chunk's images are looked for before its transaction begins; inside, only what protects evidence
and people at work is looked at again. Cut off at whatever moment, it goes on where it was: each
transaction stores how far it has come, with what it changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any, Final

from review_app.bulk.effects import EFFECTS, TAKEN_BACK, BulkChunk, Effect, bring_to_people
from review_app.bulk.order import selection_of, terms_of
from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.progress import Progress
from review_app.i18n import Text
from review_app.intake.store import MediaStore
from storage.database import Database
from storage.enums import BulkKind, ItemState, PolicyState
from storage.models import BulkAction
from storage.repositories import Repositories
from storage.repositories.bulk_actions import BulkTarget
from storage.repositories.bulk_bars import Bars, bars, bars_to_undo, clear, first_of
from storage.types import utc_now

CHUNK: Final = 1000
"""Images of one transaction: some hundredths of a second."""
LOOKED_FOR: Final = 10_000
"""Images that are looked for at once, before the transactions that change them."""
PAUSE: Final = 0.01
"""The most seconds between two chunks, for others who write: SQLite serves nobody in turn."""
COUNTING: Final = 3.0
"""The seconds in which it is counted how many images there will be; a bar needs no more."""


@dataclass(frozen=True)
class BulkWork:
    """The work on one database's actions. ``secret``: draws places."""

    database: Database
    media: MediaStore
    secret: bytes

    def run(self, number: int, progress: Progress) -> dict[str, Any]:
        """Do the action of that number to its end; what is told of it.

        Raises:
            NotFoundError: there is no such action.
            ConflictError: another one takes it back already.
        """
        action = self._found(number)
        if action.ended_at is None:
            self._delete_files(action)  # of a run that was cut off
            expected = action.touched + self._left(action)
            for done in self._undone(action) if action.undoes_id else self._done(action):
                progress(done, max(expected, done))
            with self.database.write() as repos:
                repos.bulk_actions.end(action)
        return {"action": number, "images": self._found(number).touched}

    def _done(self, action: BulkAction) -> Iterator[int]:
        """Do the action, chunk by chunk; how many images it has changed after each."""
        place = action.place
        while place > 0:
            against = bars(terms_of(action.kind, action.details, utc_now()))
            with self.database.read() as repos:
                ids = _meant(repos, action, place, against)
            is_last = len(ids) < LOOKED_FOR
            for start in range(0, max(len(ids), 1), CHUNK):
                some = ids[start : start + CHUNK]
                place = 0 if is_last and start + CHUNK >= len(ids) else some[-1]
                yield self._do(action, some, against, place)

    def _do(self, action: BulkAction, ids: Sequence[int], against: Bars, place: int) -> int:
        clock = monotonic()
        # What was deleted has no file any more once that is told: it has to be on disk.
        with self.database.write(durable=action.kind is BulkKind.PURGE) as repos:
            if repos.bulk_actions.undoing(action.id):
                raise ConflictError(Text("bulk.is_taken_back", {"n": str(action.id)}))
            of = action.details.get("of")  # the deletion whose files are to go
            rescued = of is not None and repos.bulk_actions.undoing(of) is not None
            targets = [] if rescued else repos.bulk_actions.targets(ids, against)
            touched = self._change(repos, action, action, targets, place)
        self._delete_files(action, [target.item_id for target in targets])
        sleep(min(PAUSE, monotonic() - clock))
        return touched

    def _undone(self, action: BulkAction) -> Iterator[int]:
        """Take back what another action did, chunk by chunk; as `_done`."""
        place = action.place
        while place > 0:
            clock = monotonic()
            with self.database.write(durable=False) as repos:
                undone = repos.bulk_actions.get(action.undoes_id or 0)
                assert undone is not None  # a foreign key says so
                against = self.against_undo(repos, undone)
                found = repos.bulk_actions.targets_to_undo(undone, place, CHUNK, against)
                targets, place = found
                touched = self._change(repos, action, undone, targets, place)
            sleep(min(PAUSE, monotonic() - clock))
            yield touched

    def _change(
        self,
        repos: Repositories,
        action: BulkAction,
        about: BulkAction,
        targets: Sequence[BulkTarget],
        place: int,
    ) -> int:
        """Change the images of a chunk; how many the action has changed by then."""
        stored = repos.bulk_actions.get(action.id)
        assert stored is not None  # actions are never deleted
        repos.bulk_actions.changed(stored, None, place)
        effects = (
            {EFFECTS[action.kind]: targets}
            if about is action
            else self._to_take_back(repos, about, targets)
        )
        for effect, some in effects.items():
            if some:
                chunk = BulkChunk(repos, about, some, action.asked_at, self.secret)
                repos.bulk_actions.changed(stored, effect(chunk), place)
        return stored.touched

    def _to_take_back(
        self, repos: Repositories, about: BulkAction, targets: Sequence[BulkTarget]
    ) -> dict[Effect, Sequence[BulkTarget]]:
        """How each image comes back. What had been accepted goes to people where it is in doubt: an
        alarm has passed it by, as nobody was shown it."""
        effect = TAKEN_BACK[about.kind]
        if about.kind is not BulkKind.DELETE or not self._is_doubted(repos, about):
            return {effect: targets}
        accepted = [one for one in targets if one.state == ItemState.AUTO_ACCEPTED]
        others = [one for one in targets if one.state != ItemState.AUTO_ACCEPTED]
        return {bring_to_people: accepted, effect: others}

    def against_undo(self, repos: Repositories, action: BulkAction) -> Bars:
        """What stands against taking back what ``action`` did to an image."""
        terms = terms_of(action.kind, action.details, utc_now())
        is_doubted = self._is_doubted(repos, action)
        return bars_to_undo(action.kind, action, terms, is_doubted=is_doubted)

    def _is_doubted(self, repos: Repositories, action: BulkAction) -> bool:
        """Whether what had been accepted when ``action`` was asked for can be so no longer."""
        policy = repos.policies.current()
        is_open = policy is not None and policy.state is PolicyState.CERTIFIED
        same = policy is not None and policy.version == action.details.get("policy")
        return not (is_open and same)

    def _left(self, action: BulkAction) -> int:
        """How many images the action has yet to change, as far as that is soon known."""
        with self.database.read() as repos:
            if action.undoes_id:
                undone = repos.bulk_actions.get(action.undoes_id)
                return 0 if undone is None else undone.touched - action.touched
            if action.kind is BulkKind.PURGE:
                deletion = repos.bulk_actions.get(action.details["of"])
                return 0 if deletion is None else deletion.touched - action.touched
            against = first_of(bars(terms_of(action.kind, action.details, utc_now())))
            wanted = selection_of(action.selection).wanted(repos)
            return repos.records.tally(wanted, against, action.place, COUNTING)[0][""]

    def _delete_files(self, action: BulkAction, item_ids: Sequence[int] | None = None) -> None:
        """Delete the files of images that ``action`` has purged: of some, or of all so far."""
        if action.kind not in (BulkKind.PURGE, BulkKind.DELETE):  # of an older program
            return
        with self.database.read() as repos:
            ids = repos.bulk_actions.items_of(action.id) if item_ids is None else item_ids
            hashes = repos.item_marks.deleted_files(ids)
        for sha256 in hashes:
            self.media.remove(sha256)

    def _found(self, number: int) -> BulkAction:
        with self.database.read() as repos:
            action = repos.bulk_actions.get(number)
            if action is None:
                raise NotFoundError(Text("bulk.no_such", {"n": str(number)}))
            if action.ended_at is None and repos.bulk_actions.undoing(number):
                raise ConflictError(Text("bulk.is_taken_back", {"n": str(number)}))
            return action


def _meant(repos: Repositories, action: BulkAction, place: int, against: Bars) -> list[int]:
    """The next images under ``place`` that the action is about."""
    if action.kind is BulkKind.PURGE:
        return repos.item_marks.to_be_purged(action.details["of"], place, LOOKED_FOR)
    wanted = selection_of(action.selection).wanted(repos)
    return list(repos.records.ids(wanted, LOOKED_FOR, place, [clear(against)]))
