"""The members of a desk as accounts of its own database, so that its labels refer to somebody."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from storage.database import Database
from storage.enums import AuditKind
from storage.models import User
from storage.repositories import Repositories
from storage.repositories.desks import Seat
from storage.repositories.event_log import Event
from storage.types import utc_now


def mirror_members(database: Database, seats: Sequence[Seat], actor: str) -> None:
    """Make the accounts of a desk's ``database`` those of ``seats``, under the same ids.

    Whoever has left keeps an account there, closed, for what they have answered; what they held is
    given back, and their tokens end. Exports call people by another pseudonym at every desk.
    """
    with database.read() as repos:
        if not _differ(repos.users.all(), seats):
            return
    with database.write() as repos:
        for seat in seats:
            _seat(repos, seat, actor)
        present = {seat.user_id for seat in seats if not seat.is_closed}
        for user in repos.users.all():
            if user.id not in present and user.disabled_at is None:
                _close(repos, user, actor)


def _differ(users: Sequence[User], seats: Sequence[Seat]) -> bool:
    known = {user.id: user for user in users}
    present = {seat.user_id: seat.role for seat in seats if not seat.is_closed}
    open_now = {user.id: user.role for user in users if user.disabled_at is None}
    return open_now != present or any(seat.user_id not in known for seat in seats)


def _seat(repos: Repositories, seat: Seat, actor: str) -> None:
    user = repos.users.get(seat.user_id)
    if user is None:
        pseudonym = f"r-{secrets.token_hex(4)}"
        user = User(id=seat.user_id, name=seat.name, role=seat.role, pseudonym=pseudonym)
        repos.users.add(user)
        _tell(repos, AuditKind.USER_ADDED, actor, user)
    elif user.disabled_at is not None and not seat.is_closed:
        repos.users.set_disabled(user, None)
        _tell(repos, AuditKind.USER_ENABLED, actor, user)
    if user.role is not seat.role:
        repos.claims.release(user.id, utc_now())  # some of it they might decide no longer
        repos.users.set_role(user, seat.role)
        _tell(repos, AuditKind.ROLE_CHANGED, actor, user)


def _close(repos: Repositories, user: User, actor: str) -> None:
    now = utc_now()
    repos.users.set_disabled(user, now)
    given_back = repos.claims.release(user.id, now)
    repos.tokens.revoke_all_of(user.id, actor)
    details = {"name": user.name, "given_back": given_back}
    repos.audit.add(Event(AuditKind.USER_DISABLED, actor, details=details))


def _tell(repos: Repositories, kind: AuditKind, actor: str, user: User) -> None:
    details = {"name": user.name, "role": user.role.value}
    repos.audit.add(Event(kind, actor, details=details))
