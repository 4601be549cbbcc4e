"""Databases from before there were seals: sealed as they are, once, at the upgrade."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

import migrations
from benchmarks.trust_changes import CHANGES, Change
from benchmarks.trust_scene import make
from benchmarks.trust_tampering import DATABASE, copied, plant
from review_app.opening import upgrade_database
from storage.enums import AuditKind
from storage.repositories.event_log import Event
from storage.seals import heads, keyring
from storage.seals.status import Difference, Statuses, pack
from tests.seals.conftest import found, opened, report, rewrite

BEFORE = "0016"
LOG = ("audit_event",)
SINCE = (
    *("api_token", "subscription", "second_look", "skill_weights"),
    *("desk", "membership"),
)
"""Tables that there were not then."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene as the program before would have left it: a chain without a key."""
    data = make(tmp_path_factory.mktemp("old"), programs=False)
    with opened(data) as database:
        migrations.downgrade(database.engine, BEFORE)
    for name in (keyring.FILE, heads.FILE):
        (data / name).unlink()
    return data


@pytest.fixture
def upgraded(old: Path, tmp_path: Path) -> Path:
    data = copied(old, tmp_path / "data")
    with opened(data) as database:
        assert upgrade_database(database) is not None
    return data


def test_the_older_program_finds_its_chain_whole(old: Path) -> None:
    with closing(sqlite3.connect(old / DATABASE)) as file:
        assert "seals" not in {row[1] for row in file.execute("PRAGMA table_info(audit_event)")}
        kinds = [kind for (kind,) in file.execute("SELECT kind FROM audit_event ORDER BY id")]
    assert len(kinds) > 100


def test_they_are_sealed_once_and_say_from_when_on(upgraded: Path) -> None:
    told = report(upgraded)
    assert told.findings == ()
    assert told.sealed_from is not None
    assert told.sealed_from > 100
    assert told.head is not None
    assert told.head.number == told.sealed_from
    with opened(upgraded) as database:
        assert upgrade_database(database) is None
        with database.write() as repos:
            repos.audit.add(Event(AuditKind.EXPORTED, "ada"))
    assert report(upgraded).sealed_from == told.sealed_from
    assert found(upgraded) == []


@pytest.mark.parametrize(
    "change", [c for c in CHANGES if c.table not in LOG + SINCE], ids=lambda change: change.name
)
def test_what_is_changed_after_that_is_named(change: Change, upgraded: Path) -> None:
    told = plant(upgraded, change)
    assert told.named, told.texts


def test_work_goes_on_and_is_sealed(upgraded: Path) -> None:
    with opened(upgraded) as database, database.write() as repos:
        (item,) = repos.items.in_state(repos.items.get_many([40])[0].state, 1)
        repos.items.settle(
            "ada", item, item.state, item.verdict, None, AuditKind.LABELLED, {"label": 1}
        )
    assert found(upgraded) == []


def test_an_event_from_before_cannot_be_changed_any_more(upgraded: Path) -> None:
    rewrite(upgraded, "UPDATE audit_event SET actor = 'nobody' WHERE id = 5")
    assert found(upgraded) == ["audit_event 5: not made with the key"]


def test_a_log_that_was_broken_before_says_so(old: Path, tmp_path: Path) -> None:
    data = copied(old, tmp_path / "data")
    rewrite(data, "UPDATE audit_event SET actor = 'nobody' WHERE id = 5")
    with opened(data) as database:
        upgrade_database(database)
        with database.read() as repos:
            (began,) = repos.event_history.of_kind(AuditKind.SEALING_BEGAN)
    assert began.details["broken_at"] == 5
    assert found(data) == ["audit_event 5: not made with the key"]


def test_tables_brought_up_without_the_program_are_told(old: Path, tmp_path: Path) -> None:
    data = copied(old, tmp_path / "data")
    with opened(data) as database:
        migrations.upgrade(database.engine)
    assert any("nothing seals them; run db upgrade" in words for words in found(data))


def test_decisions_changed_before_the_upgrade_contradict_the_older_seals(
    old: Path, tmp_path: Path
) -> None:
    data = copied(old, tmp_path / "data")
    rewrite(data, "UPDATE decision SET route = 'accept_fake' WHERE id = 3")
    with opened(data) as database:
        upgrade_database(database)
    assert [words.split(":")[0] for words in found(data)] == ["decision 1-46"]


def test_seals_from_before_they_kept_when_items_came_to_people_vouch_for_none_of_it(
    upgraded: Path,
) -> None:
    with closing(sqlite3.connect(upgraded / DATABASE)) as file:
        now = pack(file)
        kept = json.loads(zlib.decompress(base64.b64decode(now)))
        assert kept.pop("came")
        then = base64.b64encode(zlib.compress(json.dumps(kept).encode())).decode()
        file.execute("UPDATE item SET came_to_people_at = '1999-01-01' WHERE state = 'resolved'")
        assert {one.column for one in differences(file, now)} == {"came_to_people_at"}
        assert differences(file, then) == []


def differences(file: sqlite3.Connection, packed: str) -> list[Difference]:
    """What the rows say otherwise than statuses that were kept."""
    statuses = Statuses()
    statuses.load(packed)
    return list(statuses.differences(file))
