"""The Monitoring tab, the panel of skill, and one's own figures, on a real application."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review_app.i18n import use_language
from review_app.monitoring.live_watching import WatchedCalibration
from review_app.monitoring.people_watching import WatchedPeople
from review_app.monitoring.statistics.live_calibration import Estimate
from review_app.people import Account
from review_app.web.admin.monitoring import MonitoringTab
from review_app.web.admin.overview import OverviewTab
from review_app.web.admin.people_skill import SkillPanel
from review_app.web.handlers import Call
from review_app.web.own_figures import too_few_to_look
from storage.enums import LabelValue, Role
from storage.types import utc_now
from tests.languages import GERMAN
from tests.web.site import Site
from tests.web.watched import calibration, drift, keep


def test_drift_is_told_with_where_and_what_to_do_until_it_is_past(site: Site, call: Call) -> None:
    keep(site, drift=drift(seen=900))
    page = MonitoringTab(site.app).load(call)
    assert "they have changed" in page
    assert "What the images look like: the 200 images up to number 850 differ." in page
    assert "certify again" in page
    assert "they have changed" not in OverviewTab(site.app).refresh(call)[0]
    assert "no longer like those" in OverviewTab(site.app).refresh(call)[0]
    keep(site, drift=drift(seen=900 + 2000))
    assert "Yes, as far as anybody can tell" in MonitoringTab(site.app).load(call)
    assert "no longer like those" not in OverviewTab(site.app).refresh(call)[0]
    keep(site, drift=drift(seen=0).model_copy(update={"flags": []}))
    assert "as far as anybody can tell" not in MonitoringTab(site.app).load(call)


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (Estimate(0.1, 0.05, 0.15), "it says fake too readily"),
        (Estimate(-0.1, -0.15, -0.05), "it says real too readily"),
        (Estimate(0.05, -0.01, 0.11), "On average, yes"),
    ],
)
def test_calibration_is_told_by_the_side_that_it_errs_to(
    site: Site, call: Call, gap: Estimate, words: str
) -> None:
    keep(site, calibration=calibration(gap))
    page = MonitoringTab(site.app).load(call)
    assert words in page
    assert 'style="left:20.00%;width:20.00%"' in page
    assert "400 labels on 5,000 images" in page


def test_what_is_not_known_is_said_to_be_so(site: Site, call: Call) -> None:
    keep(site, calibration=WatchedCalibration(images=0, labels=0), people=WatchedPeople())
    page = MonitoringTab(site.app).load(call)
    assert page.count("Not enough yet") >= 2
    assert "GiB free on the disk" in page
    with use_language(GERMAN):
        assert "Noch nicht genug" in MonitoringTab(site.app).load(call)


def test_each_person_sees_their_own_figures_and_an_admin_everybodys(site: Site, call: Call) -> None:
    (client, ada), (_, ben) = site.signed_in(), site.signed_in()
    yesterday = utc_now() - timedelta(days=1)
    for i in range(40):
        item = site.factory.item(known=LabelValue.FAKE if i % 2 else LabelValue.REAL)
        for person in (ada, ben):
            wrong = person is ben and i % 3 == 0
            value = LabelValue.FAKE if i % 2 or wrong else LabelValue.REAL
            site.factory.label(person, item, value, blind=True, labelled_at=yesterday)
    assert "Nothing has been counted yet." in client.get("/account").text
    site.app.monitoring_refresh.refresh()
    page = client.get("/account").text
    assert "Fakes that you call real" in page
    assert "In the last seven days: 40 answers." in page
    assert ben.name not in page
    table = SkillPanel(site.app).load(call)
    assert ada.name in table
    assert ben.name in table


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ((), "No reviewer works here"),
        ((Role.LEAD, Role.ADMIN, Role.REVIEWER), "Only one reviewer works here"),
        ((Role.REVIEWER, Role.REVIEWER), ""),
    ],
)
def test_too_few_for_second_looks_is_said(roles: tuple[Role, ...], words: str) -> None:
    gone = account(Role.REVIEWER, disabled=True), account(Role.REVIEWER, is_away=True)
    said = too_few_to_look([*gone, *map(account, roles)])
    assert said.startswith(words)
    assert bool(said) is bool(words)


def account(role: Role, *, disabled: bool = False, is_away: bool = False) -> Account:
    return Account(1, "ada", role, "p", utc_now(), disabled, has_password=False, is_away=is_away)
