"""Whoever can run a command on the data directory has an admin's rights over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review_app.core.errors import NotFoundError
from review_app.core.permissions import Person
from storage.enums import Role

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def operator(app: Application) -> Person:
    """The oldest enabled admin, in whose name the command line acts.

    Raises:
        NotFoundError: there is none; the message gives the command that adds one.
    """
    for account in app.people.all():
        if account.role is Role.ADMIN and not (account.disabled or account.is_away):
            return Person(account.id, account.name, account.role)
    desk = app.settings.desk
    run = f"desk member add {desk} NAME" if desk else "user add NAME"
    raise NotFoundError(
        "this is done in an admin's name, and there is none yet; "
        f"run: deepfake-review {run} --role admin"
    )
