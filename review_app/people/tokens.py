"""Tokens of the API: made by admins for a person, within scopes, for some time.

A token is ``dfr_NUMBER_SECRET``: the row is found by its number, and only then is the hash of the
whole compared, in constant time. The secret has 256 random bits, so a plain SHA-256 keeps it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from review_app.core.errors import ConflictError, InputError, NotFoundError
from review_app.core.permissions import Person, Token, TokenScope, scopes_for
from review_app.i18n import Text
from review_app.people.accounts import normal, open_user_named
from review_app.people.credentials import digest, new_token
from review_app.people.sessions import SEEN_EVERY
from storage.database import Database
from storage.models import ApiToken, User
from storage.repositories.tokens import TokenHolder
from storage.types import utc_now

MAX_DAYS = 366
"""The longest that a token lasts."""
MAX_NAME = 80
_FORM = re.compile(r"dfr_([0-9]{1,15})_[\w-]{43}", re.ASCII)
_NOTHING = "0" * 64
"""What an unknown token is compared with, so that the answer takes as long."""


class TokenState(StrEnum):
    """Whether a token still lets anybody in."""

    VALID = "valid"
    """It does."""
    EXPIRED = "expired"
    """Its time has run out."""
    REVOKED = "revoked"
    """Somebody has ended it, or its owner's account was closed."""


@dataclass(frozen=True)
class TokenView:
    """A token as admins see it: never its secret."""

    id: int
    owner: str
    name: str
    scopes: tuple[TokenScope, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    """The minute of the last call."""
    state: TokenState


@dataclass(frozen=True)
class NewToken:
    """A token that was just made; ``secret``, which is shown this once, lets in whoever has it."""

    secret: str
    view: TokenView


class TokenBook:
    """The tokens of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Aside: no call waits for a write while another one holds the database.
        self._aside = ThreadPoolExecutor(1, "token-used")
        self._being_kept: set[int] = set()

    def close(self) -> None:
        """Keep what is still to be kept."""
        self._aside.shutdown()

    def make(
        self, owner: str, name: str, scopes: Collection[TokenScope], days: float, actor: str
    ) -> NewToken:
        """Make a token that acts for ``owner`` for so many days.

        Raises ``InputError`` for an unusable name, no scope, one that is of no use to the owner's
        role, or a time out of bounds; ``NotFoundError`` where there is no such open account.
        """
        wanted = _checked(name, scopes, days)
        with self._database.write() as repos:
            user = open_user_named(repos, owner)
            _refuse_useless(user, wanted)
            now = utc_now()
            number = repos.tokens.next_id()
            secret = f"dfr_{number}_{new_token()}"
            row = ApiToken(
                id=number,
                user_id=user.id,
                name=normal(name),
                scopes=[scope.value for scope in wanted],
                token_sha256=digest(secret),
                expires_at=now + timedelta(days=days),
            )
            repos.tokens.add(row, actor)
            return NewToken(secret, _view(row, user.name, now))

    def all(self) -> list[TokenView]:
        """Every token there ever was, the newest first."""
        now = utc_now()
        with self._database.read() as repos:
            return [_view(row, owner, now) for row, owner in repos.tokens.all()]

    def revoke(self, token_id: int, actor: str) -> TokenView:
        """End a token at once.

        Raises ``NotFoundError`` where there is none of that number, and ``ConflictError`` where it
        was revoked already.
        """
        with self._database.write() as repos:
            row = repos.tokens.get(token_id)
            if row is None:
                raise NotFoundError(Text("tokens.no_such", {"token": str(token_id)}))
            if row.revoked_at is not None:
                by = {"token": str(token_id), "by": row.revoked_by or ""}
                raise ConflictError(Text("tokens.revoked_since", by))
            repos.tokens.revoke(row, actor)
            owner = repos.users.get(row.user_id)
            assert owner is not None
            return _view(row, owner.name, utc_now())

    def person(self, secret: str) -> Person | None:
        """Whom the token acts for, and how far; None where it lets nobody in.

        It is looked up at every call, so one that was revoked is refused at once.
        """
        found, now = self._found(secret), utc_now()
        if found is None:
            return None
        if found.last_used_at is None or found.last_used_at < now - SEEN_EVERY:
            self._used(found.id, now)
        token = Token(found.id, frozenset(map(TokenScope, found.scopes)))
        return Person(found.user_id, found.name, found.role, token)

    def knows(self, secret: str) -> bool:
        """Whether the token would let somebody in; that it was asked is not kept."""
        return self._found(secret) is not None

    def _found(self, secret: str) -> TokenHolder | None:
        form = _FORM.fullmatch(secret)
        if form is None:
            return None
        with self._database.read() as repos:
            found = repos.tokens.holder(int(form[1]), utc_now())
        is_same = hmac.compare_digest(digest(secret), found.token_sha256 if found else _NOTHING)
        return found if is_same else None

    def _used(self, token_id: int, now: datetime) -> None:
        if token_id not in self._being_kept:
            self._being_kept.add(token_id)
            self._aside.submit(self._keep_used, token_id, now)

    def _keep_used(self, token_id: int, now: datetime) -> None:
        try:
            with self._database.write(durable=False) as repos:
                repos.tokens.used(token_id, now)
        finally:
            self._being_kept.discard(token_id)


def _checked(name: str, scopes: Collection[TokenScope], days: float) -> list[TokenScope]:
    """The scopes in their order. Raises ``InputError``."""
    name = normal(name)
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise InputError(Text("tokens.name_length"))
    if not scopes:
        raise InputError(Text("tokens.choose_scopes"))
    if not 0 < days <= MAX_DAYS:
        raise InputError(Text("tokens.days_bounds", {"n": MAX_DAYS}))
    return [scope for scope in TokenScope if scope in scopes]


def _refuse_useless(user: User, scopes: list[TokenScope]) -> None:
    useful = scopes_for(user.role)
    useless = [scope.value for scope in scopes if scope not in useful]
    if useless:
        told = {"name": user.name, "scopes": ", ".join(useless)}
        raise InputError(Text("tokens.beyond_owner", told))


def _view(row: ApiToken, owner: str, now: datetime) -> TokenView:
    state = TokenState.VALID if row.expires_at > now else TokenState.EXPIRED
    return TokenView(
        id=row.id,
        owner=owner,
        name=row.name,
        scopes=tuple(map(TokenScope, row.scopes)),
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.last_used_at,
        state=TokenState.REVOKED if row.revoked_at is not None else state,
    )
