"""What older programs read back from the log is in tables after ``db upgrade``: the same, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from review_app.opening import upgrade_database
from review_app.policy.eligibility import next_try
from tests.migrations.old import restored
from tests.migrations.snapshots import Rows, rows
from tests.seals.conftest import found, opened, rewrite

Events = list[dict[str, Any]]


@pytest.fixture(params=["0001", "0017"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Rows]:
    """The data directory of a database that was brought up, and the rows of before."""
    folder = restored(request.param, tmp_path)
    with opened(folder) as database:
        before = rows(database)
        upgrade_database(database)
    return folder, before


def events(before: Rows, kind: str) -> Events:
    """The log's events of a kind, with what they tell in place of its text."""
    found = [row for row in before["audit_event"] if row["kind"] == kind]
    return [{**row, "details": json.loads(row["details"])} for row in found]


def test_the_old_databases_have_what_is_to_be_kept(upgraded: tuple[Path, Rows]) -> None:
    """Else what follows would prove nothing."""
    before = upgraded[1]
    assert events(before, "certify_tried")
    if "seals" in before["audit_event"][0]:
        assert events(before, "alarm")
        assert events(before, "alarm_settled")
        assert len(events(before, "scores_ingested")) > 1


def test_each_of_them_is_a_row_once(upgraded: tuple[Path, Rows]) -> None:
    folder, before = upgraded
    with opened(folder) as database:
        after = rows(database)
    attempts = after["certification_attempt"]
    assert [(row["checkpoint_id"], row["tried_by"], row["tried_at"]) for row in attempts] == [
        (event["details"]["checkpoint"], event["actor"], event["at"])
        for event in events(before, "certify_tried")
    ]
    assert [(row["policy_version"], row["side"], row["raised_at"]) for row in after["alarm"]] == [
        (e["details"]["version"], side, e["at"])
        for e in events(before, "alarm")
        for side in e["details"]["sides"]
    ]
    settled = {e["details"]["version"]: e["at"] for e in events(before, "alarm_settled")}
    assert {row["policy_version"]: row["settled_at"] for row in after["alarm"]} == settled
    assert [(row["sha256"], row["images"], row["taken_at"]) for row in after["score_file"]] == [
        (e["details"]["sha256"], e["details"]["images"], e["at"])
        for e in events(before, "scores_ingested")
    ]


def test_the_next_attempt_costs_what_it_would_have_cost(upgraded: tuple[Path, Rows]) -> None:
    """By the rule of the older programs, which asked the log."""
    folder, before = upgraded
    last = max((event["at"] for event in events(before, "alarm")), default="")
    tried = [
        event["details"]["checkpoint"]
        for event in events(before, "certify_tried")
        if event["at"] >= last
    ]
    with opened(folder) as database, database.read() as repos:
        for row in before["checkpoint"]:
            assert next_try(repos, row["id"]) == 1 + tried.count(row["id"])


@pytest.mark.parametrize("table", ["certification_attempt", "alarm", "score_file"])
def test_what_is_taken_out_after_the_upgrade_is_named(table: str, tmp_path: Path) -> None:
    folder = restored("0017", tmp_path)
    with opened(folder) as database:
        upgrade_database(database)
    assert found(folder) == []
    rewrite(folder, f"DELETE FROM {table} WHERE id = 1")
    assert found(folder) == [f"{table} 1: sealed, and gone"]
