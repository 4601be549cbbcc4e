"""People in a real browser: a lead's page, an account that an admin changes, and their figures."""

from __future__ import annotations

import itertools
import re

from playwright.sync_api import Page, expect

from review_app.agreement.dawid_skene import ErrorRate
from review_app.agreement.second_looks import SecondLookAnswer, sampled_errors
from review_app.agreement.weighing import WeighingEffect
from review_app.monitoring import people_watching
from review_app.monitoring.people_watching import WatchedPeople, WatchedPerson
from storage.enums import LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, flaws, keep_picture
from tests.web.serving import Serving
from tests.web.site import Site

SHUT = ("Policy", "Certify", "Data", "Export", "Learning", "Rules")
OPEN = ("Overview", "Images", "People", "Monitoring")


def figures(site: Site, *names: str) -> None:
    """What the last refresh found of two people, and answers that can be compared."""
    found = {}
    for name in names:
        person = site.factory.person(name)
        for value, known in itertools.product((LabelValue.REAL, LabelValue.FAKE), repeat=2):
            item = site.factory.item(known=known, decided=True)
            site.factory.label(person, item, value, revealed=True)
        rate = ErrorRate(0.08, 0.03, 0.17)
        looks = [SecondLookAnswer(0.1, fake, False, fake) for fake in (True, False)] * 30
        wrong = [SecondLookAnswer(0.1, False, True, True), SecondLookAnswer(0.1, True, True, None)]
        found[person.id] = WatchedPerson(
            answers=200,
            week=40,
            seconds=12.4,
            missed=rate,
            accused=rate,
            second_looks=sampled_errors([*looks, *wrong]),
        )
    watched = WatchedPeople(
        people=found,
        shared=240,
        disputed=30,
        weighing=WeighingEffect(2, 7),
        second_looks=sampled_errors([*looks, *wrong] * 2),
    )
    with site.app.database.write() as repos:
        repos.monitoring.keep(people_watching.NAME, watched.model_dump(mode="json"))


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def test_a_lead_sees_the_queue_and_people_and_nothing_to_change_them_with(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    figures(site, "Rita Figures", "Otto Figures")
    page = sign_in(Role.LEAD)
    for name in OPEN:
        expect(page.get_by_role("tab", name=name, exact=True)).to_be_visible()
    for name in SHUT:
        expect(page.get_by_role("tab", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Save the service level")).to_have_count(0)
    keep_picture(page, "lead-overview")
    tab(page, "People")
    expect(page.get_by_role("table", name="How each person errs")).to_contain_text("Rita Figures")
    again = page.get_by_role("table", name="Errors that second looks found")
    expect(again.get_by_role("row", name="Rita Figures")).to_contain_text("3.2%")
    opinion = page.get_by_role("table", name="What the model’s opinion did")
    expect(opinion).to_contain_text("Rita Figures")
    expect(page.get_by_role("heading", name="Add a person")).to_have_count(0)
    expect(page.get_by_text("Change a person")).to_have_count(0)
    expect(page.get_by_text("API tokens")).to_have_count(0)
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        assert flaws(page, f"lead-people-{size}", whole=True) == []
    page.goto(f"{serving.url}/admin/?tab=policy")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Overview")
    expect(page.get_by_role("tab", name="Policy", exact=True)).to_have_count(0)
    page.goto(f"{serving.url}/review/")
    expect(page.locator("#who-name")).not_to_be_empty()
    expect(page.get_by_role("link", name="Admin")).to_be_visible()


def test_an_admin_changes_a_role_and_resets_how_somebody_signs_in_by_keyboard(
    site: Site, sign_in: SignIn
) -> None:
    figures(site, "Ann Figures", "Bob Figures")
    name = site.account(Role.REVIEWER)
    page = sign_in(Role.ADMIN)
    tab(page, "People")
    who = page.get_by_label("Account", exact=True)
    who.fill(name)
    page.get_by_role("option", name=name, exact=True).wait_for()
    page.keyboard.press("Enter")
    expect(who).to_have_value(name)
    lead = page.get_by_label("Lead:").nth(1)
    lead.focus()
    page.keyboard.press("Space")
    expect(lead).to_be_checked()
    page.get_by_role("button", name="Change the role…").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Give {name} the role lead instead of reviewer?")).to_be_visible()
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        assert flaws(page, f"people-{size}", whole=True) == []
    page.get_by_role("button", name="Yes, change their access").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{name} has the role lead now.")).to_be_visible()
    page.get_by_role("button", name="Reset sign-in…").click()
    page.get_by_role("button", name="Yes, change their access").click()
    expect(page.get_by_text("by the link below alone")).to_be_visible()
    keep_picture(page, "people-reset")
    link = page.get_by_label(f"Sign-in link for {name}")
    expect(link).to_have_value(re.compile("/login/link/"))
    page.set_viewport_size(SIZES["desktop"])  # type: ignore[arg-type]
    tab(page, "Rules")
    weigh = page.get_by_label("Answers of several people count by how well each of them answers")
    expect(weigh).not_to_be_checked()
    expect(page.get_by_text("On the newest 240 images with several answers")).to_be_visible()
    assert flaws(page, "rules", whole=True) == []
    tab(page, "Monitoring")
    expect(page.get_by_text("Second looks, by chance: 124 images")).to_be_visible()
    keep_picture(page, "monitoring", whole=True)
