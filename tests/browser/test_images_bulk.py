"""Something done to many images in a real browser, from the filters to the undo; saved views."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from storage.enums import BulkKind, ItemState, JobKind, LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import flaws, flaws_large_and_small
from tests.browser.test_admin import HOSTILE, open_tab
from tests.browser.test_images import find
from tests.web.site import Site

WHAT, PREVIEW, YES = "What to do", "Preview…", "Yes, do it"


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def work_off(site: Site) -> None:
    """Do what a server's process for jobs would."""
    with site.app.database.read() as repos:
        numbers = [row.parameters["action"] for row in repos.jobs.of_kind(JobKind.BULK)]
    for number in numbers:
        site.app.bulk.run(number, lambda _done, _total: None)
    with site.app.database.write() as repos:
        while (row := repos.jobs.open()) and repos.jobs.ask_to_cancel(row[0].id):
            pass


def test_many_images_are_tagged_found_by_it_and_it_is_undone(site: Site, sign_in: SignIn) -> None:
    made = site.factory.items(3, ItemState.RESOLVED, verdict=LabelValue.FAKE, name="flood.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, "flood")
    expect(page.locator("button.found")).to_have_count(3)

    page.get_by_label(f"Pick image {made[0]}").check()  # two of them, and one of those again
    page.get_by_role("button", name="Pick this page").click()
    page.get_by_label(f"Pick image {made[1]}").uncheck()
    expect(page.locator("[data-picked]")).to_have_text("2")
    page.get_by_role("radio", name="those picked in the list").check()
    choose(page, WHAT, "tag")
    tag = page.get_by_role("combobox", name="Tag", exact=True).last
    tag.fill(HOSTILE)
    tag.press("Enter")
    page.get_by_role("button", name=PREVIEW).click()
    expect(page.get_by_text("2 images: tag?")).to_be_visible()
    page.get_by_role("radio", name="all that the filters find").check()
    expect(page.get_by_text("2 images: tag?")).to_have_count(0)  # it was about others
    page.get_by_role("button", name=PREVIEW).click()
    expect(page.get_by_text("3 images: tag?")).to_be_visible()
    page.get_by_role("button", name=YES).dblclick()
    expect(page.get_by_text("is asked for and begins in a moment.")).to_be_visible()
    work_off(site)
    row = page.get_by_role("row").filter(has_text=HOSTILE)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("3")

    page.reload()
    page.get_by_role("button", name="More filters").click()
    choose(page, "Tag", HOSTILE)
    expect(page.locator("button.found")).to_have_count(3)
    assert "owned" not in page.title()
    page.get_by_role("combobox", name="Actions that can be undone").click()
    page.get_by_role("option", name="tag").first.click()
    page.get_by_role("button", name="Undo…").click()
    expect(page.get_by_text("for 3 images?")).to_be_visible()
    page.get_by_role("button", name="Yes, undo it").click()
    expect(page.get_by_text("is asked for and begins in a moment.")).to_be_visible()
    work_off(site)
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_text("No image fits.")).to_be_visible()


def test_a_question_about_other_images_than_the_page_shows_is_withdrawn(
    site: Site, sign_in: SignIn
) -> None:
    """Back, a reload and other filters end it; a sign-in that ended leaves nothing done."""
    site.factory.items(2, ItemState.RESOLVED, verdict=LabelValue.FAKE, name="dune.png")
    name, _other = site.account(Role.ADMIN), site.account(Role.ADMIN)
    page = sign_in(Role.ADMIN, name=name)
    open_tab(page, "Images")
    question, preview = page.locator(".question"), page.get_by_role("button", name=PREVIEW)
    choose(page, WHAT, "archive")
    find(page, "dune")
    expect(page.locator("button.found")).to_have_count(2)
    for leave in (page.go_back, page.get_by_role("button", name="Clear all filters").click):
        preview.click()
        expect(question).to_contain_text("2 images: archive?")
        leave()
        expect(question).to_have_count(0)
        expect(page.get_by_label("Number, name, path")).to_have_value("")
        find(page, "dune")
        expect(page.locator("button.found")).to_have_count(2)
    preview.click()
    expect(question).to_contain_text("2 images")
    site.app.people.sign_out_everywhere(name, "test")
    page.get_by_role("button", name=YES).click()
    told = page.get_by_role("alert").filter(has_text="Your sign-in has ended")
    expect(told.get_by_role("link", name="Sign in")).to_be_visible()
    assert flaws(page, "admin-signed-out") == []
    with site.app.database.read() as repos:
        assert not [one for one in repos.bulk_actions.newest(50) if one.kind is BulkKind.ARCHIVE]


def test_a_view_is_saved_and_opens_by_its_address(site: Site, sign_in: SignIn) -> None:
    site.factory.items(1, ItemState.FAILED, name="mud.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, "mud")
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Name of the view").fill("Mud")
    page.get_by_label("For all leads and admins").check()
    page.get_by_role("button", name="Save these filters").click()
    expect(page.get_by_text("“Mud” is saved.")).to_be_visible()
    other = sign_in(Role.ADMIN)
    open_tab(other, "Images")
    other.get_by_role("button", name="Saved views").click()
    other.get_by_role("link", name="Mud").click()
    expect(other.locator("button.found")).to_have_count(1)
    assert "text=mud" in other.url


def test_the_panel_shuts_nobody_out(site: Site, sign_in: SignIn) -> None:
    site.factory.items(2, ItemState.RESOLVED, verdict=LabelValue.FAKE, name="sand.png")
    site.factory.items(1, ItemState.IN_REVIEW, name="sand.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, "sand")
    page.get_by_role("button", name="Saved views").click()
    choose(page, WHAT, "delete the files")
    page.get_by_label("Reason, kept on record").first.fill("Asked to be forgotten.")
    page.get_by_role("button", name=PREVIEW).click()
    expect(page.locator(".question")).to_contain_text("that people have yet to judge")
    assert flaws_large_and_small(page, "admin-images-bulk", whole=True) == []
