"""Sums that add up, and the sentences that tell an admin what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.monitoring import kept_map
from review_app.monitoring.kept_map import KeptScoreMap
from review_app.monitoring.overview import Unlike, overview, score_map, stats
from storage.database import Database
from storage.enums import ItemState, LabelValue, Role
from storage.types import utc_now
from tests.applications import Deployment, deployment
from tests.factories import Factory


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def test_the_states_add_up_to_the_total(database: Database, factory: Factory) -> None:
    for n, state in enumerate(ItemState, start=1):
        factory.items(n, state)
    document = stats(database)
    assert list(document) == ["items", "labels", "reviewers"]
    items = document["items"]
    assert items == {
        "total": 21, "pending": 1, "auto_accepted": 2, "in_review": 3, "resolved": 4,
        "escalated": 5, "failed": 6,
    }  # fmt: skip
    assert overview(database).total == 21


def test_labels_in_force_and_reviewers_who_may_sign_in_are_counted(place: Deployment) -> None:
    database, factory = place.app.database, place.factory
    first, second = factory.person(), factory.person()
    factory.admin()
    ids = factory.items(3)
    factory.label(first, ids[0], LabelValue.REAL)
    slip = factory.label(first, ids[1], LabelValue.FAKE)
    factory.label(first, ids[1], LabelValue.REAL, supersedes_id=slip)
    factory.label(second, ids[2], LabelValue.UNSURE)
    place.app.people.set_enabled(second.name, False, "test")
    found = stats(database)
    assert (found["labels"], found["reviewers"]) == (3, 1)
    now = overview(database)
    assert (now.labels, now.labelled_today, now.known_labels) == (3, 3, 0)
    assert [(r.name, r.real, r.fake, r.unsure) for r in now.reviewers] == [
        (first.name, 2, 0, 0),
        (second.name, 0, 0, 1),
    ]


def test_today_begins_at_midnight(database: Database, factory: Factory) -> None:
    factory.items(2, ItemState.AUTO_ACCEPTED)
    factory.label(factory.person(), factory.item(), LabelValue.REAL)
    now = utc_now()
    assert overview(database, now).accepted_today == 2
    tomorrow = overview(database, now + timedelta(days=1))
    assert (tomorrow.accepted_today, tomorrow.labelled_today) == (0, 0)


def test_before_anything_happened_nothing_is_needed(database: Database) -> None:
    now = overview(database)
    assert (now.total, now.needs, now.waiting_since) == (0, [], None)
    assert (now.policy_state, now.policy_version) == ("learning", None)
    assert now.policy_words == "No image has been triaged yet."
    assert score_map(database).points == []


def test_what_needs_the_admin_is_said_in_words(place: Deployment) -> None:
    database, factory = place.app.database, place.factory
    place.app.policies.suspend(factory.admin(), "alarm")
    factory.items(2, ItemState.ESCALATED)
    factory.items(1, ItemState.FAILED)
    factory.items(3, ItemState.PENDING)
    factory.items(1, ItemState.IN_REVIEW)
    now = overview(database, utc_now() + timedelta(days=2, hours=1))
    assert now.needs == [
        "Auto-accept is suspended: find out why, then certify again.",
        "2 items escalated by reviewers: decide on the Review page.",
        "1 item could not be scored: the audit log says why; to try again, run "
        "deepfake-review triage --retry.",
        "3 items taken in but not triaged: run triage.",
        "The oldest item has waited 2 days: more reviewers are needed.",
    ]
    assert (now.policy_state, now.policy_version) == ("suspended", 2)
    assert "alarm" in now.policy_words


def test_held_items_are_counted_as_claims(place: Deployment) -> None:
    place.factory.items(3)
    place.app.review.take(place.factory.person(role=Role.REVIEWER), 2)
    assert overview(place.app.database).live_claims == 2


def test_the_share_of_unlike_images_is_that_of_the_last_days(place: Deployment) -> None:
    database = place.app.database
    policy = place.app.policies.current()
    with database.read() as repos:
        novelty = repos.checkpoints.novelty(policy.checkpoint)
    assert novelty is not None
    assert overview(database).unlike is None, "nothing is measured yet"
    place.scored(0.5)  # by another head, or not measured
    assert overview(database).unlike is None
    for z in (novelty.cut - 0.1, novelty.cut, novelty.cut + 0.1):
        place.scored(0.5, novelty=z)
    now = overview(database).unlike
    assert now == Unlike(measured=3, unlike=1, usual=novelty.usual)
    assert now.share == pytest.approx(1 / 3)
    assert overview(database, utc_now() + timedelta(days=8)).unlike is None


def test_a_detector_that_does_not_measure_it_has_no_share(tmp_path: Path) -> None:
    with deployment(tmp_path, checkpoint=DEFAULT_CHECKPOINT.parent / "source") as place:
        place.scored(0.5)
        assert overview(place.app.database).unlike is None


def test_a_map_is_kept_until_something_newer_is_decided(
    place: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(kept_map, "monotonic", lambda: clock[0])
    place.calibrated()
    kept = KeptScoreMap(place.app.database)
    first = kept.current()
    clock[0] += kept_map.KEPT_SECONDS - 1
    assert kept.current() is first
    place.app.triage.run("tester")
    decided = kept.current()
    assert decided is not first
    place.certify(place.factory.admin())
    certified = kept.current()
    assert certified.threshold_real is not None
    place.factory.item()
    assert kept.current() is not certified
    last = kept.current()
    clock[0] += kept_map.KEPT_SECONDS
    assert kept.current() is not last


def test_the_map_shows_scores_and_the_thresholds_in_force(place: Deployment) -> None:
    admin = place.factory.admin()
    place.calibrated()
    place.app.triage.run("tester")
    closed = score_map(place.app.database)
    assert len(closed.points) == 30
    assert (closed.threshold_real, closed.threshold_fake) == (None, None)
    place.certify(admin)
    opened = score_map(place.app.database, limit=10)
    assert len(opened.points) == 10
    assert {p.p_fake for p in opened.points} == {1.0}, "the newest are shown"
    assert opened.head == place.app.policies.current().head
    assert opened.threshold_real is not None
    assert opened.threshold_fake is not None
    assert opened.threshold_real < 0.5 < opened.threshold_fake
