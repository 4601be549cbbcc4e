"""Accounts whose names people would take for one another: refused, in words, and told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from review_app.core.errors import ConflictError, InputError
from review_app.people import People
from review_app.people.lookalikes import are_confusable, confusable_pairs, mixed_word
from storage.database import Database
from storage.enums import Role
from storage.models import User

CYRILLIC_A = "\u0430"


@pytest.fixture
def people(database: Database) -> Iterator[People]:
    people = People(database, session_hours=12, link_minutes=60)
    yield people
    people.close()


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "ADA",
        f"Ad{CYRILLIC_A}",
        "\u0410\u0501\u0430",  # all of it Cyrillic
        "\u0391d\u03b1",  # Greek
        "\uff21\uff44\uff41",  # wide letters
        "\U0001d400\U0001d41d\U0001d41a",  # bold letters of mathematics
        "A\ufe0fda",  # a sign that nobody sees
        "Ada\u3164",
    ],
)
def test_a_name_that_is_easily_taken_for_anothers_is_refused(name: str, people: People) -> None:
    people.add("Ada", Role.REVIEWER, "root")
    with pytest.raises((ConflictError, InputError)):
        people.add(name, Role.ADMIN, "root", "correct horse")
    assert [account.name for account in people.all()] == ["Ada"]


def test_the_refusal_names_the_other_and_says_what_to_do(people: People) -> None:
    people.add("Ada", Role.REVIEWER, "root")
    with pytest.raises(ConflictError, match=r"'ada' is easily taken for 'Ada'"):
        people.add("ada", Role.REVIEWER, "root")
    with pytest.raises(InputError, match="mixes Cyrillic and Latin letters"):
        people.add(f"Bo{CYRILLIC_A}z", Role.REVIEWER, "root")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ian", "lan"),
        ("Bill", "BiI1"),
        ("Bob", "\u0412\u041e\u0412"),  # Cyrillic capitals, that look like BOB
        ("Tom", "\u0422\u043e\u043c"),
        ("\u03a5\u0391\u039d", "\u03c5\u03b1\u03bd"),  # Greek, capitals and small letters
        ("Zo\u00eb", "ZOE\u0308"),
        ("Marn", "Mam"),
        ("O'Neil", "O\u2019Neil"),
        ("Ana-Lu", "ana\u2010lu"),
        ("user0", "userO"),
        ("Ada B", "Ada  B"),
    ],
)
def test_names_that_look_alike_are_confusable(one: str, other: str) -> None:
    assert are_confusable(one, other)
    assert confusable_pairs(["Cleo", one, other]) == [(one, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada", "Adam"),
        ("Ian", "Lan"),
        ("Jos\u00e9", "Jose"),
        ("Anna", "\u0410\u043d\u043d\u0430"),  # the same name, in letters that look different
        ("reviewer-1", "reviewer-2"),
        ("reviewer-1", "reviewer-11"),
        ("\u5f20\u4f1f", "\u5f20\u78ca"),
    ],
)
def test_names_that_look_different_are_not(one: str, other: str, people: People) -> None:
    assert not are_confusable(one, other)
    people.add(one, Role.REVIEWER, "root")
    people.add(other, Role.REVIEWER, "root")


@pytest.mark.parametrize(
    "name",
    ["Ada (\u041c\u043e\u0441\u043a\u0432\u0430)", "\u5f20Wei", "Zo\u00eb 2", "r-77", "\u00d8"],
)
def test_a_name_may_have_words_of_different_alphabets(name: str) -> None:
    assert mixed_word(name) is None


def test_accounts_of_before_go_on_and_are_told(database: Database, people: People) -> None:
    names = ["Ada", "ada", f"Ad{CYRILLIC_A}"]
    with database.write() as repos:
        for i, name in enumerate(names):
            repos.users.add(User(name=name, role=Role.REVIEWER, pseudonym=f"r-{i}"))
    for name in names:
        person = people.person(people.redeem_link(people.make_link(name, "root")))
        assert person is not None
        assert person.name == name, "a name signs in exactly as it is written"
    people.set_enabled("ada", False, "root")
    people.set_enabled("ada", True, "root")
    assert len(confusable_pairs(account.name for account in people.all())) == 3
