"""The checks themselves: what is wrong with a page is found, what passes by is not."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page

from tests.browser.checks import LOOKS, barriers, lasting
from tests.browser.looks import flaws

PALE = "<p id=pale style='color: #ccc'>Who reads this?</p>"
NAMELESS = "<button></button>"


def open_page(new_context: Callable[..., BrowserContext], content: str) -> Page:
    page = new_context().new_page()
    page.set_content(f"<html lang=en><title>A page</title><main><h1>It</h1>{content}</main></html>")
    return page


def test_barriers_that_stay_are_found(new_context: Callable[..., BrowserContext]) -> None:
    found = barriers(open_page(new_context, PALE + NAMELESS))
    assert [one.split(":")[0] for one in sorted(found)] == ["button-name", "color-contrast"]
    assert barriers(open_page(new_context, "<p>Everybody reads this.</p>")) == []


def test_what_is_wrong_in_the_dark_alone_is_found(
    new_context: Callable[..., BrowserContext],
) -> None:
    dark = "body { background: %s; color: %s }"
    style = "<style>body { background: #fff } @media (prefers-color-scheme: dark) { %s }</style>"
    words = "<p>Who reads this?</p>"
    heading, text = flaws(open_page(new_context, words + style % dark % ("#111", "#333")))
    assert heading.startswith(start := "dark: color-contrast")
    assert text.startswith(start)
    assert flaws(open_page(new_context, words + style % dark % ("#fff", "#000"))) == [
        "dark: it is not"
    ]
    assert flaws(open_page(new_context, words + style % dark % ("#111", "#eee"))) == []


def test_what_is_paled_for_a_moment_is_waited_for(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = open_page(new_context, PALE)
    page.evaluate("pale.animate({ color: ['#ccc', '#ccc'] }, { duration: 1000, fill: 'none' })")
    page.evaluate("pale.style.color = '#000'")
    assert barriers(page) == []


def test_what_is_awaited_is_waited_for(new_context: Callable[..., BrowserContext]) -> None:
    page = open_page(new_context, f"<div class='html-container pending'>{PALE}</div>")
    page.evaluate(
        """() => setTimeout(() => {
          pale.style.color = "#000";
          pale.parentElement.classList.remove("pending");
        }, 500)"""
    )
    assert barriers(page) == []


def test_what_never_comes_to_rest_is_still_looked_at(
    new_context: Callable[..., BrowserContext],
) -> None:
    page = open_page(new_context, PALE)
    page.evaluate("pale.animate({ color: ['#ccc', '#ddd'] }, { duration: 50, iterations: 1/0 })")
    assert len(barriers(page)) == 1


def test_only_what_every_look_finds_counts() -> None:
    looks = [{"stays": "1", "passes": "2"}, {"stays": "3", "comes": "4"}, {"stays": "5"}]
    assert len(looks) == LOOKS
    assert lasting(iter(looks).__next__) == {"stays": "5"}


def test_a_clean_look_is_the_only_one() -> None:
    looks = iter([{}, {"late": "1"}])
    assert lasting(lambda: next(looks)) == {}
