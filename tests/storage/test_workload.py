"""How long people take to answer, for forecasts."""

from __future__ import annotations

from storage.database import Database
from storage.enums import LabelValue
from storage.repositories.workload import ENOUGH_LABELS, Workload
from tests.factories import Factory


def timed(factory: Factory, n: int, seconds: float, bulk_size: int | None = None) -> None:
    person = factory.person()
    for item_id in factory.items(n):
        factory.label(person, item_id, LabelValue.REAL, seconds=seconds, bulk_size=bulk_size)


def label_seconds(database: Database) -> float | None:
    with database.read() as repos:
        return Workload(repos.session).label_seconds()


def test_a_share_of_the_time_in_the_grid_is_no_measure_of_a_look(
    database: Database, factory: Factory
) -> None:
    timed(factory, 3 * ENOUGH_LABELS, 0.2, bulk_size=3 * ENOUGH_LABELS)
    assert label_seconds(database) is None, "nobody was timed looking at one image"
    timed(factory, ENOUGH_LABELS, 6.0)
    timed(factory, 3 * ENOUGH_LABELS, 0.2, bulk_size=3 * ENOUGH_LABELS)
    assert label_seconds(database) == 6.0


def test_too_few_looks_tell_nothing(database: Database, factory: Factory) -> None:
    timed(factory, ENOUGH_LABELS - 1, 6.0)
    assert label_seconds(database) is None
