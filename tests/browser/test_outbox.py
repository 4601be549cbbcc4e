"""Answers on their way, in a real browser: in order, once, and never lost."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import SignIn
from tests.browser.reviewing import (
    kept,
    labels_of,
    media,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.storage.full import read_only
from tests.web.site import Site

# Presses the keys so many milliseconds apart; 0: all before the page can do anything.
PRESS = """async ([keys, gap]) => {
  for (const key of keys) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    if (gap > 0) await new Promise((done) => setTimeout(done, gap));
  }
}"""

# The src of every image that is in its place when a frame is drawn.
NOTE_WHAT_IS_DRAWN = """() => {
  window.drawn = new Set();
  return new Promise((begun) => {
    const note = () => {
      drawn.add(document.querySelector("#frame img")?.getAttribute("src"));
      requestAnimationFrame(note);
      begun();
    };
    requestAnimationFrame(note);
  });
}"""

# Each sentence that is told, though the next one may take its place at once.
HEARD = """() => {
  window.heard = [];
  const told = document.querySelector("#said");
  new MutationObserver(() => heard.push(told.textContent)).observe(told, { childList: true });
}"""


def sent_calls(page: Page) -> list[int]:
    """How many entries each call has, from now on."""
    sizes: list[int] = []

    def note(request: Request) -> None:
        if request.url.endswith("/answers"):
            sizes.append(len(json.loads(request.post_data or "{}")["entries"]))

    page.on("request", note)
    return sizes


def test_answers_given_while_the_network_is_cut_travel_together_once_it_is_back(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(3)
    page = sign_in()
    shown = wait_for_image(page)
    page.wait_for_load_state("networkidle")
    sizes = sent_calls(page)
    page.context.set_offline(True)
    for _ in items[1:]:
        page.keyboard.press("f")
        shown = wait_for_image(page, other_than=shown)
    expect(page.locator("#saved")).to_have_text("2 kept here, retrying")
    assert len(kept(page)) == 2
    page.context.set_offline(False)
    wait_until_saved(page)
    assert sizes[-1] == 2
    assert sum(len(values) for values in labels_of(site, items).values()) == 2


def test_a_press_counts_only_for_an_image_that_was_on_the_screen(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(30)
    page = sign_in()
    wait_for_image(page)
    page.evaluate(NOTE_WHAT_IS_DRAWN)
    for _ in range(20):  # on a busy machine images are drawn seldom, and few presses count
        page.evaluate(PRESS, [["f"] * 60, 20])
        if page.get_by_role("heading", name="Nothing waits for you").is_visible():
            break
    expect(page.locator("#pause")).to_be_visible()
    wait_until_saved(page)
    drawn = page.evaluate("[...drawn]")
    with site.app.database.read() as repos:
        newest = {i: repos.labels.in_force(i) for i in items}
    given = sorted((rows[0].id, i) for i, rows in newest.items() if rows)
    assert [item for _, item in given] == items, "in the order they were handed out"
    assert all(len(rows) == 1 for rows in newest.values())
    assert {media(item) for item in items} <= set(drawn)


def second_held_back(site: Site, sign_in: SignIn) -> tuple[Page, int, int, list[Route]]:
    """A page and its two items; the image of the second comes once the route is let go on."""
    first, second = site.items(2)
    page = sign_in()
    wait_for_image(page)
    held: list[Route] = []
    page.route(f"**{media(second)}", lambda route: held.append(route))
    page.reload()
    wait_for_image(page)
    wait_until(page, lambda: bool(held))
    return page, first, second, held


def test_a_press_waits_a_moment_for_its_image(site: Site, sign_in: SignIn) -> None:
    page, first, second, held = second_held_back(site, sign_in)
    page.evaluate(PRESS, [["f", "r"], 0])
    held[0].continue_()
    expect(page.locator("#pause")).to_be_visible()
    wait_until_saved(page)
    assert labels_of(site, [first, second]) == {first: ["fake"], second: ["real"]}


def test_no_press_waits_for_an_image_that_does_not_come(site: Site, sign_in: SignIn) -> None:
    page, first, second, held = second_held_back(site, sign_in)
    page.evaluate(PRESS, [["f", "r"], 0])
    expect(page.locator("#said")).to_have_text("Wait for the image.")
    held[0].continue_()
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    assert labels_of(site, [first, second]) == {first: ["fake"], second: []}


def test_a_press_in_a_pause_does_not_count(site: Site, sign_in: SignIn) -> None:
    """It may be about the image before: its person has seen that nothing came."""
    page, first, second, held = second_held_back(site, sign_in)
    page.keyboard.press("f")
    page.wait_for_timeout(400)
    page.keyboard.press("f")
    held[0].continue_()
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    page.wait_for_timeout(100)
    assert labels_of(site, [first, second]) == {first: ["fake"], second: []}
    page.keyboard.press("r")
    expect(page.locator("#pause")).to_be_visible()
    wait_until_saved(page)
    assert labels_of(site, [second]) == {second: ["real"]}


def test_an_entry_that_no_server_would_take_is_told_and_holds_up_no_other(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    spoilt = {"kind": "label", "client_id": "spoilt-0001", "value": "perhaps"}
    spoilt["item_id"] = site.handle(first)
    page.evaluate(
        """async (entry) => {
          const { id } = await (await fetch("/api/v1/me")).json();
          const kept = { ...entry, key: "000000000000001-000001-spoilt" };
          localStorage.setItem(`deepfake-review/outbox/${id}/${kept.key}`, JSON.stringify(kept));
        }""",
        spoilt,
    )
    page.keyboard.press("r")
    expect(page.locator("#aside")).to_contain_text("Your answer “perhaps” was not taken")
    wait_until_saved(page)
    assert labels_of(site, items)[first] == ["real"]


def test_answers_wait_in_the_page_while_the_server_cannot_store(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(3)
    page = sign_in()
    shown = wait_for_image(page)
    page.wait_for_load_state("networkidle")
    page.evaluate(HEARD)
    with read_only(site.app.database):
        for _ in items[1:]:
            page.keyboard.press("f")
            shown = wait_for_image(page, other_than=shown)
        expect(page.locator("#saved")).to_have_text("2 kept here, the server cannot store")
        page.wait_for_function("heard.some(text => text.includes('may not write to its disk'))")
        page.keyboard.press("f")
        expect(page.locator("#pause")).to_contain_text("Nothing can be stored now")
        expect(page.locator("#pause")).to_contain_text("may not write to its disk")
        assert len(kept(page)) == 3
    expect(page.locator("#aside")).to_be_hidden()
    page.reload()
    wait_until_saved(page)
    assert sum(len(values) for values in labels_of(site, items).values()) == 3
