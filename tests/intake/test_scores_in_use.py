"""What a deployment does with scores that it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from review_app.core.errors import InputError
from review_app.core.hashing import sha256
from review_app.manifests.manifest import ManifestLabel
from storage.enums import ItemState
from tests.applications import Deployment, write_pictures
from tests.intake.taking_scores import Take, card, held, items
from tests.scores.files import good_detector, row


def test_a_new_deployment_starts_with_the_detector_of_its_first_file(
    place: Deployment, take: Take
) -> None:
    assert take(row(1)).in_force == "external:theirs"
    policy = place.app.policies.current()
    assert (policy.checkpoint, policy.head, policy.state) == (
        "external:theirs",
        "score",
        "learning",
    )
    assert take(row(1, detector="second")).in_force == "external:theirs"


def test_a_deployment_with_pictures_keeps_its_own_detector(
    place: Deployment, take: Take, tmp_path: Path
) -> None:
    place.app.intake.ingest(write_pictures(tmp_path / "in", 1), "tester")
    assert take(row(1)).in_force is None
    assert held(place)["policy"] == 0


def test_a_picture_that_comes_later_joins_the_item_of_its_scores(
    place: Deployment, take: Take, tmp_path: Path
) -> None:
    (path,) = write_pictures(tmp_path / "in", 1)
    digest = sha256(path.read_bytes())
    take(row("elsewhere/1.png", 0.25, sha256=digest))
    report = place.app.intake.ingest([path], "tester")
    assert (report.added, report.duplicates, report.refused) == (0, 1, [])
    (item,) = place.items().values()
    assert item.image.picture is not None
    assert place.app.media.original(digest).is_file()
    assert (item.image.key, item.name) == (digest, "elsewhere/1.png")
    assert place.app.intake.ingest([path], "tester").duplicates == 1


def test_scores_of_pictures_that_are_here_join_their_items(
    place: Deployment, take: Take, tmp_path: Path
) -> None:
    paths = write_pictures(tmp_path / "in", 2)
    place.app.intake.ingest(paths, "tester")
    report = take(*(row(str(i), 0.25, sha256=sha256(p.read_bytes())) for i, p in enumerate(paths)))
    assert (report.added, report.detectors[0].new) == (0, 2)
    assert len(place.items()) == 2
    with pytest.raises(InputError, match=r"row 2: the path .* known by its sha256"):
        take(row(str(paths[0])))


def test_the_threshold_grid_grows_until_somebody_tries_to_certify(
    place: Deployment, take: Take
) -> None:
    rows = good_detector(600)
    take(*rows[:200])
    first = card(place)
    take(*rows[200:400])
    second = card(place)
    assert len(second.sample) > len(first.sample)
    assert len(second.files) == 2
    assert set(first.sample) < set(second.sample)
    with place.app.database.write() as repos:
        repos.attempts.add("external:theirs", "none", "tester")
    report = take(*rows[400:])
    assert report.added == 200
    assert card(place) == second
    assert report.detectors[0].grid_images == len(second.sample)


def test_labels_of_images_that_made_the_threshold_grid_never_calibrate(
    place: Deployment, take: Take
) -> None:
    take(*good_detector(100, labels=True))
    seen = place.app.detectors.has_seen("external:theirs")
    left = sum(not seen(key) for key in items(place))
    assert 0 < left < 100
    words = place.app.policies.preview(place.factory.admin(), 0.05, 0.1)
    assert words.startswith(f"With {left} known labels")


def test_rows_of_split_calibration_are_settled_by_their_label(
    place: Deployment, take: Take
) -> None:
    take(row(1, label=ManifestLabel.REAL, split="calibration"), row(2, split="calibration"), row(3))
    report = place.app.triage.run("tester")
    assert (report.scored, report.to_review, report.calibration) == (3, 2, 1)
    assert items(place)["path:images/00001.jpg"].state is ItemState.RESOLVED


def test_an_image_without_a_score_fails_in_words_until_a_file_has_it(
    place: Deployment, take: Take, tmp_path: Path
) -> None:
    take(row(1))
    (path,) = write_pictures(tmp_path / "in", 1)
    place.app.intake.ingest([path], "tester")
    report = place.app.triage.run("tester")
    assert (report.to_review, report.failed) == (1, 1)
    digest = sha256(path.read_bytes())
    lost = items(place)[digest]
    with place.app.database.read() as repos:
        event = repos.event_history.of_item(lost.id)[-1]
    assert event.details["reason"].startswith("detector theirs has given no score for this image")
    take(row("x", sha256=digest))
    place.app.triage.retry_failed("tester")
    assert place.app.triage.run("tester").to_review == 1


def test_an_image_without_a_picture_fails_under_a_detector_that_would_look(
    place: Deployment, take: Take
) -> None:
    take(row(1))
    policies = place.app.policies
    policies.adopt(place.factory.admin(), *place.app.detectors.start(), "back to ours")
    assert place.app.triage.run("tester").failed == 1
    (item,) = place.items().values()
    with place.app.database.read() as repos:
        event = repos.event_history.of_item(item.id)[-1]
    assert "not stored here" in event.details["reason"]
    policies.adopt(place.factory.admin(), "external:theirs", "score", "theirs again")
    place.app.triage.retry_failed("tester")
    assert place.app.triage.run("tester").to_review == 1


def test_what_waits_for_people_stays_with_them_where_another_detector_cannot_score_it(
    place: Deployment, take: Take
) -> None:
    take(row(1))
    place.app.triage.run("tester")
    place.app.policies.adopt(place.factory.admin(), *place.app.detectors.start(), "back to ours")
    assert place.app.triage.retriage("tester").failed == 1
    assert list(place.states().values()) == [ItemState.IN_REVIEW]
