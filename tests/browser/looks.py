"""What a page looks like, light and dark: what is wrong with it, and screenshots, where somebody
asks for them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TimedOut

from tests.browser.checks import OF_COLOUR, barriers, sticks_out
from tests.browser.conftest import DESKTOP, PHONE

LOOKS_AT: dict[Literal["light", "dark"], tuple[str, ...]] = {"light": (), "dark": OF_COLOUR}
"""The rules that look at each scheme: dark is the same page in other colours."""
SCHEMES = tuple(LOOKS_AT)
SIZES = {"desktop": DESKTOP, "phone": PHONE}
TURNS_MS = 2_000
_IS_DARK = """(dark) => {
  const [red] = getComputedStyle(document.body).backgroundColor.match(/\\d+/);
  return Number(red) < 128 === dark;
}"""


def keep_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Save a screenshot as ``name`` in the folder that ``SCREENSHOTS`` names, if it is set; of the
    ``whole`` page, or of what the window shows."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def resize(page: Page, size: str) -> None:
    """Have the page's window be as large as one of `SIZES`."""
    window = SIZES[size]
    page.set_viewport_size({"width": window["width"], "height": window["height"]})


def flaws(page: Page, name: str = "", *, whole: bool = False) -> list[str]:
    """What shuts somebody out or sticks out, in light and in dark. With a ``name`` a picture of
    each is kept, as `keep_picture` does."""
    found = []
    for scheme, rules in LOOKS_AT.items():
        page.emulate_media(color_scheme=scheme)
        if not becomes(page, scheme):
            found.append(f"{scheme}: it is not")
        found += [f"{scheme}: {each}" for each in barriers(page, *rules)]
        if name:
            keep_picture(page, f"{name}-{scheme}", whole=whole)
    page.emulate_media(color_scheme="light")
    return [*found, "it sticks out"] if sticks_out(page) else found


def flaws_large_and_small(page: Page, name: str, *, whole: bool = False) -> list[str]:
    """`flaws` of the page on a desk and on a phone, which it is left in the size of the first."""
    found = []
    for size in SIZES:
        resize(page, size)
        found += [f"{size}: {each}" for each in flaws(page, f"{name}-{size}", whole=whole)]
    resize(page, "desktop")
    return found


def becomes(page: Page, scheme: Literal["light", "dark"]) -> bool:
    """Whether the page's background gets darker than mid-grey, or lighter, within `TURNS_MS`: a
    busy browser draws the old colours for a moment more."""
    try:
        page.wait_for_function(_IS_DARK, arg=scheme == "dark", timeout=TURNS_MS)
    except TimedOut:
        return False
    return True
