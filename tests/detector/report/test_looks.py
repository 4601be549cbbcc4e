"""The page in a real browser: light, dark, on a phone and on paper."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import ARGUMENTS, DESKTOP, PHONE, find_browser

pytestmark = pytest.mark.browser


def test_the_page_shuts_nobody_out_fetches_nothing_and_fits_a_phone(written: Path) -> None:
    with sync_playwright() as playwright:
        found = find_browser(playwright)
        if found is None:
            pytest.skip("no Chromium here: set BROWSER_PATH")
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        light = _look(browser, written, "light", DESKTOP)
        dark = _look(browser, written, "dark", PHONE)
        browser.close()
    assert light != dark


def _look(browser: Browser, folder: Path, scheme: str, size: dict[str, int]) -> str:
    """The background colour, after the checks."""
    # axe is a script put into the page, which the page's own policy rightly refuses.
    context = browser.new_context(color_scheme=scheme, viewport=size, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.split(":")[0]))
    page.goto((folder / "report.html").as_uri())
    assert barriers(page) == []
    assert sticks_out(page) == 0
    assert set(asked) <= {"file", "data"}
    assert asked.count("file") == 1
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    context.close()
    return colour
