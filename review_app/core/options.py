"""Options that admins set while the app runs: stored and logged in one transaction, for all of it
alike.

A form says what it was loaded with, so that it changes what its person has changed and nothing
else: whatever somebody else has saved meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from review_app.core.errors import ChangedSinceError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from storage.database import Database
from storage.enums import AuditKind
from storage.models import AuditEvent
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.types import utc_now

AnyOptions = TypeVar("AnyOptions", bound=BaseModel)
Leaves = dict[str, Any]
"""The values of a document by their paths, as in ``costs.missed_fake``; lists are values."""


class Change(Protocol[AnyOptions]):
    """A change that puts options in force, in a transaction of its own; see `store_options`."""

    def __call__(
        self, database: Database, person: Person, options: AnyOptions, seen: AnyOptions | None
    ) -> AnyOptions:
        """Put ``options`` in force as ``person``; what is in force then. ``seen``: what the form
        was loaded with."""
        ...


@dataclass(frozen=True)
class OptionsService(Generic[AnyOptions]):
    """The options of one kind in one database, for callers that have no transaction open."""

    database: Database
    kind: type[AnyOptions]
    read: Callable[[Repositories], AnyOptions]
    store: Change[AnyOptions]

    def current(self) -> AnyOptions:
        """The options in force."""
        with self.database.read() as repos:
            return self.read(repos)

    def change(
        self, person: Person, options: AnyOptions, seen: AnyOptions | None = None
    ) -> AnyOptions:
        """Put ``options`` in force; raises as `store_options`."""
        return self.store(self.database, person, options, seen)


def store_options(
    database: Database,
    person: Person,
    key: str,
    options: AnyOptions,
    seen: AnyOptions | None = None,
    *,
    logged_as: str = "",
) -> AnyOptions:
    """Put in force under ``key`` what ``options`` has otherwise than ``seen``, or all of it, and
    return the options then in force. The log has them as they are, or by a name.

    Raises:
        NotAllowedError: ``person`` may not manage the policy.
        ChangedSinceError: somebody has changed one of these values since ``seen`` was in force.
            Nothing is stored.
    """
    require(person, Permission.MANAGE_POLICY)
    wanted = leaves(options)
    before = None if seen is None else leaves(seen)
    with database.write() as repos:
        now = leaves(type(options).model_validate(repos.options.get(key) or {}))
        changes = {at: x for at, x in wanted.items() if before is None or x != before[at]}
        if before is not None:
            lost = [at for at, x in changes.items() if now[at] not in (before[at], x)]
            if lost:
                raise _changed_since(repos, lost, now, logged_as)
        in_force = type(options).model_validate(document(now | changes))
        if changes:
            _store(repos, person, key, in_force, logged_as)
    return in_force


def leaves(options: BaseModel) -> Leaves:
    """The values of ``options`` by their paths."""
    return dict(_flat(options.model_dump(mode="json")))


def document(values: Mapping[str, Any]) -> dict[str, Any]:
    """The document that has these `leaves`."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        *parents, name = path.split(".")
        place = whole
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return whole


def _flat(part: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in part.items():
        path = f"{above}{name}"
        found += _flat(value, f"{path}.") if isinstance(value, dict) else [(path, value)]
    return found


def _store(
    repos: Repositories, person: Person, key: str, options: BaseModel, logged_as: str
) -> None:
    stored = options.model_dump(mode="json")
    details: dict[str, Any] = {logged_as: stored} if logged_as else stored
    repos.options.set(key, stored, person.id)
    repos.audit.add(Event(AuditKind.OPTIONS_CHANGED, person.name, details=details))


def _changed_since(
    repos: Repositories, lost: Sequence[str], now: Leaves, logged_as: str
) -> ChangedSinceError:
    """The refusal to overwrite the values at ``lost``, in the name of who set the last of them."""
    events = repos.event_history.of_kind(AuditKind.OPTIONS_CHANGED)
    path = f"{logged_as}." if logged_as else ""
    setters = [_setter(events, f"{path}{at}", now[at]) for at in lost]
    last = max((one for one in setters if one), key=lambda event: event.id, default=None)
    if last is None:  # put there by no admin
        return ChangedSinceError(Text("policy.by_system"), utc_now(), lost)
    return ChangedSinceError(last.actor, last.at, lost)


def _setter(events: Sequence[AuditEvent], path: str, value: Any) -> AuditEvent | None:
    """The event since which the value at ``path`` is ``value``."""
    since = None
    for event in reversed(events):
        logged = dict(_flat(event.details))
        if path in logged and logged[path] != value:
            break
        since = event if path in logged else since
    return since
