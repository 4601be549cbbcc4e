"""Certifying group by group on the Policy tab."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from review_app.certification.grouping import Grouping
from review_app.core.errors import InputError
from review_app.web.admin.policy import PolicyTab
from review_app.web.admin.policy_groups import NONE, chosen_grouping, proof_by_group
from review_app.web.handlers import Call
from storage.enums import LabelValue
from tests.applications import Deployment, deployment
from tests.certification.cases import by_group, group


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def test_both_kinds_are_shown_side_by_side_then_one_is_put_in_force(place: Deployment) -> None:
    place.calibrated(source="agency", split="calibration")
    place.scored_alike(3, 1.0, LabelValue.FAKE, source="tip", split="calibration")
    place.app.triage.run("tester")
    call = Call(place.factory.admin(), "", gr.Progress())
    tab = PolicyTab(place.app)
    shown = tab.preview(call, 30, 50, "source")
    assert "these groups have labels enough for a test: agency" in shown
    assert "By group, beside one certificate for all" in shown
    assert "too few labels: 3 of " in shown
    asked = tab.ask_certify(call, 1, 30, 50, 0, "source")
    assert "to certify this detector, group by group" in asked.text
    tab.certify(call, asked.about.model_dump(mode="json"))
    words, _, *terms, version = tab.load(call)
    assert "Auto-accept is on, group by group (by source)" in words
    assert "What is proven in each group" in words
    assert (terms[-1], version) == ("source", 2)
    assert tab.refresh(call, 1, 30, 50, 0, NONE)[-2] == "source"
    assert tab.refresh(call, 1, 30, 50, 0, "scope")[-2] == gr.skip()  # somebody has chosen


def test_a_group_that_is_not_proven_says_why() -> None:
    groups = (
        group("<b>a</b>"),
        replace(group("few", None, None), labels=7),
        replace(group("unknown", None, None), labels=99, least=None),
    )
    shown = proof_by_group(by_group(*groups), Grouping.SOURCE)
    assert "&lt;b&gt;a&lt;/b&gt;" in shown
    assert "too few labels: 7 of 60" in shown
    assert "never tested" in shown
    assert shown.count("<tr>") == 1 + 2 + 1 + 1


@pytest.mark.parametrize("value", [None, "", "colour", "<b>"])
def test_a_choice_that_is_none_of_ours_is_refused(value: str | None) -> None:
    with pytest.raises(InputError):
        chosen_grouping(value)
    assert chosen_grouping(NONE) is None
