"""Verdicts that can still be taken back prove nothing; once they are final the alarm comes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from review_app.audits.circuit_breaker import CircuitBreaker
from review_app.audits.reader import AuditReader, audit_report
from review_app.certification.threshold_grid import Side
from review_app.web import watch
from storage.enums import LabelValue, PolicyState
from storage.models import Item, Label
from storage.repositories import blind_audits
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


@pytest.mark.parametrize("few", [0, 1000])
def test_what_is_kept_of_the_audits_tells_what_reading_all_anew_does(
    place: Audited, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(blind_audits, "_FEW", few)
    reader, start = AuditReader(), utc_now()
    place.place.factory.review_options(undo_minutes=5)

    def told(minutes: int) -> tuple[str, str]:
        now = start + timedelta(minutes=minutes)
        with place.app.database.read() as repos:
            return repr(reader.read(repos, now)), repr(AuditReader().read(repos, now))

    assert place.answer(LabelValue.FAKE)
    for minutes in (0, 6, 9):
        kept, anew = told(minutes)
        assert kept == anew
    seen = [kept]
    for value in (LabelValue.REAL, LabelValue.UNDECIDABLE, LabelValue.FAKE):
        assert place.answer(value)
        for minutes in (18, 0, 40):  # somebody may ask about a time before
            kept, anew = told(minutes)
            assert kept == anew
        seen.append(kept)
    assert len(set(seen)) > len(seen) / 2


def test_an_audit_that_was_seen_open_is_so_until_its_verdict_is_final(place: Audited) -> None:
    place.place.factory.review_options(undo_minutes=5)
    reader, start = AuditReader(), utc_now()

    def n_open(minutes: float) -> int:
        now = start + timedelta(minutes=minutes)
        with place.app.database.read() as repos:
            kept, anew = reader.read(repos, now), AuditReader().read(repos, now)
        assert repr(kept) == repr(anew)
        assert kept is not None
        return sum(side.open for side in kept.sides)

    assert n_open(11) == ENOUGH
    for answered, value in ((12, LabelValue.FAKE), (20, LabelValue.REAL), (90, LabelValue.FAKE)):
        before = n_open(answered)
        assert place.answer(value)
        with place.app.database.write() as repos:
            newest = select(Label.item_id).order_by(Label.id.desc()).limit(1)
            item = repos.session.scalars(
                select(Item).where(Item.id == newest.scalar_subquery())
            ).one()
            item.state_since = start + timedelta(minutes=answered)
            item.final_at = item.state_since + timedelta(minutes=5)
        assert n_open(answered + 1) == before
        assert n_open(answered + 6) == before - 1


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
