"""Who may do what, and which door leads where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import (
    GRANTS,
    Area,
    Permission,
    Person,
    Token,
    TokenScope,
    area_of,
    may_enter,
    require,
)
from storage.enums import Role

ADMIN, REVIEWER = Person(1, "root", Role.ADMIN), Person(2, "ada", Role.REVIEWER)
LEAD = Person(3, "ada", Role.LEAD)
PROGRAM = Person(1, "root", Role.ADMIN, Token(1, frozenset(TokenScope)))
AWAY = Person(3, "eve", Role.ADMIN, is_away=True)


def test_every_role_has_its_grants() -> None:
    assert set(GRANTS) == set(Role)


def test_each_role_may_do_what_the_one_below_may_and_more() -> None:
    assert {p for p in Permission if ADMIN.may(p)} == set(Permission)
    own = {Permission.REVIEW, Permission.INSPECT, Permission.READ_CARD}
    assert {p for p in Permission if REVIEWER.may(p)} == own
    watches = {Permission.ADJUDICATE, Permission.SEE_QUEUE, Permission.SEE_PEOPLE}
    assert {p for p in Permission if LEAD.may(p)} == own | watches | {Permission.MOVE_IMAGES}


@pytest.mark.parametrize("permission", Permission)
def test_somebody_who_is_not_signed_in_may_do_nothing(permission: Permission) -> None:
    with pytest.raises(NotAllowedError, match="sign in first"):
        require(None, permission)


def test_who_has_no_place_in_this_queue_may_do_nothing_in_it() -> None:
    assert [p for p in Permission if AWAY.may(p)] == []


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("person", [ADMIN, LEAD, REVIEWER])
def test_requiring_agrees_with_the_grants_and_names_who_was_refused(
    person: Person, permission: Permission
) -> None:
    if person.may(permission):
        assert require(person, permission) is person
    else:
        with pytest.raises(NotAllowedError, match=f"ada .*{permission}"):
            require(person, permission)


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/login", Area.OPEN),
        ("/login/link/abc", Area.OPEN),
        ("/account", Area.ACCOUNT),
        ("/account/password", Area.ACCOUNT),
        ("/static/app.css", Area.OPEN),
        ("/healthz", Area.OPEN),
        ("/readyz", Area.OPEN),
        ("/", Area.ACCOUNT),
        ("/review", Area.REVIEW),
        ("/media/1", Area.REVIEW),
        ("/api/v1/take", Area.REVIEW),
        ("/openapi.json", Area.REVIEW),
        ("/loginx", Area.REVIEW),
        ("/staticfiles", Area.REVIEW),
        ("/admin", Area.ADMIN),
        ("/admin/gradio_api/queue/join", Area.ADMIN),
        ("/api/v1/admin/users", Area.ADMIN),
        ("/exports/labels.csv", Area.EXPORTS),
        ("/metrics", Area.PROGRAMS),
        ("/api/v1/me", Area.PROGRAMS),
        ("/api/v1/openapi.json", Area.PROGRAMS),
    ],
)
def test_each_path_lies_in_one_area(path: str, area: Area) -> None:
    assert area_of(path) is area


def test_doors_open_for_those_they_should() -> None:
    doors = {
        (who, area): may_enter(person, area)
        for who, person in (
            ("nobody", None),
            ("reviewer", REVIEWER),
            ("lead", LEAD),
            ("admin", ADMIN),
            ("program", PROGRAM),
            ("away", AWAY),
        )
        for area in Area
    }
    assert {door for door, opens in doors.items() if opens} == {
        ("nobody", Area.OPEN),
        ("reviewer", Area.OPEN),
        ("reviewer", Area.ACCOUNT),
        ("reviewer", Area.REVIEW),
        ("admin", Area.OPEN),
        ("admin", Area.ACCOUNT),
        ("admin", Area.REVIEW),
        ("admin", Area.ADMIN),
        ("admin", Area.EXPORTS),
        ("lead", Area.OPEN),
        ("lead", Area.ACCOUNT),
        ("lead", Area.REVIEW),
        ("lead", Area.ADMIN),
        ("lead", Area.PROGRAMS),
        ("reviewer", Area.PROGRAMS),
        ("admin", Area.PROGRAMS),
        ("program", Area.OPEN),
        ("program", Area.PROGRAMS),
        ("away", Area.OPEN),
        ("away", Area.ACCOUNT),
    }


@given(st.sampled_from(["/admin", "/api/v1/admin", "/exports"]), st.text())
def test_nothing_below_an_admin_path_opens_to_reviewers(prefix: str, rest: str) -> None:
    assert not may_enter(REVIEWER, area_of(f"{prefix}/{rest}"))


@given(st.text())
def test_what_nobody_listed_needs_a_sign_in(name: str) -> None:
    assert not may_enter(None, area_of(f"/x{name}"))
