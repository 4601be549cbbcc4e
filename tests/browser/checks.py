"""What holds for every page: nothing that shuts somebody out, nothing that sticks out."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def barriers(page: Page) -> list[str]:
    """What axe calls serious or critical on the page as it is now, once nothing of it is awaited:
    Gradio pales what is."""
    page.wait_for_function("document.querySelector('.html-container.pending') === null")
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def sticks_out(page: Page) -> bool:
    """Whether the page scrolls sideways or, on the review page, at all."""
    return bool(
        page.evaluate(
            """() => {
              const root = document.documentElement;
              const tall = document.querySelector("#review") !== null;
              const high = tall && root.scrollHeight > innerHeight;
              return root.scrollWidth > root.clientWidth || high;
            }"""
        )
    )


def overlapping(page: Page, parts: str) -> list[list[str]]:
    """Pairs of visible elements of the selector ``parts`` of which one lies on the other."""
    found: list[list[str]] = page.evaluate(
        """(parts) => {
          const seen = [...document.querySelectorAll(parts)]
            .map((part) => [part.textContent.trim(), part.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && box.height > 0);
          const apart = (one, other) =>
            one.right <= other.left || other.right <= one.left ||
            one.bottom <= other.top || other.bottom <= one.top;
          return seen.flatMap(([name, box], i) =>
            seen.slice(i + 1)
              .filter(([, other]) => !apart(box, other))
              .map(([next]) => [name, next]));
        }""",
        parts,
    )
    return found
