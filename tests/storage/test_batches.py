"""Decisions written together: all or none, and the log tells on whoever rewrites one."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from storage.database import Database
from storage.enums import AuditKind
from storage.models import DecisionRow
from storage.repositories.batches import Alike
from storage.types import utc_now
from tests.factories import Factory


def _alike(factory: Factory, item_ids: list[int], **values: Any) -> Alike:
    columns = {
        "policy_version": factory.policy(),
        "checkpoint_id": factory.checkpoint(),
        "head": "variational",
        "route": "review",
        "proposal": None,
        "reasons": ["cold_start"],
        "mark": None,
        "audited": False,
        "audit_probability": 0.05,
        "inclusion_probability": 1.0,
        "group_name": None,
        "decided_at": utc_now(),
        **values,
    }
    return Alike(item_ids, columns)


def _add(database: Database, *groups: Alike) -> None:
    with database.write() as repos:
        repos.batches.add(AuditKind.TRIAGED, "ada", groups, {"policy_version": 1})


def _first_broken(database: Database) -> int | None:
    with database.read() as repos:
        return repos.batches.first_broken()


def _rewrite(database: Database, statement: str) -> None:
    """Do what only somebody with the file and the will can do."""
    with sqlite3.connect(str(database.engine.url.database)) as raw:
        for verb in ("update", "delete"):
            raw.execute(f"DROP TRIGGER decision_no_{verb}")
        raw.execute(statement)
    raw.close()


@pytest.fixture
def decided(database: Database, factory: Factory) -> list[int]:
    """Two batches of three items, of two kinds each."""
    ids = factory.items(6)
    for p_fake, item_id in enumerate(ids):
        factory.prediction(item_id, p_fake=p_fake / 10, novelty=None if p_fake % 2 else 1.5)
    for batch in (ids[:3], ids[3:]):
        alike = _alike(factory, batch[:1]), _alike(factory, batch[1:], route="accept_real")
        _add(database, *alike)
    return ids


def test_each_item_gets_what_its_group_shares_and_its_own_scores(
    database: Database, decided: list[int]
) -> None:
    with database.read() as repos:
        rows = repos.session.query(DecisionRow).order_by(DecisionRow.item_id).all()
    assert [row.item_id for row in rows] == decided
    assert [row.p_fake for row in rows] == [i / 10 for i in range(6)]
    assert [row.novelty for row in rows] == [1.5, None] * 3
    assert [row.route for row in rows] == ["review", "accept_real", "accept_real"] * 2
    assert all(row.reasons == ["cold_start"] and row.audited is False for row in rows)
    assert _first_broken(database) is None


def test_a_batch_with_an_item_that_has_no_scores_is_refused_whole(
    database: Database, factory: Factory
) -> None:
    scored, bare = factory.items(2)
    factory.prediction(scored)
    with pytest.raises(ValueError, match="1 of 2 items have no prediction"):
        _add(database, _alike(factory, [scored, bare]))
    with database.read() as repos:
        assert repos.session.query(DecisionRow).count() == 0


def test_a_batch_without_items_leaves_no_trace(database: Database) -> None:
    _add(database)
    with database.read() as repos:
        assert repos.event_history.of_kind(AuditKind.TRIAGED) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE decision SET route = 'accept_real' WHERE id = 4",
        "UPDATE decision SET p_fake = 0.30000000000000004 WHERE id = 4",
        "UPDATE decision SET novelty = 0 WHERE id = 4",
        "UPDATE decision SET reasons = 'no JSON' WHERE id = 4",
        "UPDATE decision SET score = 'no number' WHERE id = 4",
        "UPDATE decision SET item_id = 1 WHERE id = 4",
        "UPDATE decision SET decided_at = '2001-01-01 00:00:00.000000' WHERE id = 4",
        "DELETE FROM decision WHERE id = 4",
        "DELETE FROM decision WHERE id > 3",
    ],
)
def test_a_changed_decision_contradicts_the_event_that_sealed_it(
    change: str, database: Database, decided: list[int]
) -> None:
    with database.read() as repos:
        events = repos.event_history.of_kind(AuditKind.TRIAGED)
        second = [event for event in events if event.item_id is None][1]
    _rewrite(database, change)
    assert _first_broken(database) == second.id
