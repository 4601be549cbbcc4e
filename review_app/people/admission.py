"""Who comes in at a desk: whoever is signed in to the deployment, and has a place there."""

from __future__ import annotations

from typing import Any, NoReturn

from review_app.core.errors import ConflictError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.people.desks import DeskBook
from review_app.people.signing_in import People
from review_app.people.tokens import TokenBook
from storage.database import Database


class Admission:
    """What a desk asks of the deployment that it belongs to, at every request."""

    def __init__(self, people: People, desks: DeskBook, name: str) -> None:
        self.people = people
        self.desks = desks
        self._name = name

    def member(self, person: Person | None) -> Person | None:
        """The person in their role at the desk; None where they have no place there, or their
        account is closed."""
        role = None if person is None else self.desks.role_at(self._name, person.id)
        if person is None or role is None:
            return None
        return Person(person.id, person.name, role, person.token)


class DeskPeople(People):
    """The people of a desk: its accounts mirror memberships and cannot be changed here; sessions
    are the deployment's.

    Without an ``admission``, as where a command works on the desk, nobody comes in.
    """

    def __init__(self, database: Database, admission: Admission | None) -> None:
        super().__init__(database, session_hours=1, link_minutes=1)
        self._admission = admission

    def person(self, token: str | None, *, is_active: bool = True) -> Person | None:
        """Who a session's token belongs to, as what they are at the desk, or None."""
        if self._admission is None:
            return None
        return self._admission.member(self._admission.people.person(token, is_active=is_active))

    def is_of_closed_account(self, token: str) -> bool:
        """Whether the token was of a session whose account is closed now."""
        return self._admission is not None and self._admission.people.is_of_closed_account(token)

    def _refuse(self, *_given: Any, **_more: Any) -> NoReturn:
        """Raise ``ConflictError``: what changes accounts, or signs in, is done at home."""
        raise ConflictError(Text("desks.accounts_elsewhere"))

    add = ensure = set_enabled = set_role = _refuse
    make_link = reset_sign_in = redeem_link = sign_out_everywhere = _refuse
    sign_in = change_password = remember_device = _refuse


class DeskTokenBook(TokenBook):
    """The tokens of a desk: each acts for a member, as long as they are one."""

    def __init__(self, database: Database, admission: Admission | None) -> None:
        super().__init__(database)
        self._admission = admission

    def person(self, secret: str) -> Person | None:
        """Whom the token acts for; None where it lets nobody in, or its owner is not a member."""
        found = super().person(secret)
        return None if self._admission is None else self._admission.member(found)
