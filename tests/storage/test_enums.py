"""A column that holds one of a few values knows which, and takes no other."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Enum
from sqlalchemy.exc import StatementError

from storage import enums
from storage.database import Database
from storage.enums import PolicyState, Route, TriageFlag
from storage.models import Base
from tests.factories import Factory


def _columns() -> dict[str, type[Any]]:
    return {
        f"{table.name}.{column.name}": column.type.enum_class
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum) and column.type.enum_class is not None
    }


def test_every_enum_of_storage_is_that_of_a_column() -> None:
    declared = {
        each
        for each in vars(enums).values()
        if isinstance(each, type) and each.__mro__[1] is StrEnum
    }
    assert set(_columns().values()) == declared


@pytest.mark.parametrize(
    ("column", "enum"),
    [
        ("policy.state", PolicyState),
        ("decision.route", Route),
        ("decision.proposal", Route),
        ("decision.mark", TriageFlag),
        ("alarm.doubtful_route", Route),
    ],
)
def test_what_the_policy_says_is_one_of_a_closed_set(column: str, enum: type[StrEnum]) -> None:
    assert _columns()[column] is enum


@pytest.mark.parametrize("values", [{"route": "acept_real"}, {"mark": "maybe"}])
def test_no_other_value_is_stored(
    values: dict[str, str], database: Database, factory: Factory
) -> None:
    item = factory.item()
    with pytest.raises(StatementError, match="is not among the defined enum values"):
        factory.decision(item, **values)
    with database.read() as repos:
        assert not repos.decisions.any_of(item)


def test_what_is_stored_is_read_as_a_member(database: Database, factory: Factory) -> None:
    item = factory.item()
    factory.decision(item, route="review", proposal="accept_fake", mark="retrain")
    with database.read() as repos:
        decision = repos.decisions.of_item(item)
        policy = repos.policies.current()
    assert decision is not None
    assert policy is not None
    assert policy.state is PolicyState.LEARNING
    assert (decision.route, decision.proposal, decision.mark) == (
        Route.REVIEW,
        Route.ACCEPT_FAKE,
        TriageFlag.RETRAIN,
    )
    assert isinstance(decision.route, Route)
