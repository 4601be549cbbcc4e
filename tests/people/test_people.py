"""Accounts and sign-in: who gets in, for how long, and what a copy of the database gives away."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select, update

from review_app.core.errors import (
    ChangedSinceError,
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
)
from review_app.core.permissions import Person
from review_app.people import MAX_PASSWORD, MIN_PASSWORD, People, credentials
from storage.database import Database
from storage.enums import AuditKind, Role
from storage.models import SignInLink, User, UserSession
from storage.repositories.people import MAX_DEVICES
from storage.types import utc_now

PASSWORD = "correct horse"


@pytest.fixture
def people(database: Database) -> Iterator[People]:
    people = People(database, session_hours=12, link_minutes=60)
    yield people
    people.close()


def _kinds(database: Database) -> list[AuditKind]:
    with database.read() as repos:
        return [event.kind for event in reversed(repos.event_history.latest(100))]


def test_a_password_is_kept_as_argon2id_only(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    with database.read() as repos:
        user = repos.users.by_name("ada")
        assert user is not None
        assert user.password_hash is not None
        assert user.password_hash.startswith("$argon2id$")
        cost = extract_parameters(user.password_hash)
        assert (cost.memory_cost, cost.time_cost) >= (2**16, 3), "as in RFC 9106, section 4"
    assert PASSWORD not in _whole_file(database)


def test_the_right_password_signs_in_and_a_wrong_one_does_not(people: People) -> None:
    people.add("ada", Role.ADMIN, "root", PASSWORD)
    person = people.person(people.sign_in(" ada ", PASSWORD))
    assert person is not None
    assert (person.name, person.role) == ("ada", Role.ADMIN)
    for password in ("wrong horse", "", PASSWORD + "x" * MAX_PASSWORD, "x" * 10_000_000):
        with pytest.raises(NotAllowedError, match="name or password is wrong"):
            people.sign_in("ada", password)


def test_an_unknown_name_costs_as_much_as_a_wrong_password() -> None:
    real = credentials.hash_password(PASSWORD)
    assert extract_parameters(credentials._NOBODY) == extract_parameters(real)
    with pytest.raises(VerifyMismatchError):  # and not because it is none that can be verified
        credentials._hasher.verify(credentials._NOBODY, PASSWORD)


def test_nobody_learns_whether_a_name_exists(people: People) -> None:
    people.add("linked", Role.REVIEWER, "root")
    people.add("closed", Role.REVIEWER, "root", PASSWORD)
    people.set_enabled("closed", False, "root")
    for name in ("linked", "closed", "nobody", ""):
        with pytest.raises(NotAllowedError, match=r"^name or password is wrong$"):
            people.sign_in(name, PASSWORD)


@pytest.mark.parametrize("password", ["x" * (MIN_PASSWORD - 1), "x" * (MAX_PASSWORD + 1)])
def test_too_short_or_too_long_a_password_is_refused(password: str, people: People) -> None:
    with pytest.raises(InputError, match="characters"):
        people.add("ada", Role.REVIEWER, "root", password)
    assert people.all() == []


def test_an_older_weaker_hash_is_renewed_at_sign_in(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    weak = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
    with database.write() as repos:
        repos.session.execute(update(User).values(password_hash=weak))
    people.sign_in("ada", PASSWORD)
    with database.read() as repos:
        (user,) = repos.users.all()
        assert user.password_hash not in (None, weak)
    people.sign_in("ada", PASSWORD)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "new\nline", "zero\u200bwidth", "\u202eada"])
def test_unusable_names_are_refused(name: str, people: People) -> None:
    with pytest.raises(InputError, match="printable"):
        people.add(name, Role.REVIEWER, "root")


def test_a_name_is_taken_however_its_accents_are_typed(people: People) -> None:
    people.add("Zoe\u0308", Role.REVIEWER, "root", PASSWORD)
    with pytest.raises(ConflictError, match="choose another name"):
        people.add(" Zo\u00eb ", Role.REVIEWER, "root")
    assert people.person(people.sign_in("Zo\u00eb", PASSWORD)) is not None
    assert people.make_link("Zoe\u0308", "root")


def test_ensuring_an_account_makes_it_once_even_from_many_threads(people: People) -> None:
    with ThreadPoolExecutor(8) as pool:
        accounts = list(pool.map(lambda _: people.ensure("ada", Role.ADMIN, "demo"), range(16)))
    assert {account.id for account in accounts} == {accounts[0].id}
    assert people.ensure("ada", Role.REVIEWER, "demo").role is Role.ADMIN
    assert len(people.all()) == 1


def test_pseudonyms_tell_nothing_of_the_name(people: People) -> None:
    accounts = [people.add(name, Role.REVIEWER, "root") for name in ("olga", "ben")]
    assert len({account.pseudonym for account in accounts}) == 2
    assert not any(account.name in account.pseudonym for account in accounts)


def test_a_disabled_user_is_out_at_once_and_does_not_come_back_by_old_ways(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    session = people.sign_in("ada", PASSWORD)
    link = people.make_link("ada", "root")
    people.set_enabled("ada", False, "root")
    assert people.person(session) is None
    with pytest.raises(NotAllowedError):
        people.redeem_link(link)
    with pytest.raises(NotFoundError):
        people.make_link("ada", "root")
    people.set_enabled("ada", True, "root")
    assert people.person(session) is None
    with pytest.raises(NotAllowedError):
        people.redeem_link(link)
    assert people.person(people.sign_in("ada", PASSWORD)) is not None


def test_the_last_admin_cannot_be_disabled(people: People) -> None:
    people.add("root", Role.ADMIN, "start")
    people.add("ada", Role.REVIEWER, "root")
    with pytest.raises(ConflictError, match="only admin"):
        people.set_enabled("root", False, "root")
    people.add("other", Role.ADMIN, "root")
    people.set_enabled("root", False, "other")
    with pytest.raises(ConflictError, match="only admin"):
        people.set_enabled("other", False, "other")


def test_nobody_locks_the_last_admin_out(people: People) -> None:
    people.add("root", Role.ADMIN, "start")
    people.add("ada", Role.LEAD, "root")
    changes: tuple[Callable[[], object], ...] = (
        lambda: people.set_role("root", Role.LEAD, "root"),
        lambda: people.reset_sign_in("root", "root"),
        lambda: people.sign_out_everywhere("root", "root"),
    )
    for change in changes:
        with pytest.raises(ConflictError, match="only admin"):
            change()
    assert people.set_role("ada", Role.ADMIN, "root")
    assert people.set_role("root", Role.LEAD, "ada")


def test_a_last_admin_with_a_password_may_be_signed_out(people: People) -> None:
    people.add("root", Role.ADMIN, "start", PASSWORD)
    session = people.sign_in("root", PASSWORD)
    assert people.sign_out_everywhere("root", "cli") == 1
    assert people.person(session) is None
    assert people.person(people.sign_in("root", PASSWORD)) is not None


def test_two_admins_who_take_the_role_from_each_other_at_once_leave_one(people: People) -> None:
    people.add("a", Role.ADMIN, "start")
    people.add("b", Role.ADMIN, "start")

    def demote(name: str) -> bool:
        try:
            return people.set_role(name, Role.REVIEWER, "the other")
        except ConflictError:
            return False

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(demote, "ab")) == [False, True]


def test_another_role_holds_at_once_and_is_told(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root")
    session = people.redeem_link(people.make_link("ada", "root"))
    assert people.set_role("ada", Role.LEAD, "root", Role.REVIEWER)
    person = people.person(session)
    assert person is not None
    assert person.role is Role.LEAD
    assert not people.set_role("ada", Role.LEAD, "root")
    with pytest.raises(ChangedSinceError, match="made lead since by root"):
        people.set_role("ada", Role.ADMIN, "root", Role.REVIEWER)
    with database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.ROLE_CHANGED)
    assert event.details == {"name": "ada", "was": "reviewer", "role": "lead", "given_back": 0}


def test_a_reset_leaves_the_new_link_as_the_one_way_in(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    session, old = people.sign_in("ada", PASSWORD), people.make_link("ada", "root")
    device = people.remember_device(of(people, session), None)
    new = people.reset_sign_in("ada", "root")
    assert people.person(session) is None
    assert not people.knows_device("ada", device)
    ways: tuple[Callable[[], str], ...] = (
        lambda: people.sign_in("ada", PASSWORD),
        lambda: people.redeem_link(old),
    )
    for way in ways:
        with pytest.raises(NotAllowedError):
            way()
    assert of(people, people.redeem_link(new)).name == "ada"


def of(people: People, session: str) -> Person:
    """Whose session it is."""
    person = people.person(session)
    assert person is not None
    return person


def test_two_admins_who_disable_each_other_at_once_leave_one(people: People) -> None:
    people.add("a", Role.ADMIN, "start")
    people.add("b", Role.ADMIN, "start")

    def disable(name: str) -> bool:
        try:
            people.set_enabled(name, False, "the other")
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(disable, "ab")) == [False, True]


def test_an_unknown_user_cannot_be_disabled(people: People) -> None:
    with pytest.raises(NotFoundError, match="'ada'"):
        people.set_enabled("ada", False, "root")


def test_a_link_signs_in_once(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root")
    link = people.make_link("ada", "root")
    person = people.person(people.redeem_link(link))
    assert person is not None
    assert person.name == "ada"
    with pytest.raises(NotAllowedError, match="used already"):
        people.redeem_link(link)


def test_a_link_followed_twice_at_once_signs_in_once(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root")
    link = people.make_link("ada", "root")

    def follow(_: int) -> bool:
        try:
            people.redeem_link(link)
        except NotAllowedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(follow, range(4))) == 1


def test_links_and_sessions_run_out(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root")
    session = people.redeem_link(people.make_link("ada", "root"))
    link = people.make_link("ada", "root")
    with database.write() as repos:
        for table in (UserSession, SignInLink):
            repos.session.execute(update(table).values(expires_at=utc_now()))
    assert people.person(session) is None
    with pytest.raises(NotAllowedError, match="run out"):
        people.redeem_link(link)


def test_signing_out_ends_that_session_only(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    first, second = (people.sign_in("ada", PASSWORD) for _ in range(2))
    people.sign_out(first)
    assert people.person(first) is None
    assert people.person(second) is not None


@pytest.mark.parametrize("token", [None, "", "unknown", "x" * 10_000])
def test_a_token_that_is_none_belongs_to_nobody(token: str | None, people: People) -> None:
    assert people.person(token) is None


@pytest.mark.parametrize(
    "begin",
    [
        lambda people: people.sign_in("ada", PASSWORD),
        lambda people: people.make_link("ada", "root"),
        lambda people: people.redeem_link(people.make_link("ada", "root")),
    ],
    ids=["session by password", "link", "session by link"],
)
def test_a_copy_of_the_database_signs_nobody_in(
    begin: Callable[[People], str], people: People, database: Database
) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    token = begin(people)
    assert len(token) >= 43  # 256 bits
    stored = _whole_file(database)
    assert token not in stored
    assert hashlib.sha256(token.encode()).hexdigest() in stored


def test_what_happens_to_accounts_is_logged_once(people: People, database: Database) -> None:
    people.add("root", Role.ADMIN, "start")
    people.add("ada", Role.REVIEWER, "root")
    people.redeem_link(people.make_link("ada", "root"))
    for enabled in (False, False, True, True):
        people.set_enabled("ada", enabled, "root")
    assert _kinds(database) == [
        AuditKind.USER_ADDED,
        AuditKind.USER_ADDED,
        AuditKind.LINK_MADE,
        AuditKind.SIGNED_IN,
        AuditKind.USER_DISABLED,
        AuditKind.USER_ENABLED,
    ]


def _whole_file(database: Database) -> str:
    raw = sqlite3.connect(str(database.engine.url.database))
    text = "\n".join(raw.iterdump())
    raw.close()
    return text


def test_a_session_ends_when_nobody_uses_it(database: Database) -> None:
    people = People(database, session_hours=12, link_minutes=60, idle_minutes=30)
    people.add("ada", Role.REVIEWER, "root")
    session = people.redeem_link(people.make_link("ada", "root"))
    _seen(database, minutes_ago=29)
    assert people.person(session, is_active=False) is not None
    assert people.person(session) is not None
    people.close()  # it is kept aside
    with database.read() as repos:
        row = repos.session.scalars(select(UserSession)).one()
        assert row.last_seen_at is not None
        assert row.last_seen_at > utc_now() - timedelta(minutes=1)
    _seen(database, minutes_ago=31)
    assert people.person(session) is None


def test_what_a_page_asks_for_by_itself_keeps_no_session_open(database: Database) -> None:
    people = People(database, session_hours=12, link_minutes=60, idle_minutes=30)
    people.add("ada", Role.REVIEWER, "root")
    session = people.redeem_link(people.make_link("ada", "root"))
    _seen(database, minutes_ago=29)
    assert people.person(session, is_active=False) is not None
    people.close()
    with database.read() as repos:
        row = repos.session.scalars(select(UserSession)).one()
        assert row.last_seen_at is not None
        assert row.last_seen_at < utc_now() - timedelta(minutes=28)


def test_a_session_of_before_counts_as_seen_when_it_began(
    people: People, database: Database
) -> None:
    people.add("ada", Role.REVIEWER, "root")
    session = people.redeem_link(people.make_link("ada", "root"))
    with database.write() as repos:
        repos.session.execute(update(UserSession).values(last_seen_at=None))
    assert people.person(session, is_active=False) is not None


def test_a_new_link_ends_older_ones_of_that_user_only(people: People) -> None:
    for name in ("ada", "ben"):
        people.add(name, Role.REVIEWER, "root")
    older, other, newer = (people.make_link(name, "root") for name in ("ada", "ben", "ada"))
    with pytest.raises(NotAllowedError, match="used already or has run out"):
        people.redeem_link(older)
    for link in (other, newer):
        assert people.redeem_link(link)


def test_a_link_tells_whose_it_is_as_long_as_it_works(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root")
    link = people.make_link("ada", "root")
    assert [people.owner_of_link(link).name for _ in range(3)] == ["ada"] * 3
    people.redeem_link(link)
    for token in (link, "made up", ""):
        with pytest.raises(NotAllowedError):
            people.owner_of_link(token)


def test_a_user_has_so_many_known_browsers_at_most(people: People, database: Database) -> None:
    people.add("ada", Role.REVIEWER, "root")
    person = people.person(people.redeem_link(people.make_link("ada", "root")))
    assert person is not None
    devices = [people.remember_device(person, None) for _ in range(MAX_DEVICES + 2)]
    known = [people.knows_device("ada", device) for device in devices]
    assert known == [False, False] + [True] * MAX_DEVICES
    assert not any(device in _whole_file(database) for device in devices)


def test_a_password_changed_from_two_places_at_once_is_that_of_the_first(people: People) -> None:
    people.add("ada", Role.REVIEWER, "root", PASSWORD)
    sessions = [people.sign_in("ada", PASSWORD) for _ in range(2)]
    person = people.person(sessions[0])
    assert person is not None

    def change(n: int) -> bool:
        try:
            people.change_password(person, sessions[n], PASSWORD, f"password number {n}")
        except NotAllowedError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(change, range(2))) == [False, True]


def _seen(database: Database, minutes_ago: float) -> None:
    at = utc_now() - timedelta(minutes=minutes_ago)
    with database.write() as repos:
        repos.session.execute(update(UserSession).values(last_seen_at=at))
