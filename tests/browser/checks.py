"""What holds for every page: nothing that shuts somebody out, nothing that sticks out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("serious", "critical")
LOOKS = 3
"""How often a barrier is looked for before it counts: what a page shows on its way is none."""

_AXE = Axe().axe_script
AT_REST = """() => {
  const ends = (motion) => motion.effect?.getComputedTiming().endTime !== Infinity;
  const moves = (motion) => motion.playState === "running" && ends(motion);
  return document.querySelector(".pending") === null
    && !document.getAnimations().some(moves);
}"""

_LOOK = """(options) => {
  const panels = [...document.querySelectorAll("[role=tabpanel]")];
  return axe.run({ exclude: panels.filter((panel) => panel.offsetParent === null) }, options);
}"""
"""Nobody meets what is in a tab that is not open, and axe takes its time over it."""

OF_COLOUR = ("color-contrast", "link-in-text-block")
"""The rules of axe that look at colours."""


def barriers(page: Page, *rules: str, colours: bool = True) -> list[str]:
    """What axe calls serious or critical on the page, and still does when it looks again; by all
    rules, by some, or by all but those of colours, which take most of its time.

    Gradio pales what it waits for, and a timer may ask for more while axe looks.
    """

    def look() -> dict[str, str]:
        page.wait_for_function(AT_REST)
        return _grave(page, rules, colours=colours)

    return list(lasting(look).values())


def lasting(look: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What each of several looks finds, as the last one found it; one look where that is clean."""
    found = look()
    for _ in range(LOOKS - 1):
        if found:
            now = look()
            found = {key: now[key] for key in found if key in now}
    return found


def _grave(page: Page, rules: tuple[str, ...], *, colours: bool) -> dict[str, str]:
    """The barriers of this moment by rule and place."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    if not colours:
        options["rules"] = {rule: {"enabled": False} for rule in OF_COLOUR}
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_AXE)
    found = page.evaluate(_LOOK, options)
    return {
        f"{rule['id']} {node['target']}": f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    }


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
