"""Every tab, filter and record has an address: to be sent to a colleague, reloaded, and gone back
from."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from storage.enums import ItemState, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES
from tests.browser.test_admin import open_tab
from tests.browser.test_images import find
from tests.browser.test_pictures import held, let_go
from tests.web.serving import Serving
from tests.web.site import PASSWORD, Site


def at(page: Page, query: str, title: str) -> None:
    """The page is at this address, and says so."""
    expect(page).to_have_url(re.compile(rf"/admin/{re.escape(query)}$"))
    expect(page).to_have_title(f"{title} · deepfake-review")


def test_the_span_of_the_charts_has_an_address(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    day, week = (page.get_by_role("radio", name=name) for name in ("A day", "A week"))
    expect(week).to_be_checked()
    day.check()
    at(page, "?span=day", "Overview")
    open_tab(page, "Policy")
    at(page, "?tab=policy", "Policy")
    page.go_back()
    expect(day).to_be_checked()
    page.reload()
    expect(day).to_be_checked()
    expect(page.get_by_text("a column is an hour")).to_be_visible()
    at(page, "?span=day", "Overview")
    page.go_back()
    expect(week).to_be_checked()
    expect(page.get_by_text("a column is 6 hours")).to_be_visible()


def selected(page: Page, name: str) -> None:
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def record(page: Page, item: int) -> None:
    expect(page.get_by_role("heading", name=f"Image {item}", exact=True)).to_be_focused()


@pytest.mark.parametrize("size", SIZES)
def test_back_and_forward_walk_through_tabs_filters_and_records(
    site: Site, sign_in: SignIn, size: str
) -> None:
    first, second = site.factory.items(2, ItemState.FAILED, name=f"walked-{size}.png")
    page = sign_in(Role.ADMIN, viewport=SIZES[size])
    at(page, "", "Overview")
    open_tab(page, "Policy")
    at(page, "?tab=policy", "Policy")
    open_tab(page, "Images")
    at(page, "?tab=images", "Images")
    text = f"walked-{size}"
    find(page, text)
    rows, heading = page.locator("button.found"), page.locator(".record h2")
    expect(rows).to_have_count(2)
    at(page, f"?tab=images&text={text}", "Images")
    for row, item in ((1, first), (0, second)):
        rows.nth(row).click()
        record(page, item)
        at(page, f"?tab=images&text={text}&image={item}", f"#{item} · Images")
        expect(page.locator("[aria-current=true].found")).to_contain_text(str(item))
    page.go_back()
    record(page, first)
    at(page, f"?tab=images&text={text}&image={first}", f"#{first} · Images")
    page.go_back()
    expect(heading).to_have_count(0)
    expect(rows).to_have_count(2)
    page.go_back()
    expect(page.get_by_label("Number, name, path")).to_have_value("")
    at(page, "?tab=images", "Images")
    page.go_back()
    selected(page, "Policy")
    page.go_back()
    selected(page, "Overview")
    at(page, "", "Overview")
    for _ in range(4):
        page.go_forward()
    selected(page, "Images")
    record(page, first)
    expect(page.get_by_label("Number, name, path")).to_have_value(text)
    expect(rows).to_have_count(2)
    page.go_forward()
    record(page, second)

    page.reload()
    record(page, second)
    selected(page, "Images")
    at(page, f"?tab=images&text={text}&image={second}", f"#{second} · Images")
    expect(page.get_by_label("Number, name, path")).to_have_value(text)
    expect(rows).to_have_count(2)
    expect(page.locator("[aria-current=true].found")).to_contain_text(str(second))
    open_tab(page, "People")
    page.reload()
    selected(page, "People")
    at(page, "?tab=people", "People")
    open_tab(page, "Images")
    at(page, "?tab=images", "Images")


def test_an_address_that_was_sent_leads_there_after_sign_in(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    item, other = site.items(2, ItemState.RESOLVED)
    name = site.account(Role.ADMIN, PASSWORD)
    page = sign_in()  # somebody else's session, which ends
    page.context.clear_cookies()
    page.goto(f"{serving.url}/admin/?tab=images&state=resolved&image={item}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    record(page, item)
    at(page, f"?tab=images&state=resolved&image={item}", f"#{item} · Images")
    expect(page.get_by_role("combobox", name="State")).to_have_value("resolved")
    expect(page.get_by_role("button", name=f"{other} ")).to_be_visible()

    for odd in ("?tab=nowhere", "?tab=images&image=<b>", "?tab=images&image=-1&state=lost"):
        page.goto(f"{serving.url}/admin/{odd}")
        expect(page.get_by_role("tab", name="Overview")).to_be_visible()
        expect(page.locator(".record")).to_have_count(0)
    expect(page.get_by_text("There is no such filter")).to_be_visible()
    page.goto(f"{serving.url}/admin/?tab=images&image={10**9}")
    expect(page.locator(".notice-problem")).to_contain_text("There is no")


def test_a_tab_that_was_chosen_before_the_script_came_stays(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    late = held(page, "**/places.js")
    page.reload(wait_until="commit")
    open_tab(page, "Policy")
    let_go(page, late)
    at(page, "?tab=policy", "Policy")
    selected(page, "Policy")
