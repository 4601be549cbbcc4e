"""Triage over a real queue: every item decided once, whatever else happens meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from review_app.detectors.scoring import Opinions
from review_app.inference.stored import StoredJudgement
from review_app.policy.audit_coin import audit_coin
from review_app.review.tasks import AnswerInput
from review_app.triage.pipeline import TriageService
from review_app.triage.report import TriageReport
from storage.enums import AuditKind, ItemState, LabelValue, PolicyState
from storage.models import DecisionRow, Item, QueuePlace
from storage.repositories.items import Move
from tests.applications import Deployment, deployment, write_pictures
from tests.review.bench import items_of

ROOT = Path(__file__).parents[2]
SECRET = b"a secret for tests"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def decisions(place: Deployment) -> list[DecisionRow]:
    with place.app.database.read() as repos:
        return repos.session.query(DecisionRow).order_by(DecisionRow.id).all()


def summary(report: TriageReport) -> tuple[int, int, int, int]:
    return report.scored, report.auto_accepted, report.to_review, report.failed


class Disturbed:
    """The real detectors; something else happens in the queue while they score."""

    def __init__(self, place: Deployment, disturb: object) -> None:
        self._place = place
        self._disturb = disturb

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        scored = self._place.app.detectors.score(items, checkpoint_id)
        self._disturb()  # type: ignore[operator]
        return scored

    def judge_stored(self, sha256s: Sequence[str], checkpoint_id: str) -> StoredJudgement | None:
        return self._place.app.detectors.judge_stored(sha256s, checkpoint_id)

    def service(self) -> TriageService:
        return TriageService(self._place.app.database, self._place.app.policies, self, SECRET)


# --- Real images through the real detector


def test_images_are_scored_by_every_head_and_routed_once(place: Deployment, tmp_path: Path) -> None:
    place.app.intake.ingest(write_pictures(tmp_path / "in", 6), "tester")
    steps: list[tuple[int, int]] = []
    report = place.app.triage.run("tester", lambda *step: steps.append(step))
    assert summary(report) == (6, 0, 6, 0)
    assert report.images_per_second > 0
    assert steps[-1] == (6, 6)
    assert set(place.states().values()) == {ItemState.IN_REVIEW}
    policy = place.app.policies.current()
    with place.app.database.read() as repos:
        for item in place.items().values():
            stored = repos.predictions.of_images([item.image_id], policy.checkpoint)[item.image_id]
            assert set(stored) == set(place.app.inspector.heads())
            decision = repos.decisions.of_item(item.id)
            assert decision is not None
            own = stored[policy.head]
            assert (decision.p_fake, decision.score) == (own.p_fake, own.score)
            assert decision.novelty == own.novelty is not None
            assert decision.route == "review"
            assert "cold_start" in decision.reasons
    assert all(place.events(item_id) == ["ingested", "decided"] for item_id in place.items())


def test_an_image_unlike_the_training_images_goes_to_people_by_its_score(place: Deployment) -> None:
    place.calibrated()
    place.app.triage.run("tester")
    place.certify(place.factory.admin())
    with place.app.database.read() as repos:
        novelty = repos.checkpoints.novelty(place.app.policies.current().checkpoint)
    assert novelty is not None
    beyond = novelty.cut + 1
    shrunk = place.scored(1.0, score=0.5, novelty=beyond)
    sure = place.scored(1.0, novelty=beyond)  # told only of what goes to people anyway
    usual = place.scored(0.5, novelty=novelty.cut)
    place.app.triage.run("tester")
    with place.app.database.read() as repos:
        reasons = {}
        for item_id in (shrunk, sure, usual):
            decision = repos.decisions.of_item(item_id)
            assert decision is not None
            reasons[item_id] = decision.reasons
    assert reasons == {
        shrunk: ["unlike_training", "low_confidence"],
        sure: ["certified_fake"],
        usual: ["low_confidence"],
    }
    assert place.states([shrunk, sure, usual]) == {
        shrunk: ItemState.IN_REVIEW,
        sure: ItemState.AUTO_ACCEPTED,
        usual: ItemState.IN_REVIEW,
    }


def test_a_second_run_changes_nothing(place: Deployment) -> None:
    place.calibrated(3)
    assert place.app.triage.run("tester").scored == 6
    before = place.items()
    assert summary(place.app.triage.run("tester")) == (0, 0, 0, 0)
    after = place.items()
    assert {i: (x.state, x.rank, x.state_since) for i, x in before.items()} == {
        i: (x.state, x.rank, x.state_since) for i, x in after.items()
    }
    assert len(decisions(place)) == 6


def test_an_image_whose_stored_file_is_damaged_fails_alone_and_can_be_retried(
    place: Deployment, tmp_path: Path
) -> None:
    place.app.intake.ingest(write_pictures(tmp_path / "in", 4), "tester")
    first, second, *_ = place.items().values()
    cut, lost = (place.app.media.original(item.image.key) for item in (first, second))
    whole = cut.read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    aside = lost.rename(lost.with_suffix(".aside"))
    assert summary(place.app.triage.run("tester")) == (2, 0, 2, 2)
    assert place.states([first.id, second.id]) == dict.fromkeys(
        [first.id, second.id], ItemState.FAILED
    )
    with place.app.database.read() as repos:
        reasons = [repos.event_history.of_item(i.id)[-1].details["reason"] for i in (first, second)]
    assert "unreadable" in reasons[0]
    assert "No such file" in reasons[1]
    assert str(lost) in reasons[1]

    assert place.app.triage.retry_failed("tester") == 2
    cut.write_bytes(whole)
    assert summary(place.app.triage.run("tester")) == (1, 0, 1, 1)
    aside.rename(lost)
    assert place.app.triage.retry_failed("tester") == 1
    assert summary(place.app.triage.run("tester")) == (1, 0, 1, 0)
    assert set(place.states().values()) == {ItemState.IN_REVIEW}
    assert len(decisions(place)) == 4
    assert place.events(second.id) == [
        "ingested", "failed", "retried", "failed", "retried", "decided",
    ]  # fmt: skip


WORKER = """
import sys
from pathlib import Path
from review_app.bootstrap import open_application
from review_app.core.settings import Settings
from review_app.triage import pipeline

pipeline.PAGE = 40
app = open_application(Settings(data_dir=Path(sys.argv[1])))
getattr(app.triage, sys.argv[2])("worker", lambda *step: print("a page", flush=True))
"""


def killed(data: Path, run: str) -> None:
    """``run`` in a process of its own, killed when a page is done and the next is under way."""
    command = [sys.executable, "-c", WORKER, str(data), run]
    worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert worker.stdout is not None
    worker.stdout.readline()
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()


def test_runs_that_were_killed_are_completed_with_each_item_decided_once(tmp_path: Path) -> None:
    n = 160
    with deployment(tmp_path) as place:
        for _ in range(n):
            place.scored(0.3)
    killed(tmp_path / "data", "run")
    with deployment(tmp_path) as place:
        done = Counter(place.states().values())[ItemState.IN_REVIEW]
        assert 40 <= done <= n
        assert place.app.triage.run("tester").scored == n - done
        assert set(place.states().values()) == {ItemState.IN_REVIEW}
        place.app.policies.suspend(place.factory.admin(), "another version")
    killed(tmp_path / "data", "retriage")
    with deployment(tmp_path) as place:
        done = sum(d.policy_version == 2 for d in decisions(place))
        assert 40 <= done <= n
        assert place.app.triage.retriage("tester").scored == n - done
        once = Counter((d.item_id, d.policy_version) for d in decisions(place))
        assert once == {(i, version): 1 for i in place.items() for version in (1, 2)}
        assert place.chain_holds()


# --- A certified policy, its audit, and what a retriage may touch


def test_a_certified_policy_accepts_on_both_sides_and_sends_the_rest_to_people(
    place: Deployment,
) -> None:
    admin = place.factory.admin()
    place.calibrated()
    version = place.certify(admin)
    real, unsure, fake = (place.scored(p) for p in (0.0, 0.5, 1.0))
    report = place.app.triage.run("tester")
    assert summary(report) == (33, 32, 1, 0)
    assert report.policy_version == version
    assert place.states([real, unsure, fake]) == {
        real: ItemState.AUTO_ACCEPTED,
        unsure: ItemState.IN_REVIEW,
        fake: ItemState.AUTO_ACCEPTED,
    }
    routes = {d.item_id: (d.route, d.inclusion_probability) for d in decisions(place)}
    assert [routes[i] for i in (real, unsure, fake)] == [
        ("accept_real", 0.0),
        ("review", 1.0),
        ("accept_fake", 0.0),
    ]


def test_the_audit_draws_the_same_coins_again_and_nobody_sees_who_was_drawn(
    place: Deployment,
) -> None:
    admin = place.factory.admin()
    place.calibrated()
    place.certify(admin, audit_probability=0.5)
    ids = [place.scored(1.0) for _ in range(40)]
    app = place.app
    service = TriageService(app.database, app.policies, app.detectors, SECRET)
    service.run("tester")
    by_item = {d.item_id: d for d in decisions(place)}
    items = place.items()
    for item_id in ids:
        decision = by_item[item_id]
        coin = audit_coin(items[item_id].image.key, decision.policy_version, SECRET)
        assert decision.audited == (coin < 0.5)
        assert decision.proposal == "accept_fake"
        assert decision.inclusion_probability == 0.5
        waits = items[item_id].state is ItemState.IN_REVIEW
        assert waits == decision.audited
    assert 0 < sum(by_item[i].audited for i in ids) < 40
    with app.database.read() as repos:
        (event,) = repos.event_history.of_kind(AuditKind.TRIAGED)
    assert event.details["routes"] == Counter(d.route for d in by_item.values())


def test_items_of_one_run_are_handed_out_in_an_order_that_tells_nothing(
    place: Deployment,
) -> None:
    ids = [place.scored(p / 40) for p in range(40)]
    place.app.triage.run("tester")
    items = place.items()
    order = sorted(ids, key=lambda i: items[i].rank)
    assert order != ids
    assert max(items[i].rank for i in ids) - min(items[i].rank for i in ids) < 1
    later = place.scored(0.0)
    place.app.triage.run("tester")
    assert place.items()[later].rank >= min(items[i].rank for i in ids)


def test_retriage_leaves_alone_what_somebody_has_touched(place: Deployment) -> None:
    admin, reviewer = place.factory.admin(), place.factory.person()
    ids = [place.scored(1.0) for _ in range(5)]
    place.app.triage.run("tester")
    desk = place.app.review
    (answered,) = desk.take(reviewer)
    answer = AnswerInput(client_id="answer-0001", item_id=answered.item_id, value=LabelValue.REAL)
    desk.label(reviewer, answer)
    skipped = desk.take(reviewer)[0].item_id
    desk.skip(reviewer, skipped)
    held = desk.take(reviewer)[0].item_id
    place.calibrated()
    version = place.certify(admin)

    report = place.app.triage.retriage("tester")
    assert report.policy_version == version
    done, passed, kept = items_of(place.app.database, [answered.item_id, skipped, held])
    untouched = set(ids) - {done, passed, kept}
    assert summary(report) == (2, 2, 0, 0)
    states = place.states(ids)
    assert {i for i in ids if states[i] is ItemState.AUTO_ACCEPTED} == untouched
    assert states[done] is ItemState.RESOLVED
    assert states[kept] is states[passed] is ItemState.IN_REVIEW
    assert [task.item_id for task in desk.take(reviewer)] == [held]
    with place.app.database.read() as repos:  # what was accepted was swept out of the queue
        places = set(repos.session.scalars(select(QueuePlace.item_id)))
    assert places == {kept, passed}


def test_retriage_a_second_time_finds_nothing_to_do(place: Deployment) -> None:
    admin = place.factory.admin()
    ids = [place.scored(0.5) for _ in range(3)]
    place.app.triage.run("tester")
    ranks = {i: place.items()[i].rank for i in ids}
    place.calibrated()
    place.certify(admin)
    assert summary(place.app.triage.retriage("tester")) == (3, 0, 3, 0)
    n = len(decisions(place))
    assert summary(place.app.triage.retriage("tester")) == (0, 0, 0, 0)
    assert len(decisions(place)) == n
    assert {i: place.items()[i].rank for i in ids} == ranks, "who waits keeps their place"


def test_both_runs_of_a_command_add_up(place: Deployment) -> None:
    first = TriageReport(3, scored=10, to_review=9, calibration=1, images_per_second=5.0)
    second = TriageReport(4, scored=2, auto_accepted=2, failed=1, images_per_second=900.0)
    assert first + second == TriageReport(4, 12, 2, 9, 1, 1, 5.0)


# --- Known labels


def test_calibration_images_are_settled_by_their_known_label(place: Deployment) -> None:
    settled = place.scored(0.9, LabelValue.REAL, split="calibration")
    unlabelled = place.scored(0.9, split="calibration")
    ordinary = place.scored(0.9, LabelValue.REAL, split="test")
    report = place.app.triage.run("tester")
    assert (summary(report), report.calibration) == ((3, 0, 2, 0), 1)
    items = place.items()
    assert (items[settled].state, items[settled].verdict) == (
        ItemState.RESOLVED,
        LabelValue.REAL,
    )
    assert items[unlabelled].state is items[ordinary].state is ItemState.IN_REVIEW
    assert items[ordinary].verdict is None


# --- What happens while a batch is scored


def test_an_item_that_moved_meanwhile_is_left_alone(place: Deployment, tmp_path: Path) -> None:
    place.app.intake.ingest(write_pictures(tmp_path / "in", 2), "tester")
    first, second = place.items()

    def move() -> None:
        with place.app.database.write() as repos:
            move = Move(first, ItemState.RESOLVED, AuditKind.TRIAGED, {}, {"verdict": "fake"})
            repos.items.move("somebody else", [move])

    report = Disturbed(place, move).service().run("tester")
    assert summary(report) == (1, 0, 1, 0)
    assert place.states() == {first: ItemState.RESOLVED, second: ItemState.IN_REVIEW}
    assert [d.item_id for d in decisions(place)] == [second]


def test_closing_auto_accept_stops_a_run_that_is_under_way(
    place: Deployment, tmp_path: Path
) -> None:
    admin = place.factory.admin()
    place.calibrated()
    place.certify(admin)
    place.app.triage.run("tester")
    place.app.intake.ingest(write_pictures(tmp_path / "in", 3), "tester")
    pending = [i for i, state in place.states().items() if state is ItemState.PENDING]

    def suspend() -> None:
        if place.app.policies.current().state is PolicyState.CERTIFIED:
            place.app.policies.suspend(admin, "alarm")

    report = Disturbed(place, suspend).service().run("tester")
    assert (summary(report), report.policy_version) == ((3, 0, 3, 0), 3)
    last = {d.item_id: d for d in decisions(place)}
    assert all("suspended" in last[i].reasons for i in pending)


def test_two_runs_at_once_decide_every_item_once(place: Deployment, tmp_path: Path) -> None:
    place.app.intake.ingest(write_pictures(tmp_path / "in", 12), "tester")
    app = place.app

    def run(name: str) -> TriageReport:
        return TriageService(app.database, app.policies, app.detectors, SECRET).run(name)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, ["one", "two"]))
    assert sum(report.scored for report in reports) == 12
    assert sorted(d.item_id for d in decisions(place)) == sorted(place.items())
    assert place.chain_holds()
