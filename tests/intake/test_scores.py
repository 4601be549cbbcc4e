"""Score files into the queue: whole or not at all, each image once, and nothing said otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from review_app.core.errors import InputError
from review_app.core.hashing import sha256
from review_app.intake.scores import ScoreReport
from review_app.manifests.manifest import ManifestLabel
from review_app.scores.card import ExternalCard
from review_app.scores.row import ScoreRow
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import (
    AuditEvent,
    CheckpointRow,
    Image,
    Item,
    KnownLabel,
    PolicyRow,
    Prediction,
    ScoreFile,
)
from tests.applications import Deployment, deployment, write_pictures
from tests.scores.files import good_detector, row, write

TABLES = (Image, Item, Prediction, KnownLabel, CheckpointRow, PolicyRow, AuditEvent, ScoreFile)
HASH = "ab" * 32
Take = Callable[..., ScoreReport]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


@pytest.fixture
def take(place: Deployment, tmp_path: Path) -> Take:
    """Takes in a file of these rows; row i of them is line i + 2."""

    def take(*rows: ScoreRow, detector: str | None = None) -> ScoreReport:
        return place.app.scores.ingest(write(tmp_path / "s.csv", rows), "tester", detector)

    return take


def held(place: Deployment) -> dict[str, int]:
    """How many rows each table has; without events that only seal what builders wrote."""
    with place.app.database.read() as repos:
        found = {
            table.__tablename__: repos.session.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }
        found["audit_event"] -= len(repos.event_history.of_kind(AuditKind.SEALED))
    return found


def items(place: Deployment) -> dict[str, Item]:
    """Every item by its image's key."""
    return {item.image.key: item for item in place.items().values()}


def card(place: Deployment, name: str = "theirs") -> ExternalCard:
    with place.app.database.read() as repos:
        found = repos.checkpoints.get(f"external:{name}")
    assert found is not None
    return ExternalCard.model_validate(found.card)


def test_rows_become_items_with_scores_and_labels(place: Deployment, take: Take) -> None:
    report = take(
        row(
            "a/1.jpg",
            0.25,
            std=0.1,
            novelty=2.0,
            label=ManifestLabel.FAKE,
            source="tv",
            split="test",
        ),
        row("b/2.jpg", 1.0, sha256=HASH, score=0.9),
    )
    assert (report.rows, report.images, report.added, report.labels) == (2, 2, 2, 1)
    found = items(place)
    assert found.keys() == {"path:a/1.jpg", HASH}
    first, second = found["path:a/1.jpg"], found[HASH]
    assert (first.name, first.source, first.split) == ("a/1.jpg", "tv", "test")
    assert (second.image.path, second.image.picture) == ("b/2.jpg", None)
    with place.app.database.read() as repos:
        said = repos.predictions.of_images([first.image_id, second.image_id], "external:theirs")
        assert repos.known_labels.of_item(first.id) is LabelValue.FAKE
        assert repos.known_labels.of_item(second.id) is None
        provenance = repos.session.scalar(select(KnownLabel.provenance))
    one, other = said[first.image_id]["score"], said[second.image_id]["score"]
    assert (one.p_fake, one.score, one.std, one.novelty) == (0.25, 0.25, 0.1, 2.0)
    assert one.entropy == pytest.approx(0.5623, abs=1e-4)
    assert (other.p_fake, other.score, other.std, other.novelty) == (1.0, 0.9, 0.0, None)
    assert (other.entropy, other.mutual_information) == (0.0, 0.0)
    assert provenance == "s.csv (row 2)"
    assert place.chain_holds()


def test_the_log_tells_of_the_whole_file_at_once(place: Deployment, take: Take) -> None:
    report = take(row(1), row(2, label=ManifestLabel.REAL))
    with place.app.database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.SCORES_INGESTED)
    assert event.actor == "tester"
    assert event.details == {
        "file": "s.csv",
        "sha256": report.sha256,
        "rows": 2,
        "scores": {"external:theirs": 2},
        "labels": 1,
        "images": 2,
        "items": [1, 2],
    }


def test_the_same_file_again_changes_nothing(place: Deployment, take: Take) -> None:
    rows = good_detector(300, labels=True)
    take(*rows)
    before, grid = held(place), card(place)
    report = take(*rows)
    assert (report.added, report.labels, report.detectors[0].new) == (0, 0, 0)
    told = {name: before[name] + 1 for name in ("audit_event", "score_file")}
    assert held(place) == before | told
    assert card(place) == grid


def test_a_second_file_adds_images_and_fills_in_what_was_not_known(
    place: Deployment, take: Take
) -> None:
    take(row(1), row(2))
    report = take(row(2, label=ManifestLabel.REAL, source="tv", split="test"), row(3))
    assert (report.added, report.labels, report.detectors[0].new) == (1, 1, 1)
    second = items(place)["path:images/00002.jpg"]
    assert (second.source, second.split) == ("tv", "test")
    take(row(2, source="radio"))
    assert items(place)["path:images/00002.jpg"].source == "tv", "what is known stays"


KNOWN = [
    row("a.jpg", 0.25, std=0.1, label=ManifestLabel.REAL, split="test"),
    row("b.jpg", 0.25, sha256=HASH),
]


@pytest.mark.parametrize(
    ("contradiction", "words"),
    [
        (row("a.jpg", 0.26, std=0.1), "p_fake 0.26, but p_fake 0.25 was taken in before"),
        (row("a.jpg", 0.25, std=0.2), "std 0.2, but std 0.1"),
        (row("a.jpg", 0.25), "std 0.0, but std 0.1"),
        (row("a.jpg", 0.25, std=0.1, novelty=1.0), "novelty 1.0, but novelty None"),
        (
            row("a.jpg", 0.25, std=0.1, label=ManifestLabel.FAKE),
            "label fake, but the image is known as",
        ),
        (row("a.jpg", 0.25, std=0.1, split="val"), "split val, but the image is known as of split"),
        (row("b.jpg", 0.25), "the path 'b.jpg' is that of an image known by its sha256"),
        (row("a.jpg", sha256="cd" * 32), "'a.jpg' is that of an image known without a sha256"),
        (row("c.jpg", label=ManifestLabel.FAKE), "row 3: label real, but row 4 says fake of it"),
        (row("c.jpg", split="train"), "split val"),
        (row("c.jpg", sha256="ef" * 32), "row 3: row 4 gives this path with a sha256"),
    ],
)
def test_a_contradiction_is_told_with_its_row_and_nothing_is_taken(
    contradiction: ScoreRow, words: str, place: Deployment, take: Take
) -> None:
    take(*KNOWN)
    before, was = held(place), card(place)
    other = row("c.jpg", detector="other", label=ManifestLabel.REAL, split="val")
    with pytest.raises(InputError, match=r"nothing of it was taken; 1 fault: row \d") as fault:
        take(row("new.jpg"), other, contradiction)
    assert words in str(fault.value)
    assert held(place) == before
    assert card(place) == was


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("path,detector,p_fake\na,t,nan\n", "row 2: p_fake 'nan' is not a finite number"),
        ("path,detector,p_fake\na,t,1.5\n", r"row 2: p_fake '1.5' is outside \[0, 1\]"),
        ("path,detector,p_fake\na,t,1\nb,t,1\na,t,1\n", "row 4: the same image and detector"),
        ("path;detector;p_fake\na;t;1\n", "separated by semicolons"),
        ("path,p_fake\na,1\n", "no column detector"),
        ("path,detector,p_fake\n", "no rows"),
        ("path,detector,p_fake\n" + "a" * 1025 + ",t,1\n", "row 2: path .* more than 1024"),
        ("path,detector,p_fake\na,t\x07,1\n", "row 2: detector .* cannot be shown"),
        ('path,detector,p_fake\n"a,t,1\n', "row 2 cannot be read as CSV"),
        ("path,detector,p_fake\n" + "".join(f"a,{i},1\n" for i in range(200)), "more than 100"),
    ],
)
def test_a_bad_file_leaves_nothing_behind(
    text: str, words: str, place: Deployment, tmp_path: Path
) -> None:
    before = held(place)
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        place.app.scores.ingest(path, "tester")
    assert held(place) == before


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(10 * 1024**3)  # 10 GiB on paper
    with deployment(tmp_path) as place, pytest.raises(InputError, match="10,737 MB"):
        place.app.scores.ingest(path, "tester")


def test_two_detectors_of_a_file_share_the_images(place: Deployment, take: Take) -> None:
    rows = [row(i, detector=name) for name in ("one", "two") for i in range(3)]
    report = take(*rows)
    assert (report.images, report.added) == (3, 3)
    assert [(found.name, found.new) for found in report.detectors] == [("one", 3), ("two", 3)]
    assert held(place)["prediction"] == 6
    assert held(place)["policy"] == 0, "which of them decides is not for us to choose"


def test_one_detector_of_a_file_may_be_taken_alone(place: Deployment, take: Take) -> None:
    rows = [row(1, detector="one"), row(2, detector="two")]
    report = take(*rows, detector="two")
    assert [found.name for found in report.detectors] == ["two"]
    assert items(place).keys() == {"path:images/00002.jpg"}
    assert report.in_force == "external:two"
    with pytest.raises(InputError, match=r"no detector 'three', only: one, two"):
        take(*rows, detector="three")


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


_WORKER = """
import sys, time
from pathlib import Path
from typing import Any
from sqlalchemy import Engine, event
from tests.applications import deployment

@event.listens_for(Engine, "after_cursor_execute")
def stop(connection, cursor, statement, *_):
    if statement.startswith("INSERT INTO " + sys.argv[2]):
        print("applying", flush=True)
        time.sleep(600)

with deployment(Path(sys.argv[1])) as place:
    place.app.scores.ingest(Path(sys.argv[1]) / "s.csv", "worker")
"""


@pytest.mark.parametrize("table", ["staged_image", "image", "prediction"])
def test_a_run_that_is_killed_leaves_nothing_half_applied(table: str, tmp_path: Path) -> None:
    rows = good_detector(500, labels=True)
    write(tmp_path / "s.csv", rows)
    with deployment(tmp_path) as place:
        before = held(place)
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(tmp_path), table], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "applying\n"
    if table == "staged_image":
        with deployment(tmp_path) as place:
            place.factory.person()  # a file that is being read holds nobody up
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    with deployment(tmp_path) as place:
        assert held(place) == before
        report = place.app.scores.ingest(tmp_path / "s.csv", "tester")
        assert (report.added, report.labels) == (500, 500)
        assert place.chain_holds()
