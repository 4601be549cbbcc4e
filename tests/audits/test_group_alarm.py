"""One group of a side turns: everything closes, and of what was accepted only its own goes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.audits.standing import SideAudit
from review_app.certification.grouping import Grouping
from review_app.certification.threshold_grid import Side
from review_app.web.admin.policy_audit import panel
from storage.enums import ItemState, LabelValue, PolicyState
from storage.models import Alarm
from tests.applications import LOOSE
from tests.audits.audited import Audited, audited

REAL, FAKE = LabelValue.REAL, LabelValue.FAKE


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Audited]:
    with audited(tmp_path) as place:
        for source in ("agency", "forum"):
            place.place.calibrated(15, source=source)
        place.app.triage.run("test")
        place.answer_all(REAL)
        place.app.policies.certify(place.admin, *LOOSE, 0.5, grouping=Grouping.SOURCE)
        yield place


def accept(place: Audited, n: int, source: str) -> list[int]:
    """``n`` images of ``source`` beyond the threshold for fake; those that no audit took."""
    ids = place.place.scored_alike(n, 1.0, source=source)
    place.app.triage.run("test")
    states = place.place.states(ids)
    return [i for i, state in states.items() if state is ItemState.AUTO_ACCEPTED]


def fake_side(place: Audited) -> SideAudit:
    report = place.app.breaker.report()
    assert report is not None
    return next(side for side in report.sides if side.certificate.side is Side.FAKE)


def alarms(place: Audited) -> list[Alarm]:
    with place.app.database.read() as repos:
        found = repos.session.query(Alarm).order_by(Alarm.id).all()
        repos.session.expunge_all()
    return found


def turn(place: Audited) -> None:
    """Every further audit is wrong, until auto-accept closes."""
    while place.app.policies.current().state is PolicyState.CERTIFIED:
        assert place.answer(REAL) is not None, "all answered, and no alarm"


def test_a_group_that_turns_closes_all_and_takes_back_its_own_alone(place: Audited) -> None:
    of_agency = accept(place, 24, "agency")
    place.answer_all(FAKE)
    of_forum = accept(place, 30, "forum")
    turn(place)
    (alarm,) = alarms(place)
    assert (alarm.side, alarm.group_name, alarm.rule) == ("fake", "forum", "change_detection")
    assert alarm.settled_at is not None
    assert "In the group forum: Of " in place.app.policies.text()
    side = fake_side(place)
    assert side.evidence.alarm_after is None
    assert (side.doubtful_group, side.is_alarmed) == ("forum", True)
    assert place.states(of_forum) == {ItemState.IN_REVIEW}
    assert place.states(of_agency) == {ItemState.AUTO_ACCEPTED}
    assert place.place.chain_holds()
    assert not place.app.breaker.check()


def test_when_the_other_groups_turn_out_bad_too_all_of_the_side_goes_back(place: Audited) -> None:
    of_agency = accept(place, 24, "agency")
    place.answer_all(FAKE)
    accept(place, 30, "forum")
    waiting = accept(place, 24, "agency")
    turn(place)
    place.answer_all(REAL)
    assert [alarm.group_name for alarm in alarms(place)][-1] is None
    assert place.states(waiting) == {ItemState.RESOLVED}  # sent to people, and answered
    assert ItemState.AUTO_ACCEPTED not in place.states(of_agency[-5:])
    assert place.place.chain_holds()


def test_right_verdicts_in_every_group_close_nothing(place: Audited) -> None:
    accept(place, 12, "agency")
    accept(place, 30, "forum")
    place.answer_all(FAKE)
    assert place.app.policies.current().state is PolicyState.CERTIFIED
    side = fake_side(place)
    assert [group.group for group in side.grouped.groups] == ["agency", "forum"]
    assert sum(group.audits for group in side.grouped.groups) == side.evidence.audits > 10


def test_what_is_told_has_the_evidence_of_each_group(place: Audited) -> None:
    accept(place, 30, "forum")
    place.answer(FAKE)
    report = place.app.breaker.report()
    assert report is not None
    told = report.to_json()["sides"]["fake"]["groups"]
    assert {name: each["audits"] for name, each in told.items()} == {"agency": 0, "forum": 1}
    assert "In the group forum: Of 1 audited image accepted as fake, 0 were real." in report.text
    assert "agency" not in report.text
    assert "In the group forum: Of 1 audited image" in panel(report)
