"""Score files into the queue: whole or not at all, each image once, and nothing said otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from review_app.core.errors import InputError
from review_app.manifests.manifest import ManifestLabel
from review_app.scores.row import ScoreRow
from storage.enums import AuditKind, LabelValue
from storage.models import (
    KnownLabel,
)
from tests.applications import Deployment, deployment
from tests.intake.taking_scores import HASH, Take, card, held, items
from tests.scores.files import good_detector, row, write


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
