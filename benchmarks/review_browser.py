"""A reviewer at a real Chromium: how long from a key press to the next image, decoded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from review_app.bootstrap import Application
from tests.browser.conftest import ARGUMENTS, find_browser, follow_link

FRAME = "#frame img"
PLAIN_FRAME = "img[src*='/file=']"
_PATIENCE_MS = 60_000
_QUIET_MS = 2_500  # longer than a press waits for its image
_UNSENT = "Object.keys(localStorage).filter((key) => key.includes('/outbox/')).length"
# The clock starts with the key event's own time stamp, so time that it waited for the page counts.
_PROBE = """(selector) => {
  window.decoded = [];
  window.given = [];
  const setItem = Storage.prototype.setItem;
  Storage.prototype.setItem = function (key, value) {
    if (key.includes("/outbox/")) given.push(JSON.parse(value).item_id);
    setItem.call(this, key, value);
  };
  let shown = document.querySelector(selector).src;
  let pressed = null;
  addEventListener("keydown", (event) => {
    pressed = { at: event.timeStamp, src: document.querySelector(selector)?.src };
  }, true);
  new MutationObserver(async () => {
    const image = document.querySelector(selector);
    if (!image || image.src === shown) return;
    shown = image.src;
    if (!pressed || image.src === pressed.src) return;
    const { at } = pressed;
    pressed = null;
    await image.decode();
    decoded.push(performance.now() - at);
  }).observe(document, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["src"],
  });
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that the tests use."""
    with sync_playwright() as playwright:
        path = find_browser(playwright)
        if path is None:
            raise RuntimeError("no Chromium or Chrome: install one, or set BROWSER_PATH")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Desk:
    """One browser profile with one page, whose network can be slowed down or cut."""

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(_PATIENCE_MS)
        self.page = context.new_page()
        self._cdp = context.new_cdp_session(self.page)
        self._cdp.send("Network.enable")

    def network(self, delay_ms: int = 0, offline: bool = False) -> None:
        """Every request takes ``delay_ms`` longer, or does not get through at all."""
        speed = {"downloadThroughput": -1, "uploadThroughput": -1}
        conditions = {"offline": offline, "latency": delay_ms, **speed}
        self._cdp.send("Network.emulateNetworkConditions", conditions)

    def sign_in(self, app: Application, url: str, name: str) -> None:
        """Go onto the review page, by a one-time link."""
        follow_link(self.page, f"{url}/login/link/{app.people.make_link(name, 'benchmark')}")
        self.page.wait_for_url("**/review/")
        self.wait_for_image()

    def wait_for_image(self) -> None:
        self.page.wait_for_selector(FRAME)

    def probe(self, selector: str) -> None:
        """Remember from now on what was answered, and after how many ms the next was shown."""
        self.page.wait_for_selector(selector)
        self.page.evaluate(_PROBE, selector)

    def look(self, ms: float) -> None:
        """Do nothing for a while."""
        self.page.wait_for_timeout(ms)

    def answer_at_sight(self, n: int, look_ms: float) -> list[float]:
        """Answer ``n`` images, each ``look_ms`` after it came; ms from key press to next image."""
        for i in range(n):
            self.look(look_ms)
            self.page.keyboard.press("f")
            self.page.wait_for_function("(n) => decoded.length > n", arg=i)
        times: list[float] = self.page.evaluate("decoded")
        return times

    def press_blindly(self, n: int, every_ms: float) -> None:
        """``n`` key presses at fixed times, whether or not the page keeps up."""
        start = time.perf_counter()
        for i in range(n):
            time.sleep(max(0.0, start + i * every_ms / 1000 - time.perf_counter()))
            for kind in ("keyDown", "keyUp"):
                key = {"type": kind, "key": "f", "code": "KeyF", "windowsVirtualKeyCode": 70}
                self._cdp.send("Input.dispatchKeyEvent", key)

    def wait_until_dealt_with(self) -> None:
        """Wait until no key press waits for its image any more."""
        before = -1
        while (answers := len(self.given())) != before:
            before = answers
            self.look(_QUIET_MS)

    def unsent(self) -> int:
        """How many answers lie in the browser only."""
        n: int = self.page.evaluate(_UNSENT)
        return n

    def told(self) -> str:
        """What the page says of answers that are not saved yet."""
        return self.page.locator("#saved").inner_text()

    def given(self) -> list[str]:
        """What was answered since the probe, in order, by its handles."""
        items: list[str] = self.page.evaluate("given")
        return items

    def wait_until_sent(self) -> None:
        self.page.wait_for_function(f"{_UNSENT} === 0")


@contextmanager
def desk(browser: Browser) -> Iterator[Desk]:
    """A desk of its own, which shares nothing with others; cleared at the end."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield Desk(context)
    context.close()
