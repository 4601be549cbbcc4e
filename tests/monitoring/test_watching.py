"""What the refresh finds in a real database, in bounded portions, and keeps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import insert

from review_app.core import pace
from review_app.monitoring import drift_watching, refresh
from review_app.monitoring.findings import (
    drift_is_flagged,
    own_figures,
    read_findings,
    system_health,
)
from review_app.monitoring.refresh import MonitoringRefresh
from review_app.monitoring.statistics.drift import Panel
from storage.database import Database
from storage.enums import ItemState, LabelValue, PlacedBy
from storage.models import DecisionRow, Feature, Image, Item
from storage.types import utc_now
from tests.factories import Factory

KEY = "backbone-1"
DAY = timedelta(days=1)


class Stream:
    """Items put into a database as triage would have, many at once."""

    def __init__(self, database: Database, factory: Factory) -> None:
        self._database = database
        self._n = 0
        self.version = factory.policy()
        self.checkpoint = factory.checkpoint()
        with database.write() as repos:
            row = repos.checkpoints.get(self.checkpoint)
            assert row is not None
            row.backbone_key = KEY
        self._rng = np.random.default_rng(0)

    def bring(self, n: int, moved: float = 0.0, **item: object) -> None:
        """``n`` items; ``moved`` moves their features, and nothing else."""
        ids = range(self._n + 1, self._n + n + 1)
        self._n += n
        p = self._rng.random(n)
        vectors = self._rng.normal(size=(n, 12)).astype("<f2")
        vectors[:, 0] += moved
        with self._database.write() as repos:
            session = repos.session
            session.execute(insert(Image), [{"id": i, "sha256": f"{i:064d}"} for i in ids])
            rows = [{"id": i, "image_id": i, "name": f"{i}.png", **item} for i in ids]
            session.execute(insert(Item), rows)
            session.execute(
                insert(Feature),
                [
                    {"sha256": f"{i:064d}", "backbone_key": KEY, "vector": vectors[k].tobytes()}
                    for k, i in enumerate(ids)
                ],
            )
            session.execute(
                insert(DecisionRow), [self._decision(i, p[k]) for k, i in enumerate(ids)]
            )

    def _decision(self, item_id: int, p_fake: float) -> dict[str, object]:
        return {
            "item_id": item_id,
            "policy_version": self.version,
            "checkpoint_id": self.checkpoint,
            "head": "variational",
            "route": "review",
            "reasons": [],
            **dict.fromkeys(("p_fake", "score", "std", "novelty"), float(p_fake)),
            **dict.fromkeys(("entropy", "mutual_information"), 0.1),
            "audited": False,
            "audit_probability": 0.05,
            "inclusion_probability": 1.0,
        }


@pytest.fixture
def stream(database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(drift_watching, "REFERENCE", 200)
    monkeypatch.setattr(drift_watching, "PORTION", 250)
    return Stream(database, factory)


def test_a_new_source_is_flagged_and_told_until_it_is_long_past(
    database: Database, stream: Stream
) -> None:
    stream.bring(450)
    watch = MonitoringRefresh(database)
    assert watch.refresh()  # a whole portion: more may wait
    found = read_findings(database).drift
    assert found is not None
    assert (found.reference, found.seen, found.flags) == (200, 250, [])
    assert not drift_is_flagged(database)
    assert {flag.panel for flag in found.now} == set(Panel)
    stream.bring(200, moved=4.0)
    assert not watch.refresh()
    found = read_findings(database).drift
    assert found is not None
    assert found.seen == 450
    assert {flag.panel for flag in found.flags} == {Panel.FEATURES}
    assert drift_is_flagged(database)
    assert set(found.shares) == {Panel.SCORE, Panel.NOVELTY}
    assert sum(found.shares[Panel.SCORE][1]) == pytest.approx(1)


def test_what_was_seen_is_not_looked_at_again_and_a_second_decision_is_no_new_image(
    database: Database, stream: Stream, factory: Factory
) -> None:
    stream.bring(300)
    watch = MonitoringRefresh(database)
    watch.refresh()
    before = read_findings(database).drift
    factory.decision(7, policy_version=stream.version, checkpoint_id=stream.checkpoint)
    watch.refresh()
    assert read_findings(database).drift == before


def test_without_images_enough_nothing_is_compared(database: Database, stream: Stream) -> None:
    stream.bring(120)
    MonitoringRefresh(database).refresh()
    found = read_findings(database).drift
    assert found is not None
    assert (found.cut, found.seen) == (0, 0)


def test_a_reference_is_told_before_anything_is_compared_with_it(
    database: Database, stream: Stream
) -> None:
    stream.bring(200)
    MonitoringRefresh(database).refresh()
    found = read_findings(database).drift
    assert found is not None
    assert (found.reference, found.seen) == (200, 0)


def test_calibration_counts_what_nobody_chose_and_is_final(
    database: Database, stream: Stream
) -> None:
    fake: dict[str, Any] = {"state": ItemState.RESOLVED, "verdict": LabelValue.FAKE}
    later = utc_now() + timedelta(hours=1)
    stream.bring(90, **fake)
    stream.bring(40, **fake, placed_by=PlacedBy.WORTH)
    stream.bring(30, **fake, final_at=later)
    stream.bring(50)
    MonitoringRefresh(database).refresh()
    found = read_findings(database).calibration
    assert found is not None
    assert (found.images, found.labels) == (210, 90)
    assert found.fakes is not None
    assert found.fakes.value == pytest.approx(1)
    assert found.gap is not None
    assert found.gap.high < -0.3  # half of what came is called real
    flow = read_findings(database).flow
    assert flow is not None
    assert flow.settled == 0  # none of them came to people


def test_people_are_told_apart_by_what_they_answered(database: Database, factory: Factory) -> None:
    ada, ben, eve = (factory.person(name) for name in ("ada", "ben", "eve"))
    earlier = {"blind": True, "labelled_at": utc_now() - timedelta(days=1)}
    for i in range(60):
        known = LabelValue.FAKE if i % 2 else LabelValue.REAL
        item = factory.item(known=known if i < 30 else None)
        other = LabelValue.REAL if i % 2 else LabelValue.FAKE
        for person, wrong in ((ada, i % 20 == 0), (ben, i % 3 == 0)):
            factory.label(person, item, other if wrong else known, seconds=4.0, **earlier)
    factory.label(eve, factory.item(), LabelValue.REAL, **earlier)
    MonitoringRefresh(database).refresh()
    mine, his, hers = (own_figures(database, person.id) for person in (ada, ben, eve))
    assert mine is not None
    assert his is not None
    assert hers is not None
    assert (mine.answers, mine.week, mine.seconds) == (60, 60, 4.0)
    assert mine.missed is not None
    assert his.missed is not None
    assert mine.missed.value < 0.2 < his.missed.value < 0.5
    assert his.kappa is not None
    assert (hers.answers, hers.missed, hers.kappa, hers.seconds) == (1, None, None, None)
    people = read_findings(database).people
    assert people is not None
    assert (people.shared, people.disputed) == (60, 19 + 2)


def test_an_answer_of_today_does_not_tell_whether_its_image_has_a_known_label(
    database: Database, factory: Factory
) -> None:
    ada = factory.person("ada")
    for i in range(40):
        item = factory.item(known=LabelValue.FAKE if i % 2 else LabelValue.REAL)
        value = LabelValue.FAKE if i % 2 else LabelValue.REAL
        factory.label(ada, item, value, blind=True, labelled_at=utc_now() - timedelta(days=1))
    MonitoringRefresh(database).refresh()
    before = own_figures(database, ada.id)
    factory.label(ada, factory.item(known=LabelValue.FAKE), LabelValue.REAL, blind=True)
    MonitoringRefresh(database).refresh()
    after = own_figures(database, ada.id)
    assert before is not None
    assert before.missed is not None
    assert after is not None
    assert (after.week, after.answers, after.missed) == (41, 40, before.missed)


def test_second_looks_are_told_each_of_their_own_from_the_next_day_on(
    database: Database, factory: Factory
) -> None:
    ada, ben, yesterday = factory.person("ada"), factory.person("ben"), utc_now() - DAY

    def looked_at(first: LabelValue, second: LabelValue, when: datetime) -> int:
        item = factory.item(ItemState.RESOLVED, verdict=first)
        label = factory.label(ada, item, first, labelled_at=when)
        factory.second_look(item, label)
        factory.label(ben, item, second, labelled_at=when)
        return item

    for i in range(30):
        value = LabelValue.FAKE if i % 2 else LabelValue.REAL
        looked_at(value, value, yesterday)
    looked_at(LabelValue.REAL, LabelValue.FAKE, utc_now())  # today: it tells nobody anything yet
    MonitoringRefresh(database).refresh()
    own, others = own_figures(database, ada.id), own_figures(database, ben.id)
    assert own is not None
    assert own.second_looks is not None
    assert (own.second_looks.looks, own.second_looks.differed) == (30, 0)
    assert others is not None
    assert others.second_looks is None, "nobody has looked at ben's answers"
    people = read_findings(database).people
    assert people is not None
    assert people.second_looks == own.second_looks


def test_an_error_counts_once_an_adjudicator_has_decided(
    database: Database, factory: Factory
) -> None:
    ada, ben, root = factory.person("ada"), factory.person("ben"), factory.admin()
    yesterday = utc_now() - DAY
    items = factory.items(3, ItemState.RESOLVED, verdict=LabelValue.FAKE)
    for item in items:
        label = factory.label(ada, item, LabelValue.REAL, labelled_at=yesterday)
        factory.second_look(item, label)
        factory.label(ben, item, LabelValue.FAKE, labelled_at=yesterday)
        factory.label(root, item, LabelValue.FAKE, labelled_at=yesterday, adjudicates=True)
    with database.write() as repos:  # the first is decided today
        for item in items[1:]:
            repos.session.get_one(Item, item).state_since = yesterday
    with database.read() as repos:
        today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        found = repos.second_looks.looked_again(today, 10)
    fake = LabelValue.FAKE
    assert sorted(look.decided is fake for look in found) == [False, True, True]
    assert {(look.first, look.second) for look in found} == {(LabelValue.REAL, fake)}


def test_an_empty_deployment_has_nothing_to_tell(database: Database) -> None:
    assert read_findings(database).made_at is None
    assert own_figures(database, 1) is None
    MonitoringRefresh(database).refresh()
    found = read_findings(database)
    assert (found.drift, found.calibration) == (None, None)
    assert found.people is not None
    assert own_figures(database, 1) is None
    assert 0 < system_health(database).disk_free < system_health(database).disk_total


def test_looks_are_as_far_apart_as_declared(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(pace, "monotonic", lambda: clock[0])
    watch = MonitoringRefresh(database)
    watch.look()
    first = read_findings(database).made_at
    clock[0] += refresh.EVERY - 1
    watch.look()
    assert read_findings(database).made_at == first
    clock[0] += 1
    watch.look()
    second = read_findings(database).made_at
    assert first is not None
    assert second is not None
    assert second > first
