"""Which labels a certificate may rest on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.permissions import Person
from review_app.policy.decision_text import text_of
from review_app.policy.governance import DetectorFacts, PolicyService
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue
from storage.enums import ItemState, LabelValue
from storage.types import utc_now
from tests.applications import LOOSE, Deployment
from tests.review.bench import items_of


def test_known_labels_count_once_their_image_is_scored(place: Deployment, admin: Person) -> None:
    place.scored(0.1, LabelValue.REAL)
    place.scored(0.9, LabelValue.FAKE, split="test")
    place.factory.item(known=LabelValue.FAKE)  # not scored
    assert place.counted(admin) == (2, 0)


@pytest.mark.parametrize("split", ["train", "val"])
def test_images_of_the_splits_for_training_do_not_count(
    place: Deployment, admin: Person, split: str
) -> None:
    place.scored(0.1, LabelValue.REAL, split=split)
    assert place.counted(admin) == (0, 0)


def test_near_duplicates_of_earlier_images_do_not_count(place: Deployment, admin: Person) -> None:
    first = place.scored(0.1, LabelValue.REAL)
    image_id = place.items()[first].image_id
    place.scored(0.1, LabelValue.REAL, near_id=image_id)
    assert place.counted(admin) == (1, 0)


def test_images_that_the_checkpoint_has_seen_do_not_count(place: Deployment, admin: Person) -> None:
    """The facts about the detector come from outside; here one says that it knows an image."""
    seen = place.scored(0.1, LabelValue.REAL)
    place.scored(0.1, LabelValue.REAL)
    sha256 = place.items()[seen].image.sha256

    class Facts:
        def start(self) -> tuple[str, str]:
            return place.app.detectors.start()

        def threshold_grids(
            self, checkpoint_id: str, head: str
        ) -> tuple[ThresholdGrid, ThresholdGrid]:
            return place.app.detectors.threshold_grids(checkpoint_id, head)

        def engine(self, checkpoint_id: str) -> str | None:
            return place.app.detectors.engine(checkpoint_id)

        def has_seen(self, checkpoint_id: str) -> object:
            return lambda other: other == sha256

    facts: DetectorFacts = Facts()  # type: ignore[assignment]
    words = PolicyService(place.app.database, facts).preview(admin, *LOOSE)
    assert words.startswith("With 1 known label ")


@pytest.mark.parametrize("value", [LabelValue.UNSURE, LabelValue.UNDECIDABLE])
def test_verdicts_of_the_cold_start_count_and_those_that_tell_nothing_do_not(
    value: LabelValue, place: Deployment, admin: Person
) -> None:
    for _ in range(2):
        place.scored(0.4)
    place.app.triage.run("tester")
    place.answer(LabelValue.REAL)
    place.answer(value)
    (task,) = place.app.review.take(admin, 1, Queue.ESCALATED)
    decision = AnswerInput(client_id="decision-1", item_id=task.item_id, value=value)
    place.app.review.label(admin, decision)
    (item,) = items_of(place.app.database, [task.item_id])
    assert place.items()[item].verdict is value
    assert place.counted(admin) == (0, 1)


def test_a_known_label_counts_instead_of_the_verdict(place: Deployment, admin: Person) -> None:
    place.scored(0.4, LabelValue.REAL)
    place.app.triage.run("tester")
    place.answer(LabelValue.FAKE)
    assert place.counted(admin) == (1, 0)


def test_verdicts_that_a_certified_policy_asked_for_do_not_count(
    place: Deployment, admin: Person
) -> None:
    place.calibrated()
    place.certify(admin)
    place.scored(0.5)
    place.app.triage.run("tester")  # calibration images go first; they are accepted
    reviewer = place.answer(LabelValue.REAL)
    assert place.app.review.take(reviewer) == []
    assert place.counted(admin) == (30, 0)


def test_verdicts_on_what_a_certified_policy_left_waiting_do_not_count(
    place: Deployment, admin: Person
) -> None:
    place.calibrated()
    place.certify(admin)
    place.app.policies.suspend(admin, "to collect labels")
    for p_fake in (0.0, 0.5):
        place.scored(p_fake)
    place.app.triage.run("tester")  # everything goes to people ...
    place.certify(admin)
    place.app.triage.retriage("tester")  # ... and then only what is doubtful stays
    place.answer(LabelValue.REAL)
    assert place.counted(admin) == (30, 0)


def test_verdicts_that_can_still_be_taken_back_do_not_count_and_are_told_of(
    place: Deployment, admin: Person
) -> None:
    for _ in range(2):
        place.scored(0.4)
    place.app.triage.run("tester")
    place.factory.review_options(undo_minutes=5)
    place.answer(LabelValue.REAL)
    assert place.counted(admin) == (0, 0)
    words = place.app.policies.preview(admin, *LOOSE)
    assert "1 answer can still be taken back and does not count yet." in words
    earlier = ReviewService(
        ReviewContext(place.app.database, text_of, lambda: utc_now() - timedelta(minutes=6))
    )
    reviewer = place.factory.person()
    (task,) = earlier.take(reviewer)
    given = AnswerInput(client_id="earlier-1", item_id=task.item_id, value=LabelValue.REAL)
    earlier.label(reviewer, given)
    assert place.counted(admin) == (0, 1)


def test_an_answer_given_after_seeing_the_model_does_not_count(
    place: Deployment, admin: Person
) -> None:
    place.scored(0.9)
    place.app.triage.run("tester")
    place.factory.review_options(undo_minutes=5)
    reviewer = place.answer(LabelValue.REAL)  # the receipt shows the model's opinion
    task = place.app.review.undo(reviewer, "undo-after-the-reveal")
    place.factory.review_options(undo_minutes=0)
    again = AnswerInput(
        client_id="answer-after-seeing", item_id=task.item_id, value=LabelValue.FAKE
    )
    place.app.review.label(reviewer, again)
    (item,) = items_of(place.app.database, [task.item_id])
    assert place.states()[item] is ItemState.RESOLVED
    assert place.counted(admin) == (0, 0)
