"""A process of its own reads what a large export tells: the same, of one moment, or not at all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import update

from review_app.records.exports.selection import Selection
from review_app.records.exports.tables import LabelTable, RowKind
from review_app.records.exports.values import listed
from storage.columns import process
from storage.database import Database
from storage.enums import ItemState, LabelValue
from storage.errors import StorageFault
from storage.models import Item
from storage.repositories import export_batches
from tests.factories import Factory
from tests.records.exporting import rows
from tests.records.mess import NOW, mess
from tests.records.one_by_one import rows_one_by_one

pytestmark = pytest.mark.skipif(
    not process.can_read_apart(), reason="there is no driver for this system"
)


@pytest.fixture(autouse=True)
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every export is large, and has several windows."""
    monkeypatch.setattr(export_batches, "LARGE", 0)
    monkeypatch.setattr(export_batches, "WINDOW", 17)


def test_it_says_what_the_tables_do(database: Database, factory: Factory) -> None:
    mess(database, factory, seed=1)
    assert rows(database, now=NOW) == rows_one_by_one(database, NOW)


@pytest.mark.parametrize("row_kind", RowKind)
def test_it_says_what_the_driver_does_of_what_is_asked_for(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch, row_kind: RowKind
) -> None:
    mess(database, factory, seed=2)
    selection = Selection(
        states=frozenset({ItemState.RESOLVED, ItemState.IN_REVIEW, ItemState.ESCALATED}),
        sources=frozenset({"=upload", "it's another's"}),
        labels=frozenset(LabelValue),
        changed_since=NOW.replace(year=2020),
    )
    table = LabelTable(database, selection, NOW, row_kind=row_kind)
    found = list(table.rows())
    monkeypatch.setattr(export_batches, "LARGE", 10**9)
    assert found == list(table.rows())
    assert found


@pytest.mark.parametrize("large", [0, 10**9])
def test_all_of_it_is_of_one_moment(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(export_batches, "LARGE", large)
    factory.items(40)
    batches = LabelTable(database).batches()
    n = len(next(batches)[0])
    with database.write() as repos:
        repos.session.execute(update(Item).values(source="another"))
    table = LabelTable(database)
    assert {row["source"] for row in table.rows()} == {"another"}
    sources = [name.name for name in table.columns].index("source")
    later = [source for batch in batches for source in listed(batch[sources])]
    assert len(later) == 40 - n
    assert "another" not in later


def test_one_that_ends_is_no_export(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory.item()
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", "import sys; sys.exit(3)"))
    with pytest.raises(StorageFault, match="ended by 3"):
        rows(database)


def test_pyarrow_is_loaded_without_pandas_until_somebody_wants_a_data_frame() -> None:
    script = (
        "import sys; from storage.columns.lean import lean_pyarrow as load; found = load();"
        "column = found.array([1, 2]); assert 'pandas' not in sys.modules;"
        "assert list(found.table({'a': column}).to_pandas()['a']) == [1, 2]"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
