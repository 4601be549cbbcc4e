"""After an alarm only labels of what came in since can open auto-accept again, and they do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.audits.reader import audit_report
from review_app.core.errors import CalibrationError
from storage.enums import ItemState, LabelValue, PolicyState
from tests.applications import LOOSE
from tests.audits.audited import Audited, audited

REAL, FAKE = LabelValue.REAL, LabelValue.FAKE
NEW = 15
"""Labels a side that certify it at the terms of these tests."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Audited]:
    with audited(tmp_path) as place:
        yield place


@pytest.fixture
def alarmed(place: Audited) -> Audited:
    """Thirty known labels were enough once; then the audits turned, and all are answered."""
    place.certify()
    place.accept(10)
    place.answer_all(REAL)
    assert state(place) is PolicyState.SUSPENDED
    return place


def state(place: Audited) -> PolicyState:
    return place.app.policies.current().state


def people_label(place: Audited, n: int = NEW) -> list[int]:
    """``n`` new images of either kind come in, and people say what they are; their ids."""
    fake = place.accept(n, 1.0)
    place.answer_all(FAKE)
    real = place.accept(n, 0.0)
    place.answer_all(REAL)
    return fake + real


def test_labels_of_before_certify_nothing_and_the_admin_is_told_why(alarmed: Audited) -> None:
    told = r"30 labels from before the alarm of \d+ \w+ \d{4} do not count: the images have changed"
    with pytest.raises(CalibrationError, match=told):
        alarmed.certify()
    assert re.search(told, alarmed.app.policies.preview(alarmed.admin, *LOOSE))
    assert state(alarmed) is PolicyState.SUSPENDED
    report = audit_report(alarmed.app.database)
    assert report is not None
    assert "Labels from before the alarm do not count any more" in report.advice


def test_verdicts_given_while_it_is_closed_open_it_again(alarmed: Audited) -> None:
    assert alarmed.states(people_label(alarmed)) == {ItemState.RESOLVED}
    assert alarmed.place.counted(alarmed.admin) == (0, 2 * NEW)
    alarmed.certify(0.5)
    policy = alarmed.app.policies.current()
    assert policy.state is PolicyState.CERTIFIED
    assert {certificate.n_calibration for certificate in policy.certificates} == {2 * NEW}
    sets = {certificate.provenance.calibration_set for certificate in policy.certificates}
    assert re.fullmatch(
        r"0 known labels and 30 reviewer verdicts since the alarm of .*", sets.pop()
    )
    assert alarmed.accept_alone(24)
    report = audit_report(alarmed.app.database)
    assert report is not None
    assert not report.standing


def test_what_the_alarm_reopened_and_what_waited_already_does_not_count(place: Audited) -> None:
    place.certify(0.5)
    place.accept(3, 0.5)  # people see them because the certified policy was not sure
    place.accept(36)
    while state(place) is PolicyState.CERTIFIED:
        place.answer(REAL)
    assert place.answer_all(REAL) > 20
    assert place.place.counted(place.admin) == (0, 0)


def test_known_labels_count_by_when_their_image_came_in(alarmed: Audited) -> None:
    old = max(alarmed.place.states())
    alarmed.place.scored(0.0, REAL)
    assert alarmed.place.counted(alarmed.admin) == (1, 0)
    with alarmed.app.database.write() as repos:
        repos.known_labels.add(old, REAL, "late.csv (row 1)", "tester")
    assert alarmed.place.counted(alarmed.admin) == (1, 0)


def test_another_detector_does_not_bring_old_labels_back(alarmed: Audited) -> None:
    now = alarmed.app.policies.current()
    alarmed.app.policies.adopt(alarmed.admin, now.checkpoint, "linear", "trying another head")
    assert alarmed.place.counted(alarmed.admin) == (0, 0)
    people_label(alarmed, 2)
    assert alarmed.place.counted(alarmed.admin) == (0, 4)


def test_the_confidence_spent_on_labels_of_before_is_whole_again(alarmed: Audited) -> None:
    people_label(alarmed)
    alarmed.certify()
    (level,) = {certificate.level for certificate in alarmed.app.policies.current().certificates}
    assert level == 0.125  # half of delta a side, and half of that for the first try


def test_an_admins_own_suspension_sets_nothing_aside_and_labels_under_it_count(
    place: Audited,
) -> None:
    place.certify()
    place.app.policies.suspend(place.admin, "a look at the stream")
    people_label(place, 3)
    assert place.place.counted(place.admin) == (30, 6)
    place.certify()
    assert state(place) is PolicyState.CERTIFIED
