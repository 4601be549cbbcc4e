"""Sign-in and review: nothing for axe to complain of, in light and dark, on desk and phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SCHEMES, SIZES, keep_picture
from tests.web.serving import Serving
from tests.web.site import Site


def is_dark(page: Page) -> bool:
    """Whether the page's background is darker than mid-grey."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(colour.split("(")[1].split(",")[0].rstrip(")")) < 128


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_signing_in_looks_right(
    serving: Serving, new_context: Callable[..., BrowserContext], scheme: str, size: str
) -> None:
    page = new_context(viewport=SIZES[size], color_scheme=scheme).new_page()
    page.goto(f"{serving.url}/review/")
    assert is_dark(page) is (scheme == "dark")
    page.get_by_label("Name").fill("rita")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    keep_picture(page, f"sign-in-{size}-{scheme}")
    assert barriers(page) == []
    assert not sticks_out(page)
    page.goto(f"{serving.url}/login/link/spent")
    expect(page.get_by_role("heading", name="Not for this account")).to_be_visible()
    assert barriers(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_reviewing_looks_right(site: Site, sign_in: SignIn, scheme: str, size: str) -> None:
    site.items(2, decided=True)
    page = sign_in(viewport=SIZES[size], color_scheme=scheme)
    image = page.locator("#frame img")
    expect(image).to_be_visible()
    expect(page.locator("#progress")).to_contain_text("wait")
    assert is_dark(page) is (scheme == "dark")
    assert not sticks_out(page)
    keep_picture(page, f"review-first-{size}-{scheme}")
    assert barriers(page) == []
    page.keyboard.press("c")
    page.keyboard.type("The ear has no lobe.")
    keep_picture(page, f"review-comment-{size}-{scheme}")
    assert barriers(page) == []
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    expect(page.locator("#previous-text")).to_contain_text("Model")
    keep_picture(page, f"review-next-{size}-{scheme}")
    page.keyboard.press("?")
    keep_picture(page, f"review-keys-{size}-{scheme}")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    keep_picture(page, f"review-empty-{size}-{scheme}")
    assert barriers(page) == []
    assert not sticks_out(page)


def test_on_a_phone_the_image_has_the_whole_width_and_the_buttons_are_large(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    page = sign_in(viewport=PHONE)
    box = page.locator("#frame img").bounding_box()
    assert box is not None
    assert box["width"] == PHONE["width"]
    for name in ("Real", "Fake", "Unsure"):
        button = page.get_by_role("button", name=name).bounding_box()
        assert button is not None
        assert button["height"] >= 56
        assert button["width"] >= 110
        assert button["y"] + button["height"] <= PHONE["height"]


def test_the_page_asks_nobody_outside(
    site: Site, serving: Serving, sign_in: SignIn, new_context: Callable[..., BrowserContext]
) -> None:
    site.items(1)
    context = new_context()
    asked: list[str] = []
    blocked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: blocked.append(message.text))
    page = context.new_page()
    token = site.app.people.make_link(site.account(), "test")
    page.goto(f"{serving.url}/login/link/{token}")
    expect(page.locator("#frame img")).to_be_visible()
    page.goto(f"{serving.url}/review/inspect")
    expect(page.locator("#header .bar")).to_be_visible()
    page.wait_for_timeout(500)
    own = (serving.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert [text for text in blocked if "Content Security Policy" in text] == []
