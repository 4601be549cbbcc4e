"""How a language writes plural forms, numbers, lists and dates: by Unicode CLDR."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from functools import lru_cache

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import NumberPattern

_CACHED = 4096
"""Results kept of each kind, since to write a number anew takes much longer."""
_MAX_FRACTION = 400
"""The most digits behind a decimal sign, that of the smallest float."""


@dataclass(frozen=True)
class Cldr:
    """The rules of one locale.

    ``minimum_grouping`` is CLDR's ``minimumGroupingDigits``, which Babel does not carry: with 2,
    as in Spanish and Polish, four digits stand together (``1234``) and five do not (``12.345``).
    """

    tag: str
    """The locale as a BCP 47 tag, ``en-GB``; scripts in the browser use the same."""
    minimum_grouping: int = 1

    @property
    def locale(self) -> Locale:
        """Babel's data of the locale."""
        return _locale(self.tag)

    def plural_form(self, n: float) -> str:
        """CLDR's category of ``n``: ``zero``, ``one``, ``two``, ``few``, ``many`` or ``other``."""
        return _plural_form(self.tag, n)

    def number(self, value: float, digits: int | None = None) -> str:
        """``value`` with ``digits`` after the decimal sign: ``1,234.5``, ``1.234,5``, ``1234,5``.

        Without ``digits`` as many as it needs, three at most. Zero has no sign: -0.0 equals 0.0,
        and what is kept of one is found for the other.
        """
        return _number(self, value or 0, digits)

    def percent(self, share: float, significant: int | None = None) -> str:
        """``0.05`` as ``5%``, ``0.0412`` as ``4.1%``, the sign where the language puts it.

        It has one digit after the decimal sign at most, or so many ``significant`` ones.
        """
        return _percent(self, share or 0, significant)

    def significant(self, value: float, digits: int = 3) -> str:
        """``value`` to so many significant digits, without zeros at its end: ``0.974``.

        The whole part is never rounded: ``1,234``.
        """
        return self.number(value, _fraction_digits(value, digits))

    def list(self, parts: Sequence[str]) -> str:
        """``a``, ``a and b``, ``a, b and c``."""
        return format_list(parts, locale=self.locale)

    def day(self, at: datetime) -> str:
        """``3 May 2026``."""
        return format_date(at, "long", locale=self.locale)


@lru_cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


@lru_cache(_CACHED)
def _plural_form(tag: str, n: float) -> str:
    form: str = _locale(tag).plural_form(n)
    return form


@lru_cache(_CACHED, typed=True)
def _number(cldr: Cldr, value: float, digits: int | None) -> str:
    pattern = cldr.locale.decimal_formats[None]
    if digits is None:
        return _written(cldr, pattern, Decimal(str(value)))
    return _written(cldr, _with_digits(pattern, digits, digits), Decimal(f"{value:.{digits}f}"))


@lru_cache(_CACHED)
def _percent(cldr: Cldr, share: float, significant: int | None) -> str:
    digits = 1 if significant is None else _fraction_digits(100 * share, significant)
    pattern = _with_digits(cldr.locale.percent_formats[None], 0, digits)
    return _written(cldr, pattern, Decimal(f"{100 * share:.{digits}f}").scaleb(-2))


def _written(cldr: Cldr, pattern: NumberPattern, value: Decimal) -> str:
    """``value``, rounded already: as Python does it, so that a figure reads the same everywhere."""
    if not value.is_finite():
        return str(float(value))
    before_sign = max(value.scaleb(pattern.scale).adjusted() + 1, 1)
    grouped = before_sign >= 3 + cldr.minimum_grouping
    with localcontext(prec=before_sign + _MAX_FRACTION):  # 28 digits in all otherwise
        written: str = pattern.apply(value, cldr.locale, group_separator=grouped)
    return written


def _fraction_digits(value: float, significant: int) -> int:
    """How many digits after the decimal sign so many significant ones are."""
    exponent = Decimal(f"{value:.{significant}g}").as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0  # a letter: not finite


def _with_digits(pattern: NumberPattern, least: int, most: int) -> NumberPattern:
    changed = copy.copy(pattern)
    changed.frac_prec = (least, most)
    return changed
