"""Verdicts that can still be taken back prove nothing; once they are final the alarm comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from review_app.audits.circuit_breaker import CircuitBreaker
from review_app.audits.standing import audit_report
from review_app.certification.threshold_grid import Side
from review_app.web import watch
from storage.enums import LabelValue, PolicyState
from storage.types import utc_now
from tests.audits.audited import Audited, audited
from tests.review.bench import Clock

ENOUGH = 12
"""Errors in a row that raise the alarm at a limit of 30%."""
PATIENCE = 1500
"""Looks, 20 ms apart, until a busy machine counts as broken."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Audited]:
    """Certified, with wrong answers enough for an alarm to be given."""
    with audited(tmp_path) as place:
        place.certify()
        place.accept(ENOUGH)
        yield place


def state(place: Audited) -> PolicyState:
    return place.app.policies.current().state


def audits(place: Audited, minutes: float) -> tuple[int, int]:
    """Audits that count, and open ones, so many minutes from now."""
    report = audit_report(place.app.database, utc_now() + timedelta(minutes=minutes))
    assert report is not None
    fake = next(side for side in report.sides if side.certificate.side is Side.FAKE)
    return fake.evidence.audits, fake.open


def test_audits_are_open_until_their_verdicts_are_final(place: Audited) -> None:
    place.place.factory.review_options(undo_minutes=5)
    place.answer_all(LabelValue.REAL)
    assert audits(place, 0) == (0, ENOUGH)
    assert audits(place, 6) == (ENOUGH, 0)
    assert state(place) is PolicyState.CERTIFIED


def test_an_answer_changed_within_the_window_enters_once_with_its_last_value(
    place: Audited,
) -> None:
    place.place.factory.review_options(undo_minutes=5, reveal="never")
    place.answer(LabelValue.REAL)
    place.app.review.undo(place.reviewer, "undo-0001")
    assert audits(place, 6) == (0, ENOUGH)
    place.answer(LabelValue.FAKE)
    report = audit_report(place.app.database, utc_now() + timedelta(minutes=6))
    assert report is not None
    verdicts = [row.verdict for side in report.sides for row in side.verdicts]
    assert verdicts == [LabelValue.FAKE]


def test_the_alarm_comes_with_the_next_look_after_verdicts_became_final(place: Audited) -> None:
    clock = Clock()
    clock.now = utc_now()
    breaker = CircuitBreaker(place.app.database, b"secret", clock)
    place.place.factory.review_options(undo_minutes=5)
    place.answer_all(LabelValue.REAL)
    clock.pass_minutes(4)
    breaker.after_verdicts()
    assert state(place) is PolicyState.CERTIFIED
    clock.pass_minutes(2)
    breaker.after_verdicts()
    assert state(place) is PolicyState.SUSPENDED


def test_a_server_that_nobody_asks_for_anything_looks_by_itself(
    place: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.02)
    place.place.factory.review_options(undo_minutes=0.01)
    place.answer_all(LabelValue.REAL)

    async def serve() -> None:
        async with watch.lifespan(place.app)(FastAPI()):
            for _ in range(PATIENCE):
                if await asyncio.to_thread(state, place) is PolicyState.SUSPENDED:
                    return
                await asyncio.sleep(0.02)

    asyncio.run(serve())
    assert state(place) is PolicyState.SUSPENDED
