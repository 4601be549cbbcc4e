"""Ways of changing the database behind the program's back: each is found and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.trust_changes import CHANGES, Change
from benchmarks.trust_tampering import checked, plant
from storage.models import HourCount, LabelCount, SourceCount
from tests.seals.conftest import Copy

COUNTERS = frozenset(table.__tablename__ for table in (HourCount, SourceCount, LabelCount))


def test_nothing_is_said_of_what_nobody_changed(scene: Path) -> None:
    assert len({change.name for change in CHANGES}) == len(CHANGES)
    assert checked(scene).findings == ()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_it_is_named(change: Change, copy: Copy) -> None:
    told = plant(copy(), change)
    assert told.named, told.texts


@pytest.mark.parametrize(
    "change", [c for c in CHANGES if c.table != "audit_event"], ids=lambda c: c.name
)
def test_no_other_table_is_accused(change: Change, copy: Copy) -> None:
    told = plant(copy(), change)
    accused = {words.split()[0] for words in told.texts}
    # Decisions move items, and the log is asked by them where to.
    moved = {"item"} if change.table == "decision" else set()
    # Counters tell that rows are others, too, where those were changed behind their triggers.
    assert accused <= {change.table, *moved, *COUNTERS}
