"""Labels that became final since some time, counted as one would by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.database import Database
from storage.enums import LabelValue
from storage.repositories.labels import CLEAR, MAX_WINDOW
from storage.types import utc_now
from tests.factories import Factory

NOW = utc_now()
HOUR = timedelta(hours=1)
WINDOWS = (None, timedelta(minutes=5), MAX_WINDOW)
VALUES = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE)


@pytest.mark.parametrize("hours", [None, 0, 2, 30, 60])
def test_final_labels_are_counted_since_any_time(
    database: Database, factory: Factory, hours: int | None
) -> None:
    """Some withdrawn, some unsure, some that can still be taken back."""
    people = [factory.person("ada"), factory.person("bo")]
    items = factory.items(60)
    given: list[int] = []
    expected: set[int] = set()
    for n, item_id in enumerate(items):
        at, window, value = NOW - n * HOUR, WINDOWS[n % 3], VALUES[n % 4 % 3]
        times = {"labelled_at": at, "final_at": None if window is None else at + window}
        superseded = given[n - 1] if n % 7 == 6 else None
        given.append(
            factory.label(people[n % 2], item_id, value, supersedes_id=superseded, **times)
        )
        final = at + (window or timedelta(0))
        if value in CLEAR and final <= NOW and (hours is None or final > NOW - hours * HOUR):
            expected.add(given[-1])
        expected.discard(superseded or 0)
    since = None if hours is None else NOW - hours * HOUR
    with database.read() as repos:
        assert repos.labels.count_final(since, NOW) == len(expected)
    assert bool(expected) is (hours != 0)
