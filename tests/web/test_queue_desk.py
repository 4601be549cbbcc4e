"""The queue desk on the first screen: its words, its charts, and its form."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from review_app.core.errors import InputError, NotAllowedError
from review_app.monitoring.feature_maps import FeatureMap, MapState
from review_app.monitoring.forecast import EmptyingForecast, Outlook
from review_app.web.admin.overview_features import features_card
from review_app.web.admin.overview_flow import QueueDeskPanel, outlook_words
from review_app.web.charts_flow import FlowRow, flow_chart, shares
from review_app.web.handlers import Call
from storage.enums import ItemState, LabelValue
from storage.repositories.detector import FeaturePoint
from storage.types import utc_now
from tests.review.test_age import has_been_there
from tests.web.handling import call_of
from tests.web.site import Site
from tests.web.test_charts import HOSTILE, parsed


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (EmptyingForecast(Outlook.EMPTY, 14), "Nothing waits."),
        (EmptyingForecast(Outlook.UNKNOWN, 2), "the queue must have run for three days"),
        (EmptyingForecast(Outlook.EMPTIES, 14, 4.26, 12.4), "would be empty in 4.3 to 12 days"),
        (EmptyingForecast(Outlook.GROWS, 14, 20, 1301.4), "grows by 20 to 1,301 images a day"),
        (EmptyingForecast(Outlook.UNCLEAR, 14, -7, 9), "between 7 fewer and 9 more images"),
    ],
)
def test_the_outlook_is_a_sentence(forecast: EmptyingForecast, words: str) -> None:
    assert words in outlook_words(forecast)


def test_the_desk_tells_flow_and_sources_and_keeps_the_service_level(
    site: Site, call: Call
) -> None:
    came = utc_now() - timedelta(hours=7)
    has_been_there(site.app.database, site.factory.item(source=HOSTILE), came)
    site.factory.item(
        ItemState.RESOLVED, source="desk", came_to_people_at=came, verdict=LabelValue.FAKE
    )
    panel = QueueDeskPanel(site.app)
    flow, service, sources = panel.refresh(call, "day")
    assert "Waiting for people" in flow
    assert "a column is an hour" in flow
    assert "No service level is set." in service
    assert "&lt;script&gt;" in sources
    assert "<script" not in sources
    *_, seen = panel.load(call)
    told, hours, seen = panel.save(call, seen, 4)
    assert "Saved." in told
    assert (hours, seen) == (4, {"within_hours": 4})
    _, service, _ = panel.refresh(call, "month")
    assert "0% was settled within 4 hours" in service
    assert "late already" in service
    panel.save(call, seen, 0)
    assert site.app.service_level.current().within_hours is None


def test_a_span_that_is_none_and_a_level_that_makes_no_sense_are_refused(
    site: Site, call: Call
) -> None:
    panel = QueueDeskPanel(site.app)
    with pytest.raises(InputError):
        panel.refresh(call, "century")
    *_, seen = panel.load(call)
    with pytest.raises(InputError, match=r"from 0\.1 to 8760"):
        panel.save(call, seen, -3)
    with pytest.raises(NotAllowedError):
        panel.save(call_of(site, site.account()), seen, 4)


def test_the_flow_is_drawn_to_the_scale_of_each_row() -> None:
    now = utc_now()
    rows = [
        FlowRow(HOSTILE, "7", "At most 4.", [0, 4, 3]),
        FlowRow("level", "0", "At most 0.", [0, 0, 0], level=True),
        FlowRow("waits", "5", "At most 5.", [5, 5, 0], level=True),
    ]
    chart = flow_chart("t", rows, (now, now), "an hour")
    tree = parsed(chart)
    heights = [float(rect.attrib["height"]) for rect in tree.iter("rect")]
    assert heights == [100, 75]
    (area,) = tree.iter("path")
    assert area.attrib["d"] == "M0,100 L0,0.00 L1,0.00 L1,0.00 L2,0.00 L2,100.00 L3,100.00 L3,100 Z"
    assert "<script" not in chart


def test_shares_fill_their_bar_and_nothing_is_drawn_of_nothing() -> None:
    assert "width:75.00%" in shares([("real", 3), ("fake", 1)])
    assert shares([("real", 0)]) == ""


def test_the_map_of_features_says_why_there_is_none_and_draws_each_image_once_a_colouring() -> None:
    assert "being computed" in features_card(MapState(None, is_computing=True))
    assert "too few images" in features_card(MapState(None, is_computing=False))
    none = MapState(None, is_computing=False, has_features=False)
    assert "computes no features" in features_card(none)
    rng = np.random.default_rng(0)
    labels = [LabelValue.REAL, LabelValue.FAKE, LabelValue.UNDECIDABLE, None]
    vector = np.zeros(3, np.float32)
    points = [FeaturePoint(vector, p, p / 9, labels[i % 4]) for i, p in enumerate(rng.random(40))]
    found = FeatureMap("checkpoint", rng.normal(size=(40, 2)), (0.31, 0.125), points)
    card = features_card(MapState(found, is_computing=False))
    drawn = parsed(card).iter("path")
    marks = [path.attrib["d"].count("h0") for path in drawn if path.attrib["d"] != "M6 6h0"]
    assert sum(marks) == 3 * 40
    assert "component 1, explains 31% of the variance" in card
    assert "not known (20)" in card
