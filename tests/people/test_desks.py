"""Desks: who belongs to which, what the log tells of it, and what is mirrored into their
databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from review_app.core.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from review_app.core.permissions import Permission, TokenScope, require
from review_app.durability import integrity
from review_app.people import (
    HOME,
    Admission,
    DeskBook,
    DeskPeople,
    DeskTokenBook,
    People,
    TokenBook,
    mirror_members,
)
from storage.database import Database
from storage.enums import AuditKind, ItemState, Role
from storage.repositories.desks import Seat
from tests.empty import empty_database
from tests.factories import Factory

ACTOR = "root"


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Database]:
    """The database of a desk."""
    path = tmp_path / "desk" / "review.db"
    path.parent.mkdir()
    path.write_bytes(empty_database())
    with closing(Database(f"sqlite:///{path}")) as database:
        yield database


class Place:
    """A deployment with a desk ``second``: accounts, desks, and what the desk asks of them."""

    def __init__(self, database: Database, other: Database) -> None:
        def mirror(name: str, seats: Sequence[Seat], actor: str) -> None:
            if name == "second":
                mirror_members(other, seats, actor)

        self.database, self.other = database, other
        self.desks = DeskBook(database, mirror)
        self.people = People(database, 12, 60, after_switch=self.desks.settle)
        self.people.add("root", Role.ADMIN, "start")
        self.people.add("ada", Role.REVIEWER, ACTOR)
        self.desks.add("second", "Second queue", ACTOR)
        self.admission = Admission(self.people, self.desks, "second")
        self.there = DeskPeople(other, self.admission)
        self.tokens = DeskTokenBook(other, self.admission)

    def session(self, name: str) -> str:
        return self.people.redeem_link(self.people.make_link(name, ACTOR))

    def close(self) -> None:
        for one in (self.people, self.there, self.tokens):
            one.close()


@pytest.fixture
def place(database: Database, other: Database) -> Iterator[Place]:
    with closing(Place(database, other)) as place:
        yield place


def kinds(database: Database) -> list[AuditKind]:
    with database.read() as repos:
        return [event.kind for event in repos.event_history.latest(50)][::-1]


def test_a_desk_has_a_name_for_addresses_and_a_title_for_people(place: Place) -> None:
    assert place.desks.add("third", "", ACTOR).title == "third"
    assert place.desks.rename("third", "  Third queue ", ACTOR).title == "Third queue"
    assert [desk.name for desk in place.desks.all()] == ["second", "third"]
    for name in ("", HOME, "Third", "a/b", "..", "-a", "a-", "x" * 33, "ü", "a\n"):
        with pytest.raises(InputError, match="small letters"):
            place.desks.add(name, "", ACTOR)
    with pytest.raises(ConflictError, match="already"):
        place.desks.add("third", "", ACTOR)
    with pytest.raises(InputError, match="1 to 80"):
        place.desks.rename("third", " ", ACTOR)
    with pytest.raises(NotFoundError):
        place.desks.rename("fourth", "Fourth", ACTOR)


def test_a_member_is_at_the_desk_what_the_membership_says(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.ADMIN, ACTOR)
    token = place.session("ada")
    here, there = place.people.person(token), place.there.person(token)
    assert here is not None
    assert there is not None
    assert (here.id, here.role) == (there.id, Role.REVIEWER)
    assert there.role is Role.ADMIN
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    there = place.there.person(token)
    assert there is not None
    assert there.role is Role.REVIEWER
    (account,) = place.there.all()
    assert (account.id, account.role) == (here.id, Role.REVIEWER)
    assert account.pseudonym not in {one.pseudonym for one in place.people.all()}
    with pytest.raises(ConflictError, match="already"):
        place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)


def test_nobody_else_comes_in_not_even_an_admin_of_the_deployment(place: Place) -> None:
    assert place.there.person(place.session("root")) is None
    assert place.there.person("A" * 43) is None
    assert place.there.person(None) is None
    with closing(DeskPeople(place.other, None)) as nobodys:
        assert nobodys.person(place.session("root")) is None


@pytest.mark.parametrize("end", ["removed", "disabled", "closed"])
def test_a_place_ends_at_once_with_what_was_held_and_made_there(place: Place, end: str) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    token = place.session("ada")
    made = place.tokens.make("ada", "script", [TokenScope.LABELS_WRITE], 30, ACTOR)
    factory = Factory(place.other)
    factory.item(ItemState.IN_REVIEW)
    person = place.there.person(token)
    assert person is not None
    assert place.tokens.person(made.secret) is not None
    if end == "removed":
        place.desks.remove_member("second", "ada", ACTOR)
    elif end == "disabled":
        place.people.set_enabled("ada", False, ACTOR)
    else:
        place.desks.set_open("second", False, ACTOR)
    assert place.there.person(token) is None
    assert place.tokens.person(made.secret) is None
    if end != "closed":  # what is closed can be opened again as it was
        assert [account.disabled for account in place.there.all()] == [True]
        assert place.tokens.all()[0].state == "revoked"


def test_a_closed_desk_can_be_opened_again_with_its_members(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    place.desks.set_open("second", False, ACTOR)
    with pytest.raises(ConflictError, match="closed already"):
        place.desks.set_open("second", False, ACTOR)
    place.desks.set_open("second", True, ACTOR)
    assert place.there.person(place.session("ada")) is not None


def test_an_opened_account_has_its_places_again(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    place.people.set_enabled("ada", False, ACTOR)
    assert [seat.is_closed for seat in place.desks.get("second").members] == [True]
    place.people.set_enabled("ada", True, ACTOR)
    assert place.there.person(place.session("ada")) is not None
    assert [account.disabled for account in place.there.all()] == [False]


LOOK = {"all", "person", "is_of_closed_account", "knows_device", "owner_of_link"}
"""What can be asked of a desk's accounts, and changes nothing."""
OWN = {"close", "sign_out", "needs_old_password", "password_seen"}
"""What changes nothing where there is neither a session nor a password."""


def test_accounts_are_not_changed_at_a_desk(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    before = place.there.all()
    methods = {name for name in dir(People) if not name.startswith("_")} - LOOK - OWN
    assert len(methods) > 9
    for name in methods:
        with pytest.raises(ConflictError, match="whole deployment"):
            getattr(place.there, name)("ada", Role.ADMIN, ACTOR)
    assert place.there.all() == before


def test_a_token_is_of_one_desk(place: Place) -> None:
    place.desks.add_member("second", "root", Role.ADMIN, ACTOR)
    with closing(TokenBook(place.database)) as home:
        here = home.make("root", "script", [TokenScope.STATS], 30, ACTOR)
        there = place.tokens.make("root", "script", [TokenScope.STATS], 30, ACTOR)
        assert (here.view.id, there.view.id) == (1, 1)
        assert home.person(here.secret) is not None
        assert place.tokens.person(there.secret) is not None
        assert home.person(there.secret) is None
        assert place.tokens.person(here.secret) is None


def test_who_works_at_desks_alone_may_do_nothing_at_home(place: Place) -> None:
    place.people.add("eve", Role.REVIEWER, ACTOR, is_away=True)
    place.desks.add_member("second", "eve", Role.REVIEWER, ACTOR)
    token = place.session("eve")
    person = place.people.person(token)
    assert person is not None
    with pytest.raises(NotAllowedError):
        require(person, Permission.REVIEW)
    there = place.there.person(token)
    assert there is not None
    assert there.may(Permission.REVIEW)
    place.desks.add_member(HOME, "eve", Role.REVIEWER, ACTOR)
    person = place.people.person(token)
    assert person is not None
    assert person.may(Permission.REVIEW)
    with pytest.raises(ConflictError, match="already"):
        place.desks.add_member(HOME, "eve", Role.REVIEWER, ACTOR)


def test_the_last_admin_keeps_their_place_at_home(place: Place) -> None:
    with pytest.raises(ConflictError, match="only admin"):
        place.desks.remove_member(HOME, "root", ACTOR)
    place.people.add("bo", Role.ADMIN, ACTOR)
    place.desks.remove_member(HOME, "root", ACTOR)
    with pytest.raises(ConflictError, match="only admin"):
        place.people.set_enabled("bo", False, ACTOR)


def test_unknown_names_are_told(place: Place) -> None:
    for desk, name in (("third", "ada"), ("second", "eve")):
        with pytest.raises(NotFoundError):
            place.desks.add_member(desk, name, Role.REVIEWER, ACTOR)
        with pytest.raises(NotFoundError):
            place.desks.remove_member(desk, name, ACTOR)
    with pytest.raises(ConflictError, match="no place there"):
        place.desks.remove_member("second", "ada", ACTOR)


def test_the_log_tells_all_of_it_in_both_databases(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    place.desks.add_member("second", "ada", Role.ADMIN, ACTOR)
    place.desks.remove_member("second", "ada", ACTOR)
    place.desks.set_open("second", False, ACTOR)
    place.desks.set_open("second", True, ACTOR)
    place.desks.rename("second", "Another title", ACTOR)
    place.people.add("eve", Role.REVIEWER, ACTOR, is_away=True)
    assert kinds(place.database)[2:9] == [
        AuditKind.DESK_ADDED,
        AuditKind.MEMBER_ADDED,
        AuditKind.MEMBER_REMOVED,
        AuditKind.MEMBER_ADDED,
        AuditKind.MEMBER_REMOVED,
        AuditKind.DESK_CLOSED,
        AuditKind.DESK_REOPENED,
    ]
    added, role, gone = AuditKind.USER_ADDED, AuditKind.ROLE_CHANGED, AuditKind.USER_DISABLED
    assert kinds(place.other) == [added, role, gone]
    for database in (place.database, place.other):
        assert integrity.check(database).findings == ()


def test_what_is_as_it_should_be_is_not_written_again(place: Place) -> None:
    place.desks.add_member("second", "ada", Role.REVIEWER, ACTOR)
    before = kinds(place.other)
    place.desks.settle(ACTOR)
    assert kinds(place.other) == before
