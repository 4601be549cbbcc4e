"""Permissions: every rule of who may do what, in one place.

Handlers call ``require``; mounts and routes are guarded by ``area_of`` and ``may_enter``. Both are
needed: a guarded door does not excuse the rooms behind it from asking who came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from review_app.core.errors import NotAllowedError
from review_app.i18n import Text
from storage.enums import Role


class Permission(StrEnum):
    """Something a person may or may not do."""

    REVIEW = "review"
    """Take items from the queue and label them."""
    ADJUDICATE = "adjudicate"
    """Take escalated items and decide them."""
    INSPECT = "inspect"
    """Have an own image, or a sample, scored."""
    READ_CARD = "read_card"
    """Read what the detector in force was trained and measured on."""
    SEE_QUEUE = "see_queue"
    """See counts, scores and every image of the queue."""
    MANAGE_POLICY = "manage_policy"
    """Certify, apply and suspend policies; change how review works."""
    MANAGE_PEOPLE = "manage_people"
    """Add and disable users; make sign-in links."""
    EXPORT = "export"
    """Take labels out of the system."""


_REVIEWER = frozenset({Permission.REVIEW, Permission.INSPECT, Permission.READ_CARD})
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.REVIEWER: _REVIEWER,
    Role.ADMIN: frozenset(Permission),
}


@dataclass(frozen=True)
class Person:
    """The person who asks: taken from the session at every request, never from the page."""

    id: int
    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether the role grants ``permission``."""
        return permission in GRANTS[self.role]


def require(person: Person | None, permission: Permission) -> Person:
    """Return ``person``, if they may. Raises ``NotAllowedError`` otherwise."""
    if person is None:
        raise NotAllowedError(Text("refusals.sign_in_first"))
    if not person.may(permission):
        raise NotAllowedError(
            Text("refusals.may_not", {"name": person.name, "permission": permission.value})
        )
    return person


class Area(StrEnum):
    """A part of the site with one rule at its door."""

    OPEN = "open"
    """Anybody: the sign-in page, health checks, static files of our own."""
    REVIEW = "review"
    """Anybody who is signed in; the handlers behind check the finer points."""
    ADMIN = "admin"
    """The area is for admins only."""


_OPEN = ("/login", "/language", "/static", "/healthz", "/readyz", "/favicon.ico")
_ADMIN = ("/admin", "/api/v1/admin", "/exports", "/metrics")


def area_of(path: str) -> Area:
    """The area a path lies in. What is not listed needs a sign-in."""
    if _is_under(path, _OPEN):
        return Area.OPEN
    if _is_under(path, _ADMIN):
        return Area.ADMIN
    return Area.REVIEW


def may_enter(person: Person | None, area: Area) -> bool:
    """Whether the door of ``area`` opens for ``person``."""
    if area is Area.OPEN:
        return True
    if person is None:
        return False
    return area is Area.REVIEW or person.role is Role.ADMIN


def _is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)
