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
PROGRAM = Person(1, "root", Role.ADMIN, Token(1, frozenset(TokenScope)))


def test_every_role_has_its_grants() -> None:
    assert set(GRANTS) == set(Role)


def test_admins_may_do_everything_and_reviewers_review_and_inspect() -> None:
    assert {p for p in Permission if ADMIN.may(p)} == set(Permission)
    own = {Permission.REVIEW, Permission.INSPECT, Permission.READ_CARD}
    assert {p for p in Permission if REVIEWER.may(p)} == own


@pytest.mark.parametrize("permission", Permission)
def test_somebody_who_is_not_signed_in_may_do_nothing(permission: Permission) -> None:
    with pytest.raises(NotAllowedError, match="sign in first"):
        require(None, permission)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("person", [ADMIN, REVIEWER])
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
        ("/account", Area.REVIEW),
        ("/account/password", Area.REVIEW),
        ("/static/app.css", Area.OPEN),
        ("/healthz", Area.OPEN),
        ("/readyz", Area.OPEN),
        ("/", Area.REVIEW),
        ("/review", Area.REVIEW),
        ("/media/1", Area.REVIEW),
        ("/api/v1/take", Area.REVIEW),
        ("/openapi.json", Area.REVIEW),
        ("/loginx", Area.REVIEW),
        ("/staticfiles", Area.REVIEW),
        ("/admin", Area.ADMIN),
        ("/admin/gradio_api/queue/join", Area.ADMIN),
        ("/api/v1/admin/users", Area.ADMIN),
        ("/exports/labels.csv", Area.ADMIN),
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
            ("admin", ADMIN),
            ("program", PROGRAM),
        )
        for area in Area
    }
    assert {door for door, opens in doors.items() if opens} == {
        ("nobody", Area.OPEN),
        ("reviewer", Area.OPEN),
        ("reviewer", Area.REVIEW),
        ("admin", Area.OPEN),
        ("admin", Area.REVIEW),
        ("admin", Area.ADMIN),
        ("reviewer", Area.PROGRAMS),
        ("admin", Area.PROGRAMS),
        ("program", Area.OPEN),
        ("program", Area.PROGRAMS),
    }


@given(st.sampled_from(["/admin", "/api/v1/admin", "/exports"]), st.text())
def test_nothing_below_an_admin_path_opens_to_reviewers(prefix: str, rest: str) -> None:
    assert not may_enter(REVIEWER, area_of(f"{prefix}/{rest}"))


@given(st.text())
def test_what_nobody_listed_needs_a_sign_in(name: str) -> None:
    assert not may_enter(None, area_of(f"/x{name}"))
