"""Desks: queues beside the one that is always there, and who may work at which, as what.

Accounts are the deployment's; a desk has a data directory of its own, and knows its members by rows
that are mirrored into its database under the same ids.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from review_app.core.errors import (
    ChangedSinceError,
    ConflictError,
    InputError,
    NotFoundError,
    ReviewAppError,
)
from review_app.core.settings import is_desk_name
from review_app.i18n import Text
from review_app.people.accounts import (
    normal,
    open_user_named,
    refuse_last_admin,
    user_named,
)
from storage.database import Database
from storage.enums import AuditKind, Role
from storage.models import Desk, Membership, User
from storage.repositories import Repositories
from storage.repositories.desks import OpenDesk, Seat
from storage.repositories.event_log import Event
from storage.types import utc_now

HOME = "home"
"""What commands and forms call the queue that is always there; no desk has this name."""
MAX_TITLE = 80

Mirror = Callable[[str, Sequence[Seat], str], None]
"""A function that makes the accounts of the desk of that name what its seats say, for an actor; a
desk that has no data directory yet gets one."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeskView:
    """A desk as admins see it."""

    name: str
    title: str
    made_by: str
    made_at: datetime
    is_closed: bool
    members: tuple[Seat, ...]


class DeskBook:
    """The desks of one deployment, in the database of the queue that is always there."""

    def __init__(self, database: Database, mirror: Mirror) -> None:
        self._database = database
        self._mirror = mirror

    def all(self) -> list[DeskView]:
        """Every desk, oldest first, with its members."""
        with self._database.read() as repos:
            return [_view(repos, row) for row in repos.desks.all()]

    def get(self, name: str) -> DeskView:
        """The desk of that name. Raises ``NotFoundError``."""
        with self._database.read() as repos:
            return _view(repos, _desk(repos, name))

    def open_to(self, user_id: int) -> list[OpenDesk]:
        """The desks that somebody may work at now: none for a closed account."""
        with self._database.read() as repos:
            return repos.desks.open_to(user_id)

    def places_of(self, user_id: int) -> tuple[bool, list[OpenDesk]]:
        """Whether somebody has a place in the queue that is always there, and at which desks."""
        with self._database.read() as repos:
            return repos.users.is_open(user_id), repos.desks.open_to(user_id)

    def role_at(self, name: str, user_id: int) -> Role | None:
        """What somebody is at the desk of that name; None where they have no place there, or
        there is no such desk: the same is asked of the database in either case."""
        return next((desk.role for desk in self.open_to(user_id) if desk.name == name), None)

    def add(self, name: str, title: str, actor: str) -> DeskView:
        """Make a desk that nobody belongs to.

        Raises ``InputError`` for an unusable name or title, ``ConflictError`` for a name that is
        taken.
        """
        if not is_desk_name(name) or name == HOME:
            raise InputError(Text("desks.name_form"))
        title = _clean_title(title or name)
        with self._database.write() as repos:
            if repos.desks.by_name(name) is not None:
                raise ConflictError(Text("desks.taken", {"name": repr(name)}))
            view = _view(repos, repos.desks.add(name, title, actor))
        self._mirror(name, (), actor)
        return view

    def rename(self, name: str, title: str, actor: str, seen: str | None = None) -> DeskView:
        """Give a desk another title. ``seen``: the title that a page showed; None where none did.

        Raises ``InputError`` or ``NotFoundError``, and ``ConflictError`` where somebody has given
        it another title than was seen.
        """
        title = _clean_title(title)
        with self._database.write() as repos:
            row = _desk(repos, name)
            if seen not in (None, row.title) and title != row.title:
                raise ConflictError(Text("desks.renamed_since", {"title": row.title}))
            if row.title != title:
                repos.desks.rename(row, title, actor)
            return _view(repos, row)

    def set_open(self, name: str, is_open: bool, actor: str) -> DeskView:
        """Let the members of a desk in again, or nobody any more; what lies there stays.

        Raises ``NotFoundError``, and ``ConflictError`` where it is so already.
        """
        with self._database.write() as repos:
            row = _desk(repos, name)
            if (row.closed_at is None) is is_open:
                raise ConflictError(Text("desks.is_open" if is_open else "desks.is_closed"))
            (repos.desks.reopen if is_open else repos.desks.close)(row, actor)
            return _view(repos, row)

    def add_member(
        self, name: str, user_name: str, role: Role, actor: str, seen: str | None = None
    ) -> None:
        """Give somebody a place at a desk, or another role there; at `HOME` their place in the
        queue that is always there, in the role of their account. ``seen``: the role that a page
        showed them to have there, empty for none; None where no page did.

        Raises ``NotFoundError`` for an unknown desk or account, ``ConflictError`` where they have
        that place, and ``ChangedSinceError`` where they were given another role than was seen.
        """
        with self._database.write() as repos:
            user = open_user_named(repos, user_name)
            if name == HOME:
                _set_away(repos, user, False, actor)
                return
            row = _desk(repos, name)
            present = repos.desks.membership(row.id, user.id)
            if present is not None and present.role is role:
                raise ConflictError(Text("desks.is_member", {"name": user.name}))
            if present is not None:
                _refuse_unseen(present, user, seen)
                repos.desks.leave(present, actor)
            repos.desks.join(row, user, role, actor)
            seats = repos.desks.seats(row.id)
        self._mirror(name, seats, actor)

    def remove_member(self, name: str, user_name: str, actor: str) -> None:
        """Take somebody's place at a desk, at once: what they hold there is given back, and their
        tokens for it end.

        Raises ``NotFoundError`` for an unknown desk or account, and ``ConflictError`` where they
        have no place there, or at `HOME` are its last admin.
        """
        with self._database.write() as repos:
            user = user_named(repos, user_name)
            if name == HOME:
                _set_away(repos, user, True, actor)
                return
            row = _desk(repos, name)
            present = repos.desks.membership(row.id, user.id)
            if present is None:
                raise ConflictError(Text("desks.no_member", {"name": user.name}))
            repos.desks.leave(present, actor)
            seats = repos.desks.seats(row.id)
        self._mirror(name, seats, actor)

    def settle(self, actor: str) -> None:
        """Mirror the members of every desk that is not closed into it, as after an account was
        closed here.

        A desk that cannot be written to is passed over: who may come in is asked here.
        """
        for desk in self.all():
            try:
                if not desk.is_closed:
                    self._mirror(desk.name, desk.members, actor)
            except ReviewAppError as error:
                _logger.warning("the members of desk %s were not stored: %s", desk.name, error)


def _refuse_unseen(present: Membership, user: User, seen: str | None) -> None:
    if seen not in (None, present.role):
        key = f"people.{present.role}_since"
        raise ChangedSinceError(present.made_by, present.made_at, key=key, name=user.name)


def _view(repos: Repositories, row: Desk) -> DeskView:
    return DeskView(
        name=row.name,
        title=row.title,
        made_by=row.made_by,
        made_at=row.made_at,
        is_closed=row.closed_at is not None,
        members=tuple(repos.desks.seats(row.id)),
    )


def _desk(repos: Repositories, name: str) -> Desk:
    row = repos.desks.by_name(name)
    if row is None:
        raise NotFoundError(Text("desks.unknown", {"name": repr(name)}))
    return row


def _clean_title(title: str) -> str:
    title = normal(title)
    if not 1 <= len(title) <= MAX_TITLE or not title.isprintable():
        raise InputError(Text("desks.title_length", {"n": MAX_TITLE}))
    return title


def _set_away(repos: Repositories, user: User, away: bool, actor: str) -> None:
    """Take the user's place in the queue that is always there, or give it back."""
    if (user.away_since is not None) is away:
        key = "desks.no_member" if away else "desks.is_member"
        raise ConflictError(Text(key, {"name": user.name}))
    if away:
        refuse_last_admin(repos, user)
    now = utc_now()
    repos.users.set_away(user, now if away else None)
    if away:
        repos.claims.release(user.id, now)
        repos.tokens.revoke_all_of(user.id, actor)
    kind = AuditKind.USER_AWAY if away else AuditKind.USER_BACK
    repos.audit.add(Event(kind, actor, details={"name": user.name}))
