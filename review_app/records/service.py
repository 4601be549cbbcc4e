"""The record service: what admins look up, and put right. Each method asks for itself who calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.records import correction
from review_app.records.correction import Proposal
from review_app.records.filters import Search, wanted_by
from review_app.records.record import ImageRecord, read_record
from review_app.records.search import Found, count, find, in_hand
from review_app.records.standing import ImageStanding, Standings, standings_of
from storage.database import Transactions
from storage.models import Item
from storage.repositories import Repositories
from storage.repositories.records import Fitting
from storage.types import utc_now

_LARGEST_ID = 2**63 - 1


class RecordService:
    """The records of one database. ``clock``: tells the time."""

    def __init__(self, database: Transactions, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    def within(self, transaction: Transactions) -> RecordService:
        """The same service, whose writes are parts of ``transaction``."""
        return RecordService(transaction, self._clock)

    def find(self, person: Person, search: Search, below: int | None = None) -> Found:
        """A page of the images that fit, as `search.find` says."""
        return find(self._database, person, search, self._clock(), below)

    def count(self, person: Person, search: Search) -> Fitting:
        """How many images fit, as `search.count` says."""
        return count(self._database, person, search)

    def sources(self, person: Person, most: int) -> list[str]:
        """The first ``most`` sources of images by name. Raises ``NotAllowedError`` as `find`."""
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            return repos.records.sources(most)

    def tags(self, person: Person, most: int) -> list[str]:
        """The first ``most`` tags of images by name. Raises ``NotAllowedError`` as `find`."""
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            return repos.item_marks.tags(most)

    def show(self, person: Person, item_id: int) -> ImageRecord:
        """The image's record.

        Raises ``NotAllowedError`` for whoever does not see the queue, ``NotFoundError`` where there
        is no such item, and ``ConflictError`` while the person holds it to judge it.
        """
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            now = self._clock()
            item = _item_out_of_hand(repos, person, item_id, now)
            return read_record(repos, item, person.id, now)

    def standing(self, person: Person, item_id: int) -> ImageStanding:
        """How the image stands, as programs are told.

        Raises ``NotAllowedError`` for whoever does not see the queue, and ``NotFoundError`` where
        there is no such item.
        """
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            (standing,) = standings_of(repos, [_stored(repos, item_id)], self._clock())
            return standing

    def generators(self, person: Person, most: int) -> list[str]:
        """The first ``most`` generators that files claim, by name. Raises ``NotAllowedError`` as
        `find`."""
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            return repos.generator_claims.names(most)

    def standings(
        self, person: Person, search: Search, n: int, below: int | None = None
    ) -> Standings:
        """A page of up to ``n`` images that fit, with numbers under ``below``, or the newest.

        It may have few, or none, and still be followed by an older one (`Records.page`).
        Raises ``NotAllowedError`` for whoever does not see the queue.
        """
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            page = repos.records.page(wanted_by(repos, search), n, below)
            told = standings_of(repos, page.items, self._clock())
            return Standings(images=told, older=page.older)

    def item(self, item_id: int) -> Item:
        """The item and its image as they are stored. Raises ``NotFoundError`` where there is none.

        It asks for no role: who may look is for the caller to say.
        """
        with self._database.read() as repos:
            return _stored(repos, item_id)

    def propose(
        self,
        person: Person,
        item_id: int,
        value: str | None,
        reason: str | None,
        seen: int | None = None,
    ) -> Proposal:
        """The correction as it would be made; nothing is stored. Raises as `correct` does."""
        require(person, Permission.ADJUDICATE)
        with self._database.read() as repos:
            now = self._clock()
            item = _item_out_of_hand(repos, person, item_id, now)
            return correction.propose(repos, item, value, reason, now, seen)

    def correct(
        self,
        person: Person,
        item_id: int,
        value: str | None,
        reason: str | None,
        seen: int | None = None,
    ) -> Proposal:
        """Correct the image's final verdict to ``value``; what was done, once it is on disk.
        ``seen``: the `ImageRecord.last_event` of the record that it was decided on.

        Raises ``NotAllowedError`` for whoever may not adjudicate, ``NotFoundError`` where there is
        no such item, ``InputError`` and ``ConflictError`` as `correction.propose` does, and
        ``ConflictError`` while the person holds the image to judge it.
        """
        require(person, Permission.ADJUDICATE)
        with self._database.write() as repos:
            now = self._clock()  # once nobody else writes: what is final by then stays
            item = _item_out_of_hand(repos, person, item_id, now)
            made = correction.propose(repos, item, value, reason, now, seen)
            correction.store(repos, person, made, now)
        return made


def _stored(repos: Repositories, item_id: int) -> Item:
    item = repos.items.get(item_id) if 0 < item_id <= _LARGEST_ID else None
    if item is None:
        raise NotFoundError(Text("refusals.no_item", {"item": str(item_id)}))
    return item


def _item_out_of_hand(repos: Repositories, person: Person, item_id: int, now: datetime) -> Item:
    item = _stored(repos, item_id)
    claim = repos.claims.last_of(person.id, item_id)
    if claim is not None and in_hand(claim, now):
        raise ConflictError(Text("records.in_hands", {"item": str(item_id)}))
    return item
