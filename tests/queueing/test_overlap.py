"""A second person for unclear images: only where it disturbs no proof, and telling no audit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue
from storage.types import utc_now
from tests.applications import Deployment, deployment

UNCLEAR = {"std": 0.0, "mutual_information": 0.0, "entropy": 0.69}
PLAIN = {"std": 0.0, "mutual_information": 0.0, "entropy": 0.0}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def admin(place: Deployment) -> Person:
    admin = place.factory.admin()
    change_options(place.app.database, admin, ReviewOptions(second_reviewer=True))
    return admin


def certified(place: Deployment, admin: Person, audit_probability: float = 0.0) -> None:
    place.calibrated()
    place.app.triage.run("tester")
    place.certify(admin, audit_probability)


def needed(place: Deployment, item_id: int) -> tuple[int, int]:
    item = place.items()[item_id]
    return item.needed_labels, item.open_slots


def answer(place: Deployment, item_id: int) -> None:
    """Another person calls the item fake."""
    person, now = place.factory.person(), utc_now()
    with place.app.database.write() as repos:
        claim = repos.claims.give(person.id, item_id, now, now + timedelta(minutes=1))
        handle = claim.handle
    client_id = f"{person.name}-answers"
    submission = AnswerInput(client_id=client_id, item_id=handle, value=LabelValue.FAKE)
    place.app.review.label(person, submission)


def test_an_unclear_image_goes_to_two_people_and_settles_when_they_agree(
    place: Deployment, admin: Person
) -> None:
    certified(place, admin)
    unclear, plain = place.scored(0.5, spread=UNCLEAR), place.scored(0.5, spread=PLAIN)
    place.app.triage.run("tester")
    assert (needed(place, unclear), needed(place, plain)) == ((2, 2), (1, 1))
    for _ in range(2):
        assert place.items()[unclear].state is ItemState.IN_REVIEW
        answer(place, unclear)
    assert place.items()[unclear].state is ItemState.RESOLVED


def test_nobody_is_asked_twice_unless_an_admin_so_chose(place: Deployment) -> None:
    certified(place, place.factory.admin())
    unclear = place.scored(0.5, spread=UNCLEAR)
    place.app.triage.run("tester")
    assert needed(place, unclear) == (1, 1)


def test_images_whose_verdicts_calibrate_need_equally_many_answers_all(
    place: Deployment, admin: Person
) -> None:
    learning = place.scored(0.5, spread=UNCLEAR)
    certified(place, admin)
    place.app.triage.retriage("tester")  # first sent to people by the learning policy
    place.app.policies.suspend(admin, "to look at it")
    suspended = place.scored(0.5, spread=UNCLEAR)
    place.app.triage.run("tester")
    assert {needed(place, item_id) for item_id in (learning, suspended)} == {(1, 1)}


def test_audited_images_are_asked_of_two_people_as_often_as_the_others(
    place: Deployment, admin: Person
) -> None:
    certified(place, admin, audit_probability=1.0)
    # No image came to people by the rule yet, so there is none to borrow from.
    alone = place.scored(1.0)
    place.app.triage.run("tester")
    others = [place.scored(0.5, spread=UNCLEAR if i % 2 else PLAIN) for i in range(60)]
    audited = [place.scored(1.0, spread=UNCLEAR if i % 4 else PLAIN) for i in range(200)]
    place.app.triage.run("tester")
    items = place.items()
    assert sum(items[i].needed_labels == 2 for i in others) == 30
    assert 75 <= sum(items[i].needed_labels == 2 for i in audited) <= 125
    assert items[alone].needed_labels == 1
    with place.app.database.read() as repos:
        rows = [repos.decisions.of_item(item_id) for item_id in audited]
    assert all(row is not None and row.audited and row.mark is None for row in rows)
