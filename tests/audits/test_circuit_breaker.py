"""The audits close auto-accept by themselves, once, and nothing that happens between undoes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.audits.circuit_breaker import (
    BreakerOptions,
    CircuitBreaker,
    change_breaker_options,
    read_breaker_options,
)
from review_app.audits.reader import audit_report
from review_app.audits.standing import AuditReport
from review_app.bootstrap import open_application
from review_app.certification.threshold_grid import Side
from review_app.core.errors import NotAllowedError
from storage.enums import AuditKind, ItemState, LabelValue, PolicyState
from storage.models import AuditEvent
from tests.audits.audited import Audited, audited

REAL, FAKE, UNSURE = LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE
ENOUGH = 12
"""Errors in a row that raise the alarm at a limit of 30%."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Audited]:
    with audited(tmp_path) as place:
        yield place


def report(place: Audited) -> AuditReport:
    found = audit_report(place.app.database)
    assert found is not None
    return found


def counts(place: Audited) -> dict[Side, tuple[int, int]]:
    """Audits and errors by side."""
    sides = report(place).sides
    return {s.certificate.side: (s.evidence.audits, s.evidence.errors) for s in sides}


def events(place: Audited, kind: AuditKind) -> list[AuditEvent]:
    with place.app.database.read() as repos:
        return repos.event_history.of_kind(kind)


def state(place: Audited) -> PolicyState:
    return place.app.policies.current().state


# --- What counts


def test_verdicts_on_audits_are_counted_for_their_side_alone(place: Audited) -> None:
    place.certify()
    place.accept(2, 1.0)
    place.answer(FAKE)
    place.answer(REAL)
    place.accept(1, 0.0)
    place.answer(REAL)
    assert counts(place) == {Side.FAKE: (2, 1), Side.REAL: (1, 0)}


def test_open_audits_and_those_that_nobody_could_tell_do_not_count(place: Audited) -> None:
    place.certify()
    place.accept(4)
    place.answer(FAKE)
    place.answer(UNSURE)  # escalated
    fake = next(s for s in report(place).sides if s.certificate.side is Side.FAKE)
    assert (fake.evidence.audits, fake.open, fake.set_aside) == (1, 3, 0)
    assert fake.open_share == 0.75


def test_an_answer_after_seeing_the_models_opinion_is_set_aside(place: Audited) -> None:
    place.certify()
    place.accept(1)
    place.place.factory.review_options(undo_minutes=5)
    place.answer(REAL)
    place.app.review.undo(place.reviewer, "undo-0001")
    place.place.factory.review_options(undo_minutes=0)
    place.answer(FAKE)
    fake = next(s for s in report(place).sides if s.certificate.side is Side.FAKE)
    assert (fake.evidence.audits, fake.set_aside) == (0, 1)


def test_what_a_known_label_settles_is_no_audit(place: Audited) -> None:
    place.certify()
    place.place.scored(1.0, REAL, split="calibration")
    place.app.triage.run("test")
    assert counts(place) == {Side.FAKE: (0, 0), Side.REAL: (0, 0)}


def test_a_new_certificate_starts_anew(place: Audited) -> None:
    place.certify()
    place.accept(3)
    place.answer_all(FAKE)
    place.certify()
    assert counts(place) == {Side.FAKE: (0, 0), Side.REAL: (0, 0)}


def test_before_the_first_certificate_there_is_nothing_to_audit(place: Audited) -> None:
    found = report(place)
    assert found.sides == ()
    assert not found.standing
    assert "nothing to audit" in found.advice


# --- The alarm


def test_enough_errors_close_auto_accept_at_the_very_answer(place: Audited) -> None:
    place.certify()
    place.accept(ENOUGH + 5)
    while state(place) is PolicyState.CERTIFIED:
        assert place.answer(REAL) is not None
    errors = counts(place)[Side.FAKE][1]
    assert 3 <= errors <= ENOUGH
    words = place.app.policies.text()
    assert f"Of {errors} audited images accepted as fake, {errors} were real" in words
    assert "At most 30% was certified" in words
    assert place.app.policies.history()[0].created_by == "system"
    assert place.place.chain_holds()


def test_right_verdicts_never_close_it(place: Audited) -> None:
    place.certify()
    place.accept(40)
    place.answer_all(FAKE)
    assert state(place) is PolicyState.CERTIFIED
    assert "speak for the certificate" in report(place).text or "prove" in report(place).text


def test_the_alarm_acts_once(place: Audited) -> None:
    version = alarm(place)
    for _ in range(3):
        assert not place.app.breaker.check()
    place.answer_all(REAL)
    assert place.app.policies.current().version == version
    assert len(events(place, AuditKind.ALARM)) == 1
    assert len(events(place, AuditKind.ALARM_SETTLED)) == 1


def test_after_an_alarm_everything_goes_to_people(place: Audited) -> None:
    alarm(place)
    assert place.states(place.accept(5)) == {ItemState.IN_REVIEW}
    place.app.triage.retriage("test")
    assert ItemState.AUTO_ACCEPTED not in place.place.states().values()


def test_an_alarm_while_an_admin_has_closed_it_is_recorded_too(place: Audited) -> None:
    place.certify(0.5)
    accepted = place.accept_alone(4 * ENOUGH)
    place.app.policies.suspend(place.admin, "a look at the stream")
    place.answer_all(REAL)
    assert len(events(place, AuditKind.ALARM)) == 1
    assert accepted
    assert place.states(accepted) == {ItemState.RESOLVED}  # sent to people, and answered


# --- What was accepted meanwhile


def test_what_was_accepted_in_doubt_goes_back_to_people(place: Audited) -> None:
    place.certify(0.5)
    accepted = place.accept_alone(4 * ENOUGH)
    answer_until_closed(place)
    assert place.states(accepted) == {ItemState.IN_REVIEW}
    with place.app.database.read() as repos:
        decision = repos.decisions.of_item(accepted[0])
    assert decision is not None
    assert (decision.route, decision.inclusion_probability) == ("review", 1.0)
    assert decision.policy_version == place.app.policies.current().version


def test_the_other_side_and_what_was_accepted_in_good_times_stay(place: Audited) -> None:
    place.certify(0.5)
    early = place.accept_alone(2 * ENOUGH)
    place.answer_all(FAKE)
    place.accept(12)
    place.answer_all(FAKE)  # the change may have come among these, and not before
    other = place.accept_alone(2 * ENOUGH, 0.0)
    place.answer_all(REAL)
    late = place.accept_alone(8 * ENOUGH)
    answer_until_closed(place)
    assert place.states(early) == {ItemState.AUTO_ACCEPTED}
    assert place.states(other) == {ItemState.AUTO_ACCEPTED}
    assert place.states(late[-10:]) == {ItemState.IN_REVIEW}


def test_an_alarm_tells_how_many_of_the_last_audits_were_wrong(place: Audited) -> None:
    place.certify()
    place.accept(40)
    place.answer_all(FAKE)
    place.accept(30)
    answer_until_closed(place)
    words = place.app.policies.text()
    found = re.search(r"Of the last (\d+), (\d+) were", words)
    assert found, words
    audits, errors = int(found[1]), int(found[2])
    assert audits - 3 <= errors <= audits
    assert "All together, the error rate is between" in report(place).text


def test_an_admin_may_keep_what_was_accepted(place: Audited) -> None:
    change_breaker_options(place.app.database, place.admin, BreakerOptions(reopen=False))
    place.certify(0.5)
    accepted = place.accept_alone(4 * ENOUGH)
    answer_until_closed(place)
    assert place.states(accepted) == {ItemState.AUTO_ACCEPTED}


def test_reviewers_may_not_change_what_an_alarm_does(place: Audited) -> None:
    with pytest.raises(NotAllowedError):
        change_breaker_options(place.app.database, place.reviewer, BreakerOptions(reopen=False))
    with place.app.database.read() as repos:
        assert read_breaker_options(repos).reopen


# --- Crashes


def test_a_start_of_the_program_acts_on_what_a_crash_left(place: Audited) -> None:
    place.certify()
    place.accept(ENOUGH)
    with place.power_goes_after_answers():
        place.answer_all(REAL)
    assert state(place) is PolicyState.CERTIFIED
    open_application(place.app.settings).close()
    assert state(place) is PolicyState.SUSPENDED


def test_reopening_that_was_cut_off_is_finished_by_the_next_check(
    place: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.certify(0.5)
    accepted = place.accept_alone(4 * ENOUGH)
    with monkeypatch.context() as patch:  # the power goes right after closing
        patch.setattr(CircuitBreaker, "_reopen", lambda _self: None)
        answer_until_closed(place)
    assert place.states(accepted) == {ItemState.AUTO_ACCEPTED}
    place.app.triage.run("test")
    assert place.states(accepted) == {ItemState.IN_REVIEW}
    assert events(place, AuditKind.ALARM_SETTLED)[0].details["reopened"] == len(accepted)


def test_an_answer_is_kept_though_the_check_fails(
    place: Audited, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_self: CircuitBreaker) -> bool:
        raise OSError("the disk is full")

    place.certify()
    (item_id,) = place.accept(1)
    monkeypatch.setattr(CircuitBreaker, "check", fails)
    assert place.answer(FAKE) == item_id
    assert place.states([item_id]) == {ItemState.RESOLVED}
    assert re.search("could not be checked", caplog.text)


def alarm(place: Audited) -> int:
    """Raise the alarm for fake; the version that it closed with."""
    place.certify()
    place.accept(ENOUGH)
    answer_until_closed(place)
    return place.app.policies.current().version


def answer_until_closed(place: Audited) -> None:
    while state(place) is PolicyState.CERTIFIED:
        assert place.answer(REAL) is not None, "all answered, and no alarm"
