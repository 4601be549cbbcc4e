"""Certificates by group laid on the stream, beside pooled ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.certification.group_prospect import group_prospects
from review_app.certification.grouping import Grouping
from review_app.certification.prospect import Prospect
from review_app.policy.group_forecast import GroupForecast, forecast_groups
from tests.certification.cases import GRIDS, draw

TERMS = {"a": 600, "b": 400, "c": 3}


def forecast(stream: dict[str, int], seed: int = 3) -> GroupForecast:
    labels = [name for name, n in TERMS.items() for _ in range(n)]
    prospects = group_prospects(labels, *GRIDS, risk_limit=0.1, delta=0.1, attempt=1)
    pooled = [Prospect(grid, len(labels), 0.1, 0.1, 1) for grid in GRIDS]
    groups = [name for name, n in stream.items() for _ in range(n)]
    scores, _ = draw(np.random.default_rng(seed), len(groups))
    return forecast_groups(Grouping.SOURCE, prospects, pooled, scores, groups)


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 200)), st.integers(0, 99))
def test_every_recent_image_is_in_one_group(stream: dict[str, int], seed: int) -> None:
    found = forecast(stream, seed)
    assert found.images == sum(stream.values())
    assert {g.prospect.name for g in found.groups} == {*stream, *TERMS}
    for group in found.groups:
        assert group.images == stream.get(group.prospect.name, 0)
        assert 0 <= group.accepted <= group.images
        assert 0 <= group.accepted_pooled <= group.images
        if not group.prospect.sides:
            assert group.accepted == 0
    assert found.coverage_lost == pytest.approx(found.pooled_coverage - found.coverage)


def test_what_the_limit_in_every_group_costs_is_told() -> None:
    found = forecast({"a": 300, "b": 200, "c": 300, "new": 200})
    assert found.coverage_lost > 0.3  # half of the stream is of groups that are not tested
    assert found.text.startswith(
        "Certified by source, these groups have labels enough for a test: a and b. Images of all "
        "others go to people. Of the newest 1,000 images, certificates by group are expected to "
        "accept "
    )
    document = json.loads(json.dumps(found.to_json()))
    assert document["coverage_lost"] == found.coverage_lost
    assert [g["tested"] for g in document["groups"]] == [True, True, False, False]
    assert document["groups"][2] | {"least": None, "accepted_pooled": None} == {
        "group": "c",
        "labels": 3,
        "least": None,
        "tested": False,
        "chance": {"real": None, "fake": None},
        "images": 300,
        "accepted": 0,
        "accepted_pooled": None,
    }


def test_without_a_stream_no_share_is_told() -> None:
    found = forecast({})
    assert (found.coverage, found.pooled_coverage) == (0, 0)
    assert "newest" not in found.text
