"""Rows that decide and the events that tell of them are stored together, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from storage.database import Database
from storage.enums import BulkKind, Channel, ItemState, LabelValue
from storage.models import ApiToken, ScoreFile, SkillWeights, SubscriptionRow
from storage.repositories import Repositories
from storage.repositories.alarms import RaisedAlarm
from storage.types import utc_now
from tests.factories import ACTOR, Factory
from tests.migrations.snapshots import rows

Write = Callable[[Repositories], None]


def _attempt(repos: Repositories) -> None:
    repos.attempts.add("checkpoint-1", "8 verdicts", ACTOR)


def _alarm(repos: Repositories) -> None:
    repos.alarms.add(1, "the audits turned", [RaisedAlarm("fake", "change_detection", None)])


def _file(repos: Repositories) -> None:
    counts: dict[str, Any] = {"rows": 1, "scores": {}, "images": 0, "labels": 0}
    repos.taken_files.add(ScoreFile(name="s.csv", sha256="ab" * 32, taken_by=ACTOR, **counts))


def _comparison(repos: Repositories) -> None:
    repos.comparisons.add("checkpoint-1", "checkpoint-1", {"labels": 1}, ACTOR)


def _token(repos: Repositories) -> None:
    owner = repos.users.all()[0]
    token = ApiToken(user_id=owner.id, name="ci", scopes=["stats"], token_sha256="ab" * 32)
    token.expires_at = utc_now() + timedelta(days=1)
    repos.tokens.add(token, ACTOR)


def _subscription(repos: Repositories) -> None:
    columns: dict[str, Any] = {"topics": ["item.resolved"], "language": "en", "hears_items": True}
    row = SubscriptionRow(name="hook", channel=Channel.WEBHOOK, address="", salt="0", **columns)
    repos.subscriptions.add(row, ACTOR)


def _action(repos: Repositories) -> None:
    repos.bulk_actions.ask(BulkKind.TAG, "key-of-a-form", {"zone": ""}, {"tag": "x"}, ACTOR)


def _second_look(repos: Repositories) -> None:
    (item,) = repos.items.in_state(ItemState.IN_REVIEW, 1)
    (label,) = repos.labels.in_force(item.id)
    repos.second_looks.add(item.id, label.id, 0.1)


def _skill_weights(repos: Repositories) -> None:
    row = SkillWeights(as_of=utc_now(), usual=1.25, weights={"7": [1.5, 0.1], "12": [2, 1 / 3]})
    repos.skill_weights.add(row)


def _desk(repos: Repositories) -> None:
    repos.desks.add("second", "Second queue", ACTOR)


WRITES = {
    "certification_attempt": _attempt,
    "alarm": _alarm,
    "score_file": _file,
    "comparison": _comparison,
    "api_token": _token,
    "subscription": _subscription,
    "bulk_action": _action,
    "second_look": _second_look,
    "skill_weights": _skill_weights,
    "desk": _desk,
}


@pytest.fixture
def ready(database: Database, factory: Factory) -> Database:
    factory.policy()
    factory.label(factory.admin(), factory.item(), LabelValue.REAL)
    return database


@pytest.mark.parametrize("table", WRITES)
def test_a_transaction_that_fails_leaves_neither(table: str, ready: Database) -> None:
    before = rows(ready)

    def fail() -> None:
        with ready.write() as repos:
            WRITES[table](repos)
            raise OSError("the power goes")

    with pytest.raises(OSError, match="the power goes"):
        fail()
    assert rows(ready) == before


@pytest.mark.parametrize("table", WRITES)
def test_a_part_of_a_transaction_that_fails_leaves_neither(table: str, ready: Database) -> None:
    def fail(repos: Repositories) -> None:
        WRITES[table](repos)
        raise OSError("this part is refused")

    before = rows(ready)
    with ready.together() as parts:
        with pytest.raises(OSError, match="refused"), parts.write() as repos:
            fail(repos)
        with parts.write() as repos:
            WRITES[table](repos)
    after = rows(ready)
    assert [row["id"] for row in after[table]] == [1]
    assert len(after["audit_event"]) == len(before["audit_event"]) + 1


@pytest.mark.parametrize("table", WRITES)
def test_each_is_a_row_and_an_event_of_the_same_time(table: str, ready: Database) -> None:
    before = rows(ready)
    with ready.write() as repos:
        WRITES[table](repos)
    after = rows(ready)
    (row,) = after[table]
    (event,) = after["audit_event"][len(before["audit_event"]) :]
    assert event["at"] in row.values()
    assert event["seals"] is None, "the event tells all that the row says"
