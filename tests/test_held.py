"""Files that are held in memory: for one person, for a while, and not too many."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from review_app import held
from review_app.errors import NotFoundError
from review_app.held import KEPT_FOR, HeldFiles


class Clock:
    """Goes only when told."""

    now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_file_is_for_whoever_brought_it() -> None:
    files = HeldFiles()
    token = files.hold(1, b"one")
    assert files.get(1, token) == b"one"
    for person, name in ((2, token), (1, "another")):
        with pytest.raises(NotFoundError, match="read again"):
            files.get(person, name)


def test_the_next_file_of_a_person_takes_the_place_of_the_last() -> None:
    files = HeldFiles()
    old, other = files.hold(1, b"old"), files.hold(2, b"other")
    new = files.hold(1, b"new")
    assert (files.get(1, new), files.get(2, other)) == (b"new", b"other")
    with pytest.raises(NotFoundError):
        files.get(1, old)


def test_a_file_goes_when_its_time_is_over() -> None:
    clock = Clock()
    files = HeldFiles(clock)
    token = files.hold(1, b"one")
    clock.now += KEPT_FOR
    assert files.get(1, token) == b"one"
    clock.now += timedelta(seconds=1)
    with pytest.raises(NotFoundError):
        files.get(1, token)


def test_the_oldest_go_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MAX_BYTES", 10)
    files = HeldFiles()
    tokens = [files.hold(person, bytes(4)) for person in (1, 2, 3)]
    with pytest.raises(NotFoundError):
        files.get(1, tokens[0])
    assert files.get(3, tokens[2]) == bytes(4)
    large = files.hold(4, bytes(11))
    assert files.get(4, large) == bytes(11), "the newest is always there"
