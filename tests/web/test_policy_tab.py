"""The Policy tab on a real application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from review_app.core.errors import CalibrationError, InputError
from review_app.monitoring.overview import overview
from review_app.policy.review_options import (
    Reveal,
    ReviewOptions,
    Veil,
    change_options,
    read_options,
)
from review_app.web.admin.policy import PolicyTab
from review_app.web.admin.rules_limits import LimitsPanel
from review_app.web.admin.rules_review import ReviewPanel
from review_app.web.handlers import Call
from storage.enums import ItemState, PolicyState
from tests.web.handling import admin_of, scored
from tests.web.site import Site


def test_too_few_labels_are_told_as_a_shortfall_and_change_nothing(fresh: Site) -> None:
    scored(fresh, 10)
    tab, call = PolicyTab(fresh.app), admin_of(fresh)
    assert "nothing is applied" in tab.preview(call, 5, 90)
    with pytest.raises(CalibrationError, match=r"10 known labels .* takes 72 labels at least"):
        tab.ask_certify(call, 1, 5, 90, 5)
    assert fresh.app.policies.current().version == 1


def test_certify_then_apply_then_suspend(fresh: Site) -> None:
    scored(fresh, 240)
    tab, call = PolicyTab(fresh.app), admin_of(fresh)
    waiting = overview(fresh.app.database).states[ItemState.IN_REVIEW]

    assert "a chance of about " in tab.preview(call, 10, 90)
    assert fresh.app.policies.current().state is PolicyState.LEARNING

    asked = tab.ask_certify(call, 1, 10, 90, 0)
    assert "Policy version 2 is in force" in tab.certify(call, asked.about.model_dump())
    words, history, *_ = tab.refresh(call, 1, 10, 90, 0, "none")
    assert "Auto-accept is on" in words
    assert history.count("<tr>") == 3

    question = tab.ask_apply(call)
    about = question.about.model_dump()
    assert f"version 2 to {waiting} images" in question.text
    assert "accepted" in tab.apply(call, about)
    assert overview(fresh.app.database).states[ItemState.AUTO_ACCEPTED] > 0
    assert "Nothing to do" in tab.apply(call, about)

    message, reason = tab.suspend(call, 2, "<b>drift</b>")
    assert "Auto-accept is closed" in message
    assert reason == ""
    words, *_ = tab.refresh(call, 2, 10, 90, 0, "none")
    assert "suspended (&lt;b&gt;drift&lt;/b&gt;)" in words


@pytest.mark.parametrize("limit", [None, -1, 101])
def test_a_percentage_out_of_range_is_refused(site: Site, call: Call, limit: float | None) -> None:
    with pytest.raises(InputError, match="risk limit"):
        PolicyTab(site.app).preview(call, limit, 90)


def test_the_controls_begin_with_the_policy_in_force(site: Site, call: Call) -> None:
    policy = site.app.policies.current()
    _, _, limit, confidence, audit, _, _ = PolicyTab(site.app).load(call)
    assert limit == pytest.approx(100 * policy.risk_limit)
    assert confidence == pytest.approx(100 * (1 - policy.delta))
    assert audit == pytest.approx(100 * policy.audit_probability)


def save(panel: Any, call: Call, values: Iterable[Any]) -> Any:
    """What the panel answers to a form that was loaded just now."""
    return panel.save(call, panel.load(call)[-1], *values)


SENSIBLE: dict[str, Any] = {
    "reveal": "never",
    "veil": "blur",
    "needed": 2,
    "undo": 5,
    "lease": 15,
    "second": True,
    "inspect": False,
    "claim": True,
    "tags": "",
    "gold": 0,
    "feedback": False,
    "again": 0,
    "weigh": False,
}
"""What the panel's fields may hold."""


def test_review_options_are_saved_and_read_back(site: Site, call: Call) -> None:
    tab = ReviewPanel(site.app)
    given = {**SENSIBLE, "undo": 7.5, "tags": "face swap\n\n other ", "gold": 10, "feedback": True}
    given |= {"again": 12.5, "weigh": True}
    assert "Saved" in save(tab, call, given.values())[0]
    with site.app.database.read() as repos:
        options = read_options(repos)
    assert options == ReviewOptions(
        reveal=Reveal.NEVER,
        veil=Veil.BLUR,
        needed_labels=2,
        second_reviewer=True,
        reviewers_inspect=False,
        claim_before_answer=True,
        undo_minutes=7.5,
        lease_minutes=15,
        tags=("face swap", "other"),
        gold_share=0.1,
        gold_feedback=True,
        second_look_share=0.125,
        weigh_by_skill=True,
    )
    tags = "face swap\nother"
    assert tab.load(call)[:-1] == (
        "",
        "never",
        "blur",
        2,
        7.5,
        15,
        True,
        False,
        True,
        tags,
        10,
        True,
        12.5,
        True,
    )


@pytest.mark.parametrize("tags", ["one; two", "x" * 61, "\n".join(map(str, range(21)))])
def test_tags_that_would_not_fit_are_refused(site: Site, call: Call, tags: str) -> None:
    with pytest.raises(InputError, match="tags"):
        save(ReviewPanel(site.app), call, {**SENSIBLE, "tags": tags}.values())


@pytest.mark.parametrize("again", [None, -1, 21])
def test_a_share_of_second_looks_that_makes_no_sense_is_refused(
    site: Site, call: Call, again: float | None
) -> None:
    with pytest.raises(InputError, match="0 to 20 percent"):
        save(ReviewPanel(site.app), call, {**SENSIBLE, "again": again}.values())


@pytest.mark.parametrize("gold", [None, -1, 51])
def test_a_share_of_known_images_that_makes_no_sense_is_refused(
    site: Site, call: Call, gold: float | None
) -> None:
    with pytest.raises(InputError, match="known images"):
        save(ReviewPanel(site.app), call, {**SENSIBLE, "gold": gold}.values())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reveal", "always"),
        ("veil", "black"),
        ("needed", 0),
        ("needed", 1.5),
        ("needed", None),
        ("undo", -1),
        ("undo", 1441),
        ("undo", None),
        ("lease", 0),
    ],
)
def test_options_that_make_no_sense_are_refused(
    site: Site, call: Call, field: str, value: object
) -> None:
    with pytest.raises(InputError):
        save(ReviewPanel(site.app), call, {**SENSIBLE, field: value}.values())


def test_limits_are_saved_and_read_back_and_nothing_else_is_changed(site: Site, call: Call) -> None:
    with site.app.database.read() as repos:
        before = read_options(repos)
    panel = LimitsPanel(site.app)
    assert "hold" in save(panel, call, (2.5, 10, 100, 50))[0]
    with site.app.database.read() as repos:
        options = read_options(repos)
    given = {"hold_hours": 2.5, "skips_per_minute": 10, "skips_per_day": 100, "new_per_hour": 50}
    assert options == before.model_copy(update=given)
    assert panel.load(call)[:-1] == ("", 2.5, 10, 100, 50)
    save(ReviewPanel(site.app), call, SENSIBLE.values())
    assert panel.load(call)[:-1] == ("", 2.5, 10, 100, 50)
    change_options(site.app.database, call.person, before)


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("value", [None, 0, 10**6, float("nan")])
def test_limits_that_make_no_sense_are_refused(
    site: Site, call: Call, at: int, value: float | None
) -> None:
    values: list[float | None] = [4, 30, 300, 300]
    values[at] = value
    with pytest.raises(InputError, match="a number from"):
        save(LimitsPanel(site.app), call, values)
