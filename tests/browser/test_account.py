"""Links, sessions and passwords in a real browser, by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import SignIn, follow_link
from tests.web.serving import Serving
from tests.web.site import PASSWORD, Site


def press(page: Page, name: str) -> None:
    """Go to the button by Tab, and press Enter."""
    button = page.get_by_role("button", name=name, exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("(element) => element === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_a_person_ends_a_session_and_changes_the_password_by_keyboard(
    site: Site,
    serving: Serving,
    sign_in: SignIn,
    new_context: Callable[..., BrowserContext],
) -> None:
    name = site.account(password=PASSWORD)
    elsewhere = new_context().new_page()
    follow_link(elsewhere, f"{serving.url}/login/link/{site.app.people.make_link(name, 'test')}")
    elsewhere.wait_for_url("**/review/")
    page = sign_in(name=name, at="/account")
    expect(page.get_by_role("listitem")).to_have_count(2)
    press(page, "Sign out there: Chrome on Linux")
    expect(page.get_by_role("status")).to_have_text("That session is ended.")
    elsewhere.reload()
    expect(elsewhere.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("New password", exact=True).focus()
    page.keyboard.type("another horse battery")
    page.keyboard.press("Tab")
    page.keyboard.type("another horse battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your password is changed")
    elsewhere.get_by_label("Name").fill(name)
    elsewhere.get_by_label("Password").fill("another horse battery")
    elsewhere.get_by_role("button", name="Sign in").click()
    elsewhere.wait_for_url("**/review/")


def test_a_link_pressed_twice_in_a_hurry_signs_in(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    page = sign_in()
    name = site.account()
    page.goto(f"{serving.url}/login/link/{site.app.people.make_link(name, 'test')}")
    expect(page.get_by_text("is signed in in this browser and will be signed out")).to_be_visible()
    page.get_by_role("button", name=f"Sign in as {name}").dblclick()
    page.wait_for_url("**/review/")
    expect(page.locator("#who-name")).to_have_text(name)


def test_a_page_that_nobody_touches_keeps_no_session_alive(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    page = sign_in()
    expect(page.locator("#who-name")).not_to_be_empty()
    asked = "() => fetch('/api/v1/me', {headers: {accept: 'application/json'}})"
    with page.expect_request("**/api/v1/me") as touched:
        page.evaluate(asked)
    assert "x-unattended" not in touched.value.headers
    page.evaluate("() => { const now = performance.now() + 61_000; performance.now = () => now; }")
    with page.expect_request("**/api/v1/me") as left:
        assert page.evaluate(f"({asked})().then((answer) => answer.status)") == 200
    assert left.value.headers["x-unattended"] == "1"
    page.keyboard.press("Shift")
    with page.expect_request("**/api/v1/me") as back:
        page.evaluate(asked)
    assert "x-unattended" not in back.value.headers
