"""What the review page takes of a phone's screen, and whom it asks for anything."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import PHONE, SignIn, follow_link
from tests.web.serving import Serving
from tests.web.site import Site


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
    follow_link(page, f"{serving.url}/login/link/{token}")
    expect(page.locator("#frame img")).to_be_visible()
    page.goto(f"{serving.url}/review/inspect")
    expect(page.locator("#header .bar")).to_be_visible()
    page.wait_for_timeout(500)
    own = (serving.url, "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []
    assert [text for text in blocked if "Content Security Policy" in text] == []
