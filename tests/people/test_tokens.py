"""Tokens of programs: whom they act for, how far, how long; and what a copy of the database gives
away."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.core.permissions import Permission, TokenScope, require, require_scope, scopes_for
from review_app.people import MAX_DAYS, NewToken, People, TokenBook, TokenState
from storage.database import Database
from storage.enums import AuditKind, Role
from storage.models import ApiToken
from storage.types import utc_now

READ = [TokenScope.IMAGES_READ]


@pytest.fixture
def tokens(database: Database) -> Iterator[TokenBook]:
    people = People(database, session_hours=12, link_minutes=60)
    people.add("root", Role.ADMIN, "start")
    people.add("ada", Role.REVIEWER, "root")
    tokens = TokenBook(database)
    yield tokens
    tokens.close()
    people.close()


def made(tokens: TokenBook, owner: str = "root", scopes: list[TokenScope] = READ) -> NewToken:
    return tokens.make(owner, "nightly", scopes, 30, "root")


def test_a_token_acts_for_its_owner_within_its_scopes(tokens: TokenBook) -> None:
    person = tokens.person(made(tokens).secret)
    assert person is not None
    assert (person.name, person.role) == ("root", Role.ADMIN)
    assert {one for one in Permission if person.may(one)} == {Permission.SEE_QUEUE}
    assert require_scope(person, TokenScope.IMAGES_READ) is person
    for scope in set(TokenScope) - {TokenScope.IMAGES_READ}:
        with pytest.raises(NotAllowedError, match="lacks the scope"):
            require_scope(person, scope)


def test_a_token_adds_nothing_to_what_its_owner_may(tokens: TokenBook, database: Database) -> None:
    assert scopes_for(Role.REVIEWER) == [TokenScope.LABELS_WRITE]
    with pytest.raises(InputError, match="ada can do nothing with images:read, export"):
        made(tokens, "ada", [TokenScope.IMAGES_READ, TokenScope.EXPORT])
    secret = made(tokens, "root", [TokenScope.EXPORT]).secret
    with database.write() as repos:
        user = repos.users.by_name("root")
        assert user is not None
        user.role = Role.REVIEWER
    person = tokens.person(secret)
    with pytest.raises(NotAllowedError):
        require(person, Permission.EXPORT)


def test_nothing_but_the_very_text_lets_anybody_in(tokens: TokenBook, database: Database) -> None:
    one, other = made(tokens).secret, made(tokens).secret
    assert one != other
    _, number, secret = one.split("_", 2)
    for wrong in (
        *("", "dfr_", secret, one[:-1], one + "A", one + "\n", f" {one}", one.lower()),
        *(f"dfr_2_{secret}", f"dfr_99_{secret}", f"dfr_0{number}_{secret}"),
        f"dfr_{number}_{'A' * 43}",
    ):
        assert tokens.person(wrong) is None, wrong
    file = sqlite3.connect(str(database.engine.url.database))
    stored = "\n".join(file.iterdump())
    file.close()
    assert secret not in stored


def test_what_is_over_lets_nobody_in_at_once(tokens: TokenBook, database: Database) -> None:
    revoked, closed, expired = (
        made(tokens),
        made(tokens, "ada", [TokenScope.LABELS_WRITE]),
        made(tokens),
    )
    assert tokens.revoke(revoked.view.id, "root").state is TokenState.REVOKED
    assert tokens.person(revoked.secret) is None
    with pytest.raises(ConflictError, match="revoked already, by root"):
        tokens.revoke(revoked.view.id, "root")
    with pytest.raises(NotFoundError):
        tokens.revoke(99, "root")
    accounts = People(database, 12, 60)
    accounts.set_enabled("ada", False, "root")
    assert tokens.person(closed.secret) is None
    accounts.set_enabled("ada", True, "root")
    accounts.close()
    assert tokens.person(closed.secret) is None, "closing an account ends its tokens for good"
    with database.write() as repos:
        over = update(ApiToken).where(ApiToken.id == expired.view.id)
        repos.session.execute(over.values(expires_at=utc_now()))
    assert tokens.person(expired.secret) is None
    states = [view.state for view in tokens.all()]
    assert states == [TokenState.EXPIRED, TokenState.REVOKED, TokenState.REVOKED]


def test_making_and_ending_is_on_record_and_use_is_kept(
    tokens: TokenBook, database: Database
) -> None:
    new = made(tokens)
    assert tokens.person(new.secret) is not None
    tokens.close()  # it is kept aside
    (view,) = tokens.all()
    assert view.used_at is not None
    assert view.used_at > utc_now() - timedelta(minutes=1)
    assert (view.name, view.owner, view.made_by, view.scopes) == (
        "nightly",
        "root",
        "root",
        (*READ,),
    )
    tokens.revoke(view.id, "root")
    with database.read() as repos:
        newest = [event.kind for event in repos.event_history.latest(2)]
    assert newest == [AuditKind.TOKEN_REVOKED, AuditKind.TOKEN_MADE]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", READ, 1),
        ("x" * 81, READ, 1),
        ("a\nb", READ, 1),
        ("ci", [], 1),
        ("ci", READ, 0),
        ("ci", READ, MAX_DAYS + 1),
        ("ci", READ, float("nan")),
    ],
)
def test_what_makes_no_token_is_refused(
    tokens: TokenBook, name: str, scopes: list[TokenScope], days: float
) -> None:
    with pytest.raises(InputError):
        tokens.make("root", name, scopes, days, "root")
    assert tokens.all() == []


def test_a_token_is_for_an_open_account(tokens: TokenBook) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        tokens.make("nobody", "ci", READ, 1, "root")
