"""The language of whoever is served, and texts in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from review_app.i18n.catalogue import Value, catalogue, render
from review_app.i18n.cldr import Cldr
from review_app.i18n.deferred import defer
from review_app.i18n.locale import ENGLISH, Language

_language: ContextVar[Language] = ContextVar("language", default=ENGLISH)
_deferring: ContextVar[bool] = ContextVar("deferring", default=False)


@dataclass(frozen=True)
class Text:
    """A text that is rendered later, when it is known for whom."""

    key: str
    values: Mapping[str, Value | Text] = field(default_factory=dict)

    def render(self, language: Language) -> str:
        """The text in ``language``, and texts among its values, too."""
        return render(language, self.key, _rendered(self.values, language))


def current_language() -> Language:
    """The language of whoever is served now; English where nobody asked for one."""
    return _language.get()


@contextmanager
def use_language(language: Language) -> Iterator[None]:
    """Render what is inside in ``language``; for this thread or task only."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


@contextmanager
def deferring() -> Iterator[None]:
    """Defer the texts inside: for a page that is built once and sent to everybody."""
    before = _deferring.set(True)
    try:
        yield
    finally:
        _deferring.reset(before)


def t(key: str, **values: Value) -> str:
    """The text ``key`` in the language of whoever is served; ``n`` chooses the plural form.

    Raises ``KeyError`` where there is no such entry or a placeholder has no value.
    """
    if _deferring.get():
        return defer(key, values)
    return render(_language.get(), key, values)


def number(value: float, digits: int = 0) -> str:
    """``value`` as the language writes it, with ``digits`` after the decimal sign."""
    return _cldr().number(value, digits)


def significant(value: float, digits: int = 3) -> str:
    """``value`` to so many significant digits, as the language writes it."""
    return _cldr().significant(value, digits)


def percent(share: float, significant: int | None = None) -> str:
    """``0.0412`` as ``4.1%``, as the language writes it; or to so many ``significant`` digits."""
    return _cldr().percent(share, significant)


def day(at: datetime) -> str:
    """``3 May 2026``, as the language writes it."""
    return _cldr().day(at)


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``, as the language joins them."""
    return _cldr().list(parts)


def _cldr() -> Cldr:
    return catalogue(_language.get()).cldr


def _rendered(values: Mapping[str, Value | Text], language: Language) -> dict[str, Value]:
    return {
        name: value.render(language) if isinstance(value, Text) else value
        for name, value in values.items()
    }
