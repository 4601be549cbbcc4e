"""Images whose features or projections are stored are scored without their files, to the same
bits."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from review_app.detectors import scoring
from review_app.detectors.scoring import Opinions, Scoring
from review_app.inference.stored import StoredJudgement
from review_app.triage.pipeline import TriageService
from storage.models import Item, Prediction
from tests.applications import Deployment, deployment, write_pictures


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    """Six images that triage has scored from their files, which are gone since."""
    with deployment(tmp_path / "data") as place:
        place.app.intake.ingest(write_pictures(tmp_path / "in", 6), "tester")
        place.app.triage.run("tester")
        shutil.rmtree(place.app.settings.data_dir / "media")
        yield place


def said(place: Deployment) -> list[Any]:
    columns = [column for column in Prediction.__table__.columns if column.key != "created_at"]
    with place.app.database.read() as repos:
        query = select(*columns).order_by(Prediction.image_id, Prediction.head)
        return [tuple(row) for row in repos.session.execute(query)]


def forget(place: Deployment, *statements: str) -> None:
    """Take rows out as nobody may who goes through the program."""
    with closing(sqlite3.connect(str(place.app.database.engine.url.database))) as raw, raw:
        for statement in statements:
            raw.execute(statement)


def test_they_are_scored_as_from_their_files(place: Deployment) -> None:
    before = said(place)
    ids, checkpoint = list(place.items()), place.app.policies.current().checkpoint
    first = "SELECT sha256 FROM image ORDER BY id LIMIT"
    # Of two everything is stored, of two features alone, and of two nothing.
    forget(
        place,
        "DELETE FROM prediction",
        f"DELETE FROM projection WHERE sha256 NOT IN ({first} 2)",
        f"DELETE FROM feature WHERE sha256 NOT IN ({first} 4)",
    )
    own = Scoring(place.app.database, place.app.detectors)
    assert list(own.complete_stored(ids, checkpoint)) == [ids[:4]]
    heads = len(place.app.inspector.heads())
    assert said(place) == before[: 4 * heads]
    assert list(own.complete_stored(ids, checkpoint)) == [], "what is scored is not scored again"
    assert said(place) == before[: 4 * heads]
    with place.app.database.read() as repos:
        hashes = [i.image.sha256 for i in repos.items.get_many(ids) if i.image.sha256]
        assert len(repos.projections.get_many(hashes, _key(place))) == 4


class CutOff:
    """The real detectors, cut off when they are asked for the second time."""

    def __init__(self, place: Deployment) -> None:
        self._detectors = place.app.detectors
        self._asked = 0

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        raise AssertionError("all of them are stored")

    def judge_stored(self, sha256s: Sequence[str], checkpoint_id: str) -> StoredJudgement | None:
        self._asked += 1
        if self._asked > 1:
            raise KeyboardInterrupt
        return self._detectors.judge_stored(sha256s, checkpoint_id)


def test_a_run_that_is_cut_off_leaves_whole_blocks_and_is_gone_on_with(
    place: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = said(place)
    ids, policy = list(place.items()), place.app.policies.current()
    forget(place, "DELETE FROM prediction", "UPDATE item SET state = 'pending'")
    monkeypatch.setattr(scoring, "STORED_BATCH", 4)
    cut_off = TriageService(place.app.database, place.app.policies, CutOff(place), b"s" * 32)
    with pytest.raises(KeyboardInterrupt):
        cut_off.run("tester")
    heads = len(place.app.inspector.heads())
    assert said(place) == before[: 4 * heads]
    assert place.app.triage.run("tester").scored == 6
    assert said(place) == before
    assert all(place.events(item_id).count("decided") == 2 for item_id in ids)
    with place.app.database.read() as repos:
        assert repos.audit.first_broken() is None
        assert repos.predictions.count_of(policy.checkpoint) == len(before)


def test_triage_decides_them_in_one_batch(place: Deployment) -> None:
    ids = list(place.items())
    forget(
        place,
        "DELETE FROM prediction",
        "UPDATE item SET state = 'pending'",
        "DELETE FROM feature WHERE sha256 = (SELECT sha256 FROM image ORDER BY id LIMIT 1)",
        "DELETE FROM projection WHERE sha256 = (SELECT sha256 FROM image ORDER BY id LIMIT 1)",
    )
    report = place.app.triage.run("tester")
    assert (report.scored, report.failed) == (5, 1), "one has no file and nothing stored"
    assert {place.events(item_id)[-1] for item_id in ids[1:]} == {"decided"}
    assert place.events(ids[0])[-1] == "failed"


def _key(place: Deployment) -> str:
    with closing(sqlite3.connect(str(place.app.database.engine.url.database))) as raw:
        ((key,),) = raw.execute("SELECT DISTINCT projection_key FROM projection")
    return str(key)
