"""The flow over time, the outlook of the queue, and the service level."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from review_app.monitoring.feature_maps import FeatureMaps, principal_plane
from review_app.monitoring.flow import FLOW_KINDS, FlowSpan, flow_parts
from review_app.monitoring.forecast import Outlook, forecast_emptying, will_miss
from review_app.monitoring.queue_desk import queue_desk
from review_app.monitoring.service_level import ServiceLevel, change_service_level
from storage.database import Database
from storage.enums import CountKind, ItemState, LabelValue
from storage.types import utc_now
from tests.factories import Factory
from tests.review.test_age import has_been_there

NOW = datetime(2026, 11, 30, 14, 25, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_parts_end_with_the_present_hour_and_what_waited_is_reckoned_back() -> None:
    counted: dict[CountKind, dict[str, int]] = {kind: {} for kind in FLOW_KINDS}
    counted[CountKind.IN_REVIEW] = {"2026-11-30 14": 3, "2026-11-30 10": 1}
    counted[CountKind.CAME] = {"2026-11-30 09": 2}
    counted[CountKind.SETTLED] = {"2026-11-30 13": 2}
    parts = flow_parts(counted, 4, 3, 2, NOW)
    assert [part.begins.hour for part in parts] == [9, 11, 13]
    assert [(part.came, part.settled, part.waiting) for part in parts] == [
        (3, 0, 3),
        (0, 0, 3),
        (3, 2, 4),
    ]


def test_the_outlook_is_an_interval_or_says_that_nothing_can_be_told() -> None:
    assert forecast_emptying(0, [1] * 9, [1] * 9).outlook is Outlook.EMPTY
    assert forecast_emptying(9, [5, 5], [1, 1]).outlook is Outlook.UNKNOWN
    empties = forecast_emptying(100, [30, 29, 31, 30], [10, 10, 11, 9])
    assert empties.outlook is Outlook.EMPTIES
    assert 4 < empties.low < 5 < empties.high < 6
    grows = forecast_emptying(100, [10, 10, 11, 9], [30, 29, 31, 30])
    assert grows.outlook is Outlook.GROWS
    assert 18 < grows.low < 20 < grows.high < 22
    assert forecast_emptying(9, [0, 90, 10], [50, 0, 40]).outlook is Outlook.UNCLEAR


def test_the_interval_of_the_pace_holds_the_true_pace_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        left = rng.poisson(60, 14).tolist()
        came = rng.poisson(40, 14).tolist()
        told = forecast_emptying(200, left, came)
        held += told.outlook is Outlook.EMPTIES and told.low <= 200 / 20 <= told.high
    assert 0.87 < held / 600 < 0.93


def test_what_is_late_or_will_be_is_counted() -> None:
    waiting = [(NOW - 5 * HOUR, 10), (NOW - 2 * HOUR, 10), (NOW, 10)]
    # Two an hour: the first ten are late; of the next, the turn comes after the 2 hours left.
    assert will_miss(waiting, 2, 4 * HOUR, NOW) == 30
    # Ten an hour: 2 hours are left for the second ten, whose turn is over after 2 hours.
    assert will_miss(waiting, 10, 4 * HOUR, NOW) == 10
    assert will_miss(waiting, 0, 4 * HOUR, NOW) == 30
    assert will_miss(waiting, 0, 4 * HOUR, NOW - 10 * HOUR) == 30


def test_the_desk_tells_what_the_database_holds(database: Database, factory: Factory) -> None:
    now = utc_now()
    for hours in (1, 3, 30):
        came = now - hours * HOUR
        factory.item(ItemState.RESOLVED, came_to_people_at=came, verdict=LabelValue.FAKE)
        has_been_there(database, factory.item(source="forum"), came)
    change_service_level(database, factory.admin(), ServiceLevel(within_hours=4), None)
    desk = queue_desk(database, FlowSpan.DAY, now)
    assert desk.waiting == 3
    assert desk.oldest == now - 30 * HOUR
    assert sum(part.settled for part in desk.flow.parts) == 3
    assert sum(part.came for part in desk.flow.parts) == 4
    assert desk.flow.parts[-1].waiting == 3
    assert desk.service is not None
    assert (desk.service.kept.hits, desk.service.kept.n, desk.service.late) == (2, 3, 1)
    (named, unnamed) = sorted(desk.sources, key=lambda source: -len(source.source))
    assert (named.source, named.states) == ("forum", {ItemState.IN_REVIEW: 3})
    assert unnamed.verdicts == {LabelValue.FAKE: 3}


@pytest.mark.parametrize(("n", "width"), [(40, 300), (12, 12)])
def test_the_plane_is_that_of_a_singular_value_decomposition(n: int, width: int) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(n, width)) * np.linspace(9, 0.1, width)
    places, explained = principal_plane(features)
    left, values, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    assert np.allclose(np.abs(places), np.abs(left[:, :2] * values[:2]))
    assert np.allclose(explained, values[:2] ** 2 / (values**2).sum())
    assert ((places**3).sum(axis=0) >= 0).all()


def test_images_that_are_all_alike_have_a_plane_too() -> None:
    places, explained = principal_plane(np.ones((12, 5)))
    assert np.allclose(places, 0, atol=1e-6)
    assert explained == (0.0, 0.0)


def test_a_map_is_computed_in_the_background_of_images_with_features(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    maps = FeatureMaps(database)
    monkeypatch.setattr("review_app.monitoring.feature_maps.SAMPLE", 16)
    factory.policy()
    rng = np.random.default_rng(2)
    for n in range(12):
        item_id = factory.item(known=LabelValue.FAKE if n % 2 else None)
        factory.prediction(item_id, p_fake=n / 12)
        with database.write() as repos:
            item = repos.items.get(item_id)
            assert item is not None
            assert item.image.sha256 is not None
            vector = rng.normal(size=8).astype(np.float16).astype(np.float32)
            repos.features.put_many({item.image.sha256: vector}, "none")
    assert maps.current().is_computing
    maps.close()
    found = maps.current().found
    assert found is not None
    assert found.places.shape == (10, 2)  # the newest 8, and the newest 6 that are labelled
    assert sorted(point.p_fake for point in found.points) == [n / 12 for n in (1, 3, *range(4, 12))]
    assert sum(point.label is LabelValue.FAKE for point in found.points) == 6
    assert not any(point.vector.size for point in found.points)
