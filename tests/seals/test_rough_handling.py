"""Whatever is in the file, a check says what is wrong with it; and a kill is no forgery."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.trust_tampering import DATABASE
from storage.seals.heads import FILE
from tests.seals.conftest import Copy, found, rewrite

WRITER = """
import sys
from storage.database import Database
from storage.enums import LabelValue
from storage.models import Label
from storage.repositories.event_log import AuditKind, Event

database = Database(sys.argv[1])
for n in range(100_000):
    with database.write() as repos:
        name = f"killed-{sys.argv[2]}-{n}"
        row = Label(client_id=name, item_id=1, user_id=2, value=LabelValue.REAL, blind=True)
        repos.labels.add(row)
        repos.audit.add(Event(AuditKind.EXPORTED, "ada"))
    print(n, flush=True)
"""


def test_a_kill_leaves_nothing_that_is_not_sealed(copy: Copy) -> None:
    data = copy()
    url = f"sqlite:///{data / DATABASE}"
    for number in range(3):
        command = [sys.executable, "-c", WRITER, url, str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(20):
                assert writer.stdout.readline()
            writer.kill()
    assert found(data) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET hash = 'ä' WHERE id = 9",
        "UPDATE audit_event SET hash = 7, previous_hash = x'00' WHERE id = 9",
        "UPDATE audit_event SET details = '[]', seals = x'00' WHERE id = 9",
        "UPDATE audit_event SET seals = NULL",
        "UPDATE audit_event SET kind = 'sealing_began' WHERE id = 9",
        "UPDATE audit_event SET kind = 'rekeyed', details = '{\"key\": 7}'",
        "UPDATE prediction SET score = 'much'",
        "UPDATE item SET state = 'nowhere', verdict = 7",
        "UPDATE decision SET p_fake = x'00'",
        "UPDATE policy SET document = 'no JSON'",
        "UPDATE user SET role = x'00'",
        "DROP TABLE queue_place",
        "ALTER TABLE label RENAME COLUMN blind TO seen",
    ],
)
def test_nothing_is_too_odd_to_be_told(statement: str, copy: Copy) -> None:
    data = copy()
    rewrite(data, statement)
    assert found(data)


@pytest.mark.parametrize("line", ["9" * 18 + ":" + "0" * 64, "1:" + "f" * 64])
def test_heads_that_nobody_wrote_are_told(line: str, copy: Copy) -> None:
    data = copy()
    with (data / FILE).open("a") as file:
        file.write(f"{line}\n")
    assert [words.split(":")[1] for words in found(data)] == [" told elsewhere, and not in the log"]


def test_rubbish_in_the_file_of_heads_is_passed_by(copy: Copy) -> None:
    data = copy()
    with (data / FILE).open("ab") as file:
        file.write(b"\x00\xff\n:\n12:abc\n")
    assert found(data) == []
    assert Path(data / FILE).exists()
