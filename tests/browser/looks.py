"""What a page looks like: screenshots, where somebody asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import DESKTOP, PHONE

SCHEMES = ("light", "dark")
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def keep_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Save a screenshot as ``name`` in the folder that ``SCREENSHOTS`` names, if it is set; of the
    ``whole`` page, or of what the window shows."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=whole)


def is_dark(page: Page) -> bool:
    """Whether the page's background is darker than mid-grey."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(colour.split("(")[1].split(",")[0].rstrip(")")) < 128
