"""Files of deleted images go once that can be undone no longer: who looks for what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from review_app.bulk.order import due_of
from review_app.core.pace import Pace
from storage.database import Database
from storage.enums import BulkKind, JobCause, JobKind
from storage.models import BulkAction
from storage.repositories import Repositories
from storage.types import utc_now

EVERY: Final = 10.0
"""Seconds between two looks."""


class PurgeSchedule:
    """Asks for files to go when that is due; several processes may do so at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pace = Pace(EVERY)

    def look(self) -> None:
        """Look whether files are due to go, if the last look was `EVERY` ago."""
        if self._pace.takes_turn():
            self.ask_if_due(utc_now())

    def ask_if_due(self, now: datetime, *, in_background: bool = True) -> Sequence[BulkAction]:
        """Ask for the files to go of every deletion that is due; the actions that see to it."""
        with self._database.read() as repos:
            if not _due(repos, now):
                return []
        with self._database.write() as repos:  # somebody may have been faster
            return [_ask(repos, deletion, in_background) for deletion in _due(repos, now)]


def _due(repos: Repositories, now: datetime) -> list[BulkAction]:
    busy = {row.parameters.get("action") for row in repos.jobs.open()}
    actions = repos.bulk_actions
    return [
        one
        for one in repos.item_marks.deleting()
        if due_of(one) <= now
        and one.id not in busy
        and actions.by_key(_key(one)) is None
        and actions.undoing(one.id) is None
    ]


def _ask(repos: Repositories, deletion: BulkAction, in_background: bool) -> BulkAction:
    """Ask in the name of whoever asked for the deletion: the files go as they wished."""
    told = {"of": deletion.id, "reason": deletion.details["reason"]}
    by = deletion.asked_by
    action = repos.bulk_actions.ask(
        BulkKind.PURGE, _key(deletion), {}, told, by, below=deletion.below
    )
    if in_background:
        repos.jobs.add(JobKind.BULK, {"action": action.id}, by, JobCause.SCHEDULE)
    return action


def _key(deletion: BulkAction) -> str:
    return f"purge:{deletion.id}"  # no form can send such a key, and take the place of it
