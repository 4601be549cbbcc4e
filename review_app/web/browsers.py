"""Browsers are named in words that their person recognises."""

from __future__ import annotations

from review_app.people import Browser

# The first that matches counts: most say that they are like others, too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
_PLATFORMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(user_agent: str) -> Browser:
    """What a ``User-Agent`` header says. Only these words are kept of it."""
    return Browser(_first(_BROWSERS, user_agent), _first(_PLATFORMS, user_agent))


def _first(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for sign, name in names if sign in text), None)
