"""The service of actions on many images: previewed, asked for once, done as jobs, taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final

from review_app.bulk.order import ASKED_FOR, BulkOrder, permission_for, terms_of
from review_app.bulk.work import BulkWork
from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.core.progress import Progress
from review_app.i18n import Text
from review_app.intake.store import MediaStore
from storage.database import Database
from storage.enums import BulkKind, JobKind, JobState
from storage.models import BulkAction, JobRow
from storage.repositories import Repositories
from storage.repositories.bulk_bars import UNDOABLE, Bars, BulkBar, bars, first_of
from storage.types import utc_now

PREVIEWING: Final = 2.0
"""The seconds after which a preview counts no further."""
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class BulkPreview:
    """The number of images that an action would change now, and what it would leave out."""

    images: int
    left_out: Mapping[BulkBar, int]
    """The numbers of these by the first reason for each, most first."""
    is_all: bool
    """Whether all that fit were looked at in time; else there are at least so many."""
    below: int
    """Images with this number or a higher one came later, and were not counted."""


@dataclass(frozen=True)
class BulkStanding:
    """An action as it stands."""

    action: BulkAction
    job: JobRow | None
    """The job that does it; None where a command did, or the job is forgotten."""
    is_undone: bool
    """Whether another one takes it back."""

    @property
    def is_open(self) -> bool:
        """Whether its job waits or runs."""
        return self.job is not None and self.job.state in _OPEN

    @property
    def is_undoable(self) -> bool:
        """Whether it can be taken back, as far as images allow."""
        kind, touched = self.action.kind, self.action.touched
        return kind in UNDOABLE and touched > 0 and not (self.is_open or self.is_undone)


class BulkService:
    """The actions of one database. ``secret``: draws the places of what is moved."""

    def __init__(self, database: Database, media: MediaStore, secret: bytes) -> None:
        self._database = database
        self._work = BulkWork(database, media, secret)

    def preview(self, person: Person, order: BulkOrder) -> BulkPreview:
        """What the order would do now; nothing is stored.

        Raises:
            NotAllowedError: the person may not ask for it.
            InputError: something that it needs is missing, or is none.
            NotFoundError: it names somebody, or an image, that there is not.
        """
        require(person, permission_for(_known(order)))
        with self._database.read() as repos:
            now = utc_now()
            details = order.details(repos, now)
            against = bars(terms_of(_known(order), details, now))
            below = repos.bulk_actions.end_of_items()
            wanted = order.selection.wanted(repos)
            found, is_all = repos.records.tally(wanted, first_of(against), below, PREVIEWING)
        left_out = {BulkBar(name): n for name, n in found.most_common() if name}
        return BulkPreview(found[""], left_out, is_all, below)

    def preview_undo(self, person: Person, number: int) -> BulkPreview:
        """What taking an action back would do now. Raises as `undo`."""
        require(person, Permission.MOVE_IMAGES)
        with self._database.read() as repos:
            action = self._undoable(repos, number)
            require(person, permission_for(action.kind))
            against: Bars = self._work.against_undo(repos, action)
            found = repos.bulk_actions.tally(action.id, first_of(against))
        left_out = {BulkBar(name): n for name, n in found.most_common() if name}
        return BulkPreview(found[""], left_out, is_all=True, below=action.below)

    def ask(
        self,
        person: Person,
        order: BulkOrder,
        key: str = "",
        *,
        below: int | None = None,
        in_background: bool = True,
    ) -> BulkAction:
        """Have the order done by a job, unless it was asked for with the same ``key`` before; the
        action. ``below``: as the preview told, so that nothing is changed that it has not counted.
        Not ``in_background``: the caller does it, by `run`.

        Raises as `preview`.
        """
        require(person, permission_for(_known(order)))
        with self._database.write() as repos:
            if (known := _asked(repos, key)) is not None:
                return known
            kind, details = _known(order), order.details(repos, utc_now())
            order.selection.wanted(repos)
            selection = order.selection.model_dump(mode="json")
            actions, by = repos.bulk_actions, person.name
            action = actions.ask(kind, _key(key), selection, details, by, below=below)
            _queue(repos, action, in_background)
            return action

    def undo(
        self, person: Person, number: int, key: str = "", *, in_background: bool = True
    ) -> BulkAction:
        """Have what an action did taken back, as far as images allow; the action that does.

        Raises:
            NotAllowedError: the person may not ask for it.
            NotFoundError: there is no such action.
            ConflictError: it goes on still, is taken back already, or cannot be.
        """
        require(person, Permission.MOVE_IMAGES)
        with self._database.write() as repos:
            if (known := _asked(repos, key)) is not None:
                return known
            action = self._undoable(repos, number)
            require(person, permission_for(action.kind))
            told = {"of": action.kind.value}
            actions, kind = repos.bulk_actions, BulkKind.UNDO
            undo = actions.ask(kind, _key(key), {}, told, person.name, undoes=action)
            _queue(repos, undo, in_background)
            return undo

    def run(self, number: int, progress: Progress) -> dict[str, Any]:
        """Do the action of that number to its end; it asks for no role. Raises as
        `BulkWork.run`."""
        return self._work.run(number, progress)

    def newest(self, person: Person, limit: int) -> Sequence[BulkStanding]:
        """The newest actions first. Raises NotAllowedError."""
        require(person, Permission.MOVE_IMAGES)
        with self._database.read() as repos:
            actions = repos.bulk_actions.newest(limit)
            undone = repos.bulk_actions.undone([action.id for action in actions])
            jobs = {row.parameters.get("action"): row for row in repos.jobs.of_kind(JobKind.BULK)}
            return [
                BulkStanding(action, jobs.get(action.id), action.id in undone) for action in actions
            ]

    def _undoable(self, repos: Repositories, number: int) -> BulkAction:
        action, told = repos.bulk_actions.get(number), {"n": str(number)}
        if action is None:
            raise NotFoundError(Text("bulk.no_such", told))
        if action.kind not in UNDOABLE:
            raise ConflictError(Text("bulk.cannot_be_undone", told))
        if repos.bulk_actions.undoing(number) is not None:
            raise ConflictError(Text("bulk.is_taken_back", told))
        if any(row.parameters.get("action") == number for row in repos.jobs.open()):
            raise ConflictError(Text("bulk.goes_on", told))
        return action


def new_key() -> str:
    """A key that a form is given: sent twice with it, it asks once."""
    return token_urlsafe(16)


def _known(order: BulkOrder) -> BulkKind:
    if order.kind not in ASKED_FOR:
        raise InputError(Text("bulk.choose_kind"))
    return order.kind


def _asked(repos: Repositories, key: str) -> BulkAction | None:
    return repos.bulk_actions.by_key(key) if key else None


def _key(key: str) -> str:
    if key and not _KEY.fullmatch(key):
        raise InputError(Text("refusals.odd_call"))
    return key or new_key()


def _queue(repos: Repositories, action: BulkAction, in_background: bool) -> None:
    if in_background:
        repos.jobs.add(JobKind.BULK, {"action": action.id}, action.asked_by)
