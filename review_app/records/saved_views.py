"""Saved views: an admin keeps a set of filters under a name, for themselves or for all admins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from review_app.core.errors import (
    ChangedSinceError,
    ConflictError,
    InputError,
    NotFoundError,
    QuotaError,
)
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.records.filters import search_of
from storage.database import Transactions
from storage.models import SavedView
from storage.models.view import MAX_VIEW_NAME
from storage.repositories import Repositories
from storage.types import utc_now

__all__ = ["MAX_VIEWS", "MAX_VIEW_NAME", "SavedViewLine", "SavedViewService"]

MAX_VIEWS: Final = 100
"""The most views of one person."""


@dataclass(frozen=True)
class SavedViewLine:
    """A saved view as it is listed to somebody."""

    id: int
    name: str
    owner: str
    is_own: bool
    shared: bool
    filters: Mapping[str, str]
    version: int
    """What a page that shows it was loaded with."""


class SavedViewService:
    """The saved views of one database. All of it is for those who see the queue."""

    def __init__(self, database: Transactions) -> None:
        self._database = database

    def all(self, person: Person) -> list[SavedViewLine]:
        """The person's own views, and those that are shared. Raises ``NotAllowedError``."""
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            return [
                SavedViewLine(
                    id=view.id,
                    name=view.name,
                    owner=owner,
                    is_own=view.owner_id == person.id,
                    shared=view.shared,
                    filters=view.filters,
                    version=view.version,
                )
                for view, owner in repos.saved_views.visible_to(person.id)
            ]

    def filters(self, person: Person, number: int) -> dict[str, str]:
        """The filters of a view. Raises ``NotAllowedError``, and ``NotFoundError`` where the person
        sees no such view."""
        require(person, Permission.SEE_QUEUE)
        with self._database.read() as repos:
            return dict(_visible(repos, person, number).filters)

    def save(self, person: Person, name: str, filters: Mapping[str, str], *, shared: bool) -> int:
        """Keep filters under a name that the person has given to no other view; its number.

        Raises:
            NotAllowedError: the person may not.
            InputError: there is no name, or it is too long; or there are no such filters.
            ConflictError: they have a view of that name.
            QuotaError: they have as many as there may be.
        """
        require(person, Permission.SEE_QUEUE)
        wanted, kept = _name(name), _kept(filters)
        with self._database.write() as repos:
            own = repos.saved_views.visible_to(person.id)
            if sum(view.owner_id == person.id for view, _ in own) >= MAX_VIEWS:
                raise QuotaError(Text("saved_views.too_many", {"n": MAX_VIEWS}))
            _refuse_twin(repos, person.id, wanted)
            view = SavedView(owner_id=person.id, name=wanted, shared=shared, filters=kept)
            view.changed_by = person.name
            return repos.saved_views.add(view).id

    def change(
        self,
        person: Person,
        number: int,
        seen: int,
        name: str | None = None,
        filters: Mapping[str, str] | None = None,
    ) -> SavedViewLine:
        """Give a view other filters, or, its owner alone, another name: to be refused one would
        tell what their private views are called. ``seen``: the version that the page shows.

        Raises as `save`, NotFoundError where the person sees no such view, ChangedSinceError where
        somebody has changed it since, and ConflictError where its name is not theirs to change.
        """
        require(person, Permission.SEE_QUEUE)
        with self._database.write() as repos:
            view = _visible(repos, person, number)
            _refuse_changed(view, seen)
            if name is not None:
                view.name = _renamed(repos, person, view, _name(name))
            if filters is not None:
                view.filters = _kept(filters)
            view.version += 1
            view.changed_by, view.changed_at = person.name, utc_now()
        return next(line for line in self.all(person) if line.id == number)

    def delete(self, person: Person, number: int, seen: int) -> str:
        """Forget a view; its name. Raises as `change`."""
        require(person, Permission.SEE_QUEUE)
        with self._database.write() as repos:
            view = _visible(repos, person, number)
            _refuse_changed(view, seen)
            repos.saved_views.remove(view)
            return view.name


def _visible(repos: Repositories, person: Person, number: int) -> SavedView:
    view = repos.saved_views.get(number) if 0 < number <= 2**63 - 1 else None
    if view is None or not (view.shared or view.owner_id == person.id):
        raise NotFoundError(Text("saved_views.gone"))
    return view


def _refuse_changed(view: SavedView, seen: int) -> None:
    if view.version != seen:
        raise ChangedSinceError(view.changed_by, view.changed_at, key="saved_views.changed")


def _refuse_twin(repos: Repositories, owner_id: int, name: str) -> None:
    if repos.saved_views.named(owner_id, name) is not None:
        raise ConflictError(Text("saved_views.there_is_one", {"name": name}))


def _renamed(repos: Repositories, person: Person, view: SavedView, name: str) -> str:
    if view.owner_id != person.id:
        raise ConflictError(Text("saved_views.not_yours"))
    if name != view.name:
        _refuse_twin(repos, person.id, name)
    return name


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name or not name.isprintable():
        raise InputError(Text("saved_views.give_name"))
    if len(name) > MAX_VIEW_NAME:
        raise InputError(Text("saved_views.long_name", {"n": MAX_VIEW_NAME}))
    return name


def _kept(filters: Mapping[str, str]) -> dict[str, str]:
    """The filters that are set. Raises InputError where there are no such filters."""
    kept = {name: value for name, value in filters.items() if value}
    search_of(kept)
    return kept
