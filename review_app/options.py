"""What admins set while the app runs: stored and logged in one transaction, for all of it alike."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from review_app.permissions import Permission, Person, require
from storage.database import Database
from storage.enums import AuditKind
from storage.repositories.audit import Event


def store_options(
    database: Database, person: Person, key: str, options: BaseModel, *, logged_as: str = ""
) -> None:
    """Put ``options`` in force under ``key``; the log has them as they are, or by a name.

    Raises NotAllowedError unless ``person`` may manage the policy.
    """
    require(person, Permission.MANAGE_POLICY)
    document = options.model_dump(mode="json")
    details: dict[str, Any] = {logged_as: document} if logged_as else document
    with database.write() as repos:
        repos.options.set(key, document, person.id)
        repos.audit.add(Event(AuditKind.OPTIONS_CHANGED, person.name, details=details))
