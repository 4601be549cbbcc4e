"""After another detector is adopted, labels that people gave before count for it too."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from review_app.core.permissions import Person
from review_app.core.settings import DEFAULT_CHECKPOINT
from storage.enums import LabelValue
from storage.models import DecisionRow, Prediction
from tests.applications import Deployment, deployment, write_pictures

KNOWN, REVIEWED, WAITING = 3, 2, 1


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    """Pictures that the default detector has scored: with known labels, with verdicts, without."""
    with deployment(tmp_path) as place:
        paths = write_pictures(tmp_path / "in", KNOWN + REVIEWED + WAITING)
        manifest = tmp_path / "in" / "manifest.csv"
        with manifest.open("w", newline="") as file:
            rows = [[path.name, "fake", "calibration"] for path in paths[:KNOWN]]
            csv.writer(file).writerows([["path", "label", "split"], *rows])
        place.app.intake.ingest([manifest, *paths[KNOWN:]], "tester")
        place.app.triage.run("tester")
        place.answer(LabelValue.FAKE, REVIEWED)
        yield place


@pytest.fixture
def admin(place: Deployment) -> Person:
    return place.factory.admin("ada")


def adopt_another(place: Deployment, admin: Person) -> str:
    """The other checkpoint that ships; its id."""
    other = place.app.detectors.register(DEFAULT_CHECKPOINT.parent / "source")
    place.app.policies.adopt(admin, other.id, other.default_head.value, "trying the other one")
    return other.id


def test_the_next_triage_scores_what_is_labelled_and_decides_nothing_anew(
    place: Deployment, admin: Person
) -> None:
    assert place.counted(admin) == (KNOWN, REVIEWED)
    other = adopt_another(place, admin)
    assert place.counted(admin) == (0, 0)
    before = place.states()
    steps: list[tuple[int, int]] = []
    report = place.app.triage.run("tester", lambda *step: steps.append(step))
    assert (report.scored, report.rescored) == (0, KNOWN + REVIEWED)
    assert "5 labelled images now scored by the detector in force too" in report.rescored_words
    assert steps == [(KNOWN + REVIEWED, KNOWN + REVIEWED)]
    assert place.counted(admin) == (KNOWN, REVIEWED)
    assert place.states() == before
    with place.app.database.read() as repos:
        decided = repos.session.query(DecisionRow).filter_by(checkpoint_id=other).count()
        scored = repos.session.query(Prediction.image_id).filter_by(checkpoint_id=other)
        assert decided == 0
        assert scored.distinct().count() == KNOWN + REVIEWED


def test_scored_once_they_are_not_scored_again(place: Deployment, admin: Person) -> None:
    assert place.app.triage.run("tester").rescored == 0
    adopt_another(place, admin)
    assert place.app.triage.run("tester").rescored == KNOWN + REVIEWED
    again = place.app.triage.run("tester")
    assert (again.rescored, again.rescored_words) == (0, "")


def test_what_cannot_be_scored_does_not_stop_the_rest(
    place: Deployment, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    other = adopt_another(place, admin)
    lost = min(place.items().values(), key=lambda item: item.id)
    place.app.media.original(lost.image.key).unlink()
    assert place.app.triage.run("tester").rescored == KNOWN + REVIEWED - 1
    assert f"labels of 1 image cannot count for {other} yet; item {lost.id}, for one" in caplog.text
