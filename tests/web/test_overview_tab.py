"""The first screen of the admin's page: what it says, on a real application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import gradio as gr
import pytest

from review_app.monitoring.overview import FlagCounts, Overview, Unlike, overview
from review_app.queueing.order import Order
from review_app.web.admin.overview import OverviewTab, answers
from review_app.web.admin.people import PeopleTab
from review_app.web.handlers import Call
from storage.database import Database
from storage.enums import ItemState, JobCause, JobKind, JobState, LabelValue, Role
from storage.repositories.counts import ReviewerCounts
from storage.repositories.event_log import SYSTEM
from storage.repositories.jobs import JobProgress
from storage.types import utc_now
from tests.applications import deployment
from tests.factories import Factory
from tests.review.test_age import has_been_there, waits_since
from tests.web.handling import call_of
from tests.web.site import Site

HOSTILE = "<img src=x onerror=alert(1)>"


def state_of_things(**values: object) -> Overview:
    """An overview with nothing in it but ``values``."""
    nothing: dict[str, object] = {
        "states": dict.fromkeys(ItemState, 0),
        "waiting_since": None,
        "policy_state": "learning",
        "policy_version": 1,
        "policy_words": "Auto-accept is off.",
        "labels": 0,
        "known_labels": 0,
        "live_claims": 0,
        "accepted_today": 12,
        "labelled_today": 0,
        "reviewers": [],
        "needs": [],
        "unlike": None,
        "order": Order.OLDEST,
        "flags": FlagCounts(0, 0, 0, 0),
    }
    return Overview(**{**nothing, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "words"),
    [("learning", "Off, learning"), ("certified", "On"), ("suspended", "Off, suspended")],
)
def test_the_first_answer_says_whether_auto_accept_is_on(state: str, words: str) -> None:
    shown = answers(state_of_things(policy_state=state, policy_words="By this proof."))
    assert f"</i> {words}</p>" in shown
    assert "By this proof." in shown


def test_an_empty_queue_says_what_the_policy_did(site: Site) -> None:
    assert "Nothing waits. The policy accepted 12 images today." in answers(state_of_things())


def test_a_queue_says_how_long_the_oldest_has_waited() -> None:
    waiting_since = datetime.now(UTC) - timedelta(hours=3, minutes=12, seconds=5)
    states = dict.fromkeys(ItemState, 0) | {ItemState.IN_REVIEW: 1}
    shown = answers(state_of_things(states=states, waiting_since=waiting_since, live_claims=1))
    assert ">1 image<" in shown
    assert "The oldest has waited 3 h 12 min." in shown
    assert "1 of them in reviewers’ hands" in shown


def test_people_are_counted_in_english() -> None:
    def reviewers(n: int) -> list[ReviewerCounts]:
        return [ReviewerCounts(f"r{i}", f"p{i}", 1, 0, 0, 0, None) for i in range(n)]

    assert "by 1 person." in answers(state_of_things(reviewers=reviewers(1)))
    assert "by 2 people." in answers(state_of_things(reviewers=reviewers(2)))


def test_what_needs_an_admin_is_listed() -> None:
    shown = answers(state_of_things(needs=["Look here.", "And there."]))
    assert "2 things" in shown
    assert "Look here." in shown
    assert "Nothing" in answers(state_of_things())


def test_the_order_in_use_is_told_with_what_waits() -> None:
    assert "Order: by risk." in answers(state_of_things(order=Order.RISK))


def test_what_the_detector_does_not_know_is_told_where_it_is_measured() -> None:
    assert "not know" not in answers(state_of_things())
    unlike = Unlike(measured=1250, unlike=300, usual=0.043)
    shown = answers(state_of_things(unlike=unlike, flags=FlagCounts(37, 7, 11, 2)))
    assert ">24% unlike its training<" in shown
    assert "300 of 1,250 images of the last 7 days; 4.3% is usual" in shown
    assert "Marked for retraining: 37, of which 7 are labelled." in shown
    assert "marked for a second reviewer: 11, of which 2 are settled." in shown
    assert ">37 images to learn from<" in answers(state_of_things(flags=FlagCounts(37, 7, 0, 0)))
    assert ">11 images unclear<" in answers(state_of_things(flags=FlagCounts(0, 0, 11, 2)))


def test_the_map_is_drawn_by_the_number_that_thresholds_are_compared_with(
    tmp_path: Path,
) -> None:
    with deployment(tmp_path) as place:
        tab, admin = OverviewTab(place.app), place.factory.admin()
        call = Call(admin, "", gr.Progress(), None)
        place.scored(0.97)
        place.app.triage.run("tester")
        assert "<span>P(fake)</span>" in tab.refresh(call)[2]
        place.scored(0.97, score=0.55)
        place.app.triage.run("tester")
        drawn = tab.refresh(call)[2]
    assert "<span>Score (0 real, 1 fake)</span>" in drawn
    assert "puts 1 within 0.1 of real or fake" in drawn


def test_the_first_screen_counts_what_the_database_holds(site: Site, call: Call) -> None:
    site.items(3)
    _, states, _, _ = OverviewTab(site.app).refresh(call)
    waiting = overview(site.app.database).states[ItemState.IN_REVIEW]
    assert waiting >= 3
    assert f'<span class="number">{waiting}</span>' in states


def test_the_oldest_of_those_that_admins_decide_is_told(
    database: Database, factory: Factory
) -> None:
    came = utc_now() - timedelta(days=3)
    factory.item(ItemState.ESCALATED)
    has_been_there(database, factory.item(ItemState.ESCALATED), came)
    assert waits_since(database) == (None, came)
    shown = answers(overview(database))
    assert "Of those that leads and admins decide, the oldest has waited 3 d 0 h." in shown


def test_hostile_names_stay_text_on_every_tab(site: Site, call: Call) -> None:
    hostile = site.factory.person(HOSTILE)
    (item,) = site.items(1)
    site.factory.label(hostile, item, LabelValue.FAKE)
    *_, reviewers = OverviewTab(site.app).refresh(call)
    accounts, _ = PeopleTab(site.app).load(call)
    for shown in (reviewers, accounts):
        assert "&lt;img src=x" in shown
        assert "<img" not in shown


def test_a_lead_is_shown_no_link_to_a_tab_that_leads_do_not_have(site: Site) -> None:
    with site.app.database.write() as repos:
        number = repos.jobs.add(JobKind.LEARN, {}, SYSTEM, JobCause.LABELS)
        now = utc_now()
        assert repos.jobs.take("test", now, now) is not None
        assert repos.jobs.end(number, "test", JobState.FAILED, error="no labels")
    for role, links in ((Role.ADMIN, 1), (Role.LEAD, 0)):
        shown = OverviewTab(site.app).refresh(call_of(site, site.account(role)))[0]
        assert "Learning that had begun by itself failed." in shown
        assert shown.count("?tab=learning") == links


def test_the_overview_tells_how_far_the_demo_is_while_it_is_being_made(
    site: Site, call: Call
) -> None:
    assert "of the demo" not in OverviewTab(site.app).refresh(call)[0]
    with site.app.database.write() as repos:
        number = repos.jobs.add(JobKind.DEMO, {}, SYSTEM)
    begins = OverviewTab(site.app).refresh(call)[0]
    assert "The queue of the demo is being prepared" in begins
    assert "0 of" not in begins
    with site.app.database.write() as repos:
        now = utc_now()
        assert repos.jobs.take("test", now, now) is not None
        repos.jobs.renew(number, "test", now, JobProgress(24, 3858, now))
    assert "24 of 3,858" in OverviewTab(site.app).refresh(call)[0]
    with site.app.database.write() as repos:
        assert repos.jobs.end(number, "test", JobState.DONE)
    assert "of the demo" not in OverviewTab(site.app).refresh(call)[0]
