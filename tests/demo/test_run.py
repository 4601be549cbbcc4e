"""The demo's loop on a small queue: real images, features, heads, certificate and triage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from review_app.bootstrap import Application, open_application
from review_app.cli.demo_run import prepare
from review_app.cli.site import ask_for_queue
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.demo import generate
from review_app.demo.photos import Use
from review_app.monitoring.overview import stats
from storage.enums import JobKind, JobState, Role
from storage.models import Item, KnownLabel

SMALL = {Use.TRAIN: (36, 24), Use.VAL: (12, 12), Use.STREAM: (42, 28)}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """An application in which the loop has not run yet, or has: a run goes on where one is."""
    app = open_application(Settings(data_dir=tmp_path_factory.mktemp("demo") / "data"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "COUNTS", SMALL)
        yield app
    app.close()


def test_the_loop_ends_with_a_triaged_queue_and_a_second_run_changes_nothing(
    app: Application,
) -> None:
    steps: list[str] = []
    told: list[tuple[int, int | None]] = []
    first = prepare(app, steps.append, lambda done, total: told.append((done, total)))
    assert told == sorted(told), "one whole, that never goes back"
    assert 0 < told[0][0] < (told[0][1] or 0) == told[-1][0]
    stream = sum(SMALL[Use.STREAM])
    calibration = round(stream * generate.CALIBRATION_SHARE)
    items = stats(app.database)["items"]
    assert items["total"] == stream
    assert items["resolved"] == calibration
    assert items["auto_accepted"] + items["in_review"] == stream - calibration
    assert first.certified == bool(app.policies.current().certificates)
    assert [step[:3] for step in steps if step[1:2] == "/"] == [f"{n}/6" for n in range(1, 7)]
    assert (app.notice.read() or "").startswith("Demo:")
    version = app.policies.current().version
    prepare(app, steps.append, lambda done, total: None)
    assert stats(app.database)["items"] == items
    if first.certified:
        assert app.policies.current().version == version


def test_the_truth_of_the_queue_is_not_in_the_database(app: Application) -> None:
    prepare(app, lambda words: None, lambda done, total: None)
    with app.database.read() as repos:
        known = set(repos.session.scalars(select(KnownLabel.item_id)))
        queue = [(one.id, one.split, one.name) for one in repos.session.scalars(select(Item))]
    assert {(split, item in known) for item, split, _ in queue} == {
        ("calibration", True), ("queue", False),
    }  # fmt: skip
    assert not any(word in name for _, _, name in queue for word in ("real", "fake"))


def test_the_queue_is_made_by_a_job_once(tmp_path: Path) -> None:
    app = open_application(Settings(data_dir=tmp_path))
    account = app.people.ensure("admin", Role.ADMIN, "demo")
    admin = Person(account.id, account.name, account.role)
    assert "meanwhile" in ask_for_queue(app, admin)
    assert (app.notice.read() or "").startswith("Demo:")
    assert "meanwhile" in ask_for_queue(app, admin), "it waits; no other does"
    job = app.jobs.leases.take("test")
    assert job is not None
    assert job.kind is JobKind.DEMO
    assert app.jobs.leases.end(job, JobState.DONE)
    assert ask_for_queue(app, admin) == ""
    assert len(app.jobs.newest()) == 1
    app.close()
