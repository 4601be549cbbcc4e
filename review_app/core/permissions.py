"""Permissions: every rule of who may do what, in one place.

Handlers call ``require``; mounts and routes are guarded by ``area_of`` and ``may_enter``. Both are
needed: a guarded door does not excuse the rooms behind it from asking who came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from review_app.core.errors import NotAllowedError, ScopeError
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
    SEE_PEOPLE = "see_people"
    """See how each person answers, by name."""
    MANAGE_PEOPLE = "manage_people"
    """Add, change and disable users; make sign-in links and tokens."""
    EXPORT = "export"
    """Take labels out of the system."""
    ADD_IMAGES = "add_images"
    """Take images into the queue, and have them scored."""
    MANAGE_NOTIFICATIONS = "manage_notifications"
    """Say who is told of alarms and decisions."""
    MOVE_IMAGES = "move_images"
    """Assign many images at once, tag them, and move them in the queue."""
    MANAGE_IMAGES = "manage_images"
    """Archive and delete many images at once."""


class TokenScope(StrEnum):
    """Something that a token of the API is for. Each lets its owner's permissions through a
    little; none adds any."""

    IMAGES_WRITE = "images:write"
    """Add images to the queue."""
    IMAGES_READ = "images:read"
    """Read how images stand, and what was decided on them."""
    LABELS_WRITE = "labels:write"
    """Answer on images, and correct final verdicts."""
    EXPORT = "export"
    """Have exports made, and fetch them."""
    STATS = "stats"
    """Read counts of the queue."""
    POLICIES_READ = "policies:read"
    """Read policies and what certifies them."""
    METRICS = "metrics"
    """Read ``/metrics``."""
    WEBHOOKS = "webhooks"
    """Be told of decisions on images that its owner added; of all with ``images:read``, and of
    alarms with ``stats``."""


_REVIEWER = frozenset({Permission.REVIEW, Permission.INSPECT, Permission.READ_CARD})
_LEAD = frozenset(
    {
        Permission.ADJUDICATE,
        Permission.SEE_QUEUE,
        Permission.SEE_PEOPLE,
        Permission.MOVE_IMAGES,
    }
)
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.REVIEWER: _REVIEWER,
    Role.LEAD: _REVIEWER | _LEAD,
    Role.ADMIN: frozenset(Permission),
}


REACH: dict[TokenScope, frozenset[Permission]] = {
    TokenScope.IMAGES_WRITE: frozenset({Permission.ADD_IMAGES}),
    TokenScope.IMAGES_READ: frozenset({Permission.SEE_QUEUE}),
    TokenScope.LABELS_WRITE: frozenset({Permission.REVIEW, Permission.ADJUDICATE}),
    TokenScope.EXPORT: frozenset({Permission.EXPORT}),
    TokenScope.STATS: frozenset({Permission.SEE_QUEUE}),
    TokenScope.POLICIES_READ: frozenset({Permission.SEE_QUEUE}),
    TokenScope.METRICS: frozenset({Permission.SEE_QUEUE}),
    TokenScope.WEBHOOKS: frozenset({Permission.MANAGE_NOTIFICATIONS}),
}
"""The permissions of its owner that a token uses, by its scopes."""


@dataclass(frozen=True)
class Token:
    """The token that somebody calls with."""

    id: int
    scopes: frozenset[TokenScope]

    def reaches(self, permission: Permission) -> bool:
        """Whether one of its scopes lets ``permission`` through."""
        return any(permission in REACH[scope] for scope in self.scopes)


@dataclass(frozen=True)
class Person:
    """The person who asks: taken from the session at every request, never from the page."""

    id: int
    name: str
    role: Role
    token: Token | None = None
    """The token by which a program acts for them; None where they are here themselves."""
    is_away: bool = False
    """Whether they have an account here and no place in this queue: they may do nothing in it."""

    def may(self, permission: Permission) -> bool:
        """Whether the role grants ``permission``, and the token lets it through."""
        granted = permission in GRANTS[self.role] and not self.is_away
        return granted and (self.token is None or self.token.reaches(permission))


def require(person: Person | None, permission: Permission) -> Person:
    """Return ``person``, if they may. Raises ``NotAllowedError`` otherwise."""
    if person is None:
        raise NotAllowedError(Text("refusals.sign_in_first"))
    if not person.may(permission):
        raise NotAllowedError(
            Text("refusals.may_not", {"name": person.name, "permission": permission.value})
        )
    return person


def require_scope(person: Person, scope: TokenScope) -> Person:
    """Return ``person``, if no token stands between, or one that is for this.

    Raises ``ScopeError`` otherwise. What the person may do is asked besides, by `require`.
    """
    if person.token is not None and scope not in person.token.scopes:
        raise ScopeError(Text("tokens.scope_missing", {"scope": scope.value}))
    return person


def scopes_for(role: Role) -> list[TokenScope]:
    """The scopes that a token of somebody with this role can make use of."""
    return [scope for scope in TokenScope if not REACH[scope].isdisjoint(GRANTS[role])]


class Area(StrEnum):
    """A part of the site with one rule at its door."""

    OPEN = "open"
    """Anybody: the sign-in page, health checks, static files of our own."""
    ACCOUNT = "account"
    """Anybody who is signed in, in whichever queue they work: what is theirs alone."""
    REVIEW = "review"
    """Anybody who has a place in this queue; the handlers behind check the finer points."""
    ADMIN = "admin"
    """Whoever sees the queue; the handlers behind check who may change what."""
    EXPORTS = "exports"
    """Whoever may take labels out of the system."""
    PROGRAMS = "programs"
    """Anybody who is signed in, and programs with a token; the handlers behind check who may."""


_OPEN = ("/login", "/language", "/static", "/healthz", "/readyz", "/favicon.ico")
DESKS = "/desks"
"""The addresses of desks lie below, each below the desk's name; what is behind one asks who may."""
_ACCOUNT = ("/account", "/logout", DESKS)
_ADMIN = ("/admin", "/api/v1/admin")
_EXPORTS = ("/exports",)
_NEEDS = {Area.ADMIN: Permission.SEE_QUEUE, Area.EXPORTS: Permission.EXPORT}
"""What opens the doors that not everybody passes who is signed in."""
PROBLEMS_BELOW = tuple(
    f"/api/v1/{part}"
    for part in (
        *("images", "labels", "corrections", "exports", "statistics", "policies", "webhooks"),
    )
)
"""The addresses that programs alone call; errors there are problem details (RFC 9457)."""
_PROGRAMS = ("/metrics", "/api/v1/me", "/api/v1/openapi.json", *PROBLEMS_BELOW)


@lru_cache(maxsize=128)  # anybody chooses paths, and long ones
def area_of(path: str) -> Area:
    """The area a path lies in. What is not listed needs a sign-in."""
    if is_under(path, _OPEN):
        return Area.OPEN
    if path == "/" or is_under(path, _ACCOUNT):
        return Area.ACCOUNT
    if is_under(path, _ADMIN):
        return Area.ADMIN
    if is_under(path, _EXPORTS):
        return Area.EXPORTS
    if is_under(path, _PROGRAMS):
        return Area.PROGRAMS
    return Area.REVIEW


def may_enter(person: Person | None, area: Area) -> bool:
    """Whether the door of ``area`` opens for ``person``."""
    if area is Area.OPEN:
        return True
    if person is None:
        return False
    if area is Area.ACCOUNT:
        return person.token is None
    if person.is_away:
        return False
    if area is Area.PROGRAMS:
        return True
    return person.token is None and (area not in _NEEDS or person.may(_NEEDS[area]))


def is_under(path: str, prefixes: tuple[str, ...]) -> bool:
    """Whether ``path`` is one of ``prefixes`` or lies below one."""
    return any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)
