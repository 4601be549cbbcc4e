"""What a page looks like: axe's findings, and screenshots where somebody asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SCHEMES = ("light", "dark")
_MATTERS = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Serious and critical findings of axe on the page as it is now."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html']}"
        for fault in found
        if fault["impact"] in _MATTERS
        for node in fault["nodes"]
    ]


def keep_picture(page: Page, name: str) -> None:
    """Save a screenshot as ``name`` in the folder that ``SCREENSHOTS`` names, if it is set."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
