"""What an older program wrote opens after ``db upgrade``: every row is as it was, and sealed."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import migrations
from review_app.bootstrap import open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.durability import integrity
from review_app.opening import upgrade_database
from review_app.policy.policy import Policy
from storage.database import Database
from storage.enums import AuditKind, ItemState, PolicyState, Role
from tests.migrations.old import DATABASE, restored
from tests.migrations.snapshots import Rows, rows
from tests.review.bench import items_of

REVISIONS = ("0001", "0017")


@pytest.fixture(scope="module", params=REVISIONS)
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Rows]:
    """The data directory of a database that was brought up, and the rows of before."""
    folder = restored(request.param, tmp_path_factory.mktemp(f"from-{request.param}"))
    with closing(Database(f"sqlite:///{folder / DATABASE}")) as database:
        assert migrations.current_revision(database.engine) == request.param
        before = rows(database)
        upgrade_database(database)
    return folder, before


@pytest.fixture
def database(upgraded: tuple[Path, Rows], tmp_path: Path) -> Iterator[Database]:
    """A copy of it."""
    folder = shutil.copytree(upgraded[0], tmp_path / "data")
    with closing(Database(f"sqlite:///{folder / DATABASE}")) as database:
        yield database


def test_every_row_is_as_it_was(upgraded: tuple[Path, Rows], database: Database) -> None:
    before, after = upgraded[1], rows(database)
    for table, kept in before.items():
        columns = kept[0].keys() if kept else ()
        found = [{name: row[name] for name in columns} for row in after[table]]
        assert found[: len(kept)] == kept
        added = [row["kind"] for row in after[table][len(kept) :]]
        assert added in ([], [AuditKind.SEALING_BEGAN]), table


def test_the_log_and_all_it_seals_are_whole(database: Database) -> None:
    assert integrity.check(database).findings == ()


def test_policies_and_certificates_are_read_as_before(
    upgraded: tuple[Path, Rows], database: Database
) -> None:
    with database.read() as repos:
        policies = [Policy.from_json(row.document) for row in repos.policies.history()]
    written = {row["version"]: row["state"] for row in upgraded[1]["policy"]}
    assert {policy.version: policy.state.value for policy in policies} == written
    certified = [policy for policy in policies if policy.state is PolicyState.CERTIFIED]
    assert certified
    assert all(policy.certificates for policy in certified)


def test_people_go_on_with_what_waits_in_the_order_of_before(
    upgraded: tuple[Path, Rows], tmp_path: Path
) -> None:
    """Whatever else decides (deadlines, known images) is switched off."""
    folder = shutil.copytree(upgraded[0], tmp_path / "data")
    waiting = [
        row
        for row in upgraded[1]["item"]
        if row["state"] == ItemState.IN_REVIEW and row["open_slots"] > 0
    ]
    order = [row["id"] for row in sorted(waiting, key=lambda row: (row["rank"], row["id"]))]
    with closing(sqlite3.connect(folder / DATABASE)) as file, file:
        # Whoever holds an image holds it still, however long ago that was.
        file.execute("UPDATE claim SET expires_at = '2999-01-01 00:00:00' WHERE ended_at IS NULL")
    with closing(open_application(Settings(data_dir=folder))) as app:
        with app.database.write() as repos:
            repos.options.set("queue", {"deadline_hours": None}, None)
        account = app.people.add("dora", Role.REVIEWER, "test")
        dora = Person(account.id, account.name, account.role)
        taken = items_of(app.database, [task.item_id for task in app.review.take(dora, 10)])
    assert taken
    assert taken == order[: len(taken)]
