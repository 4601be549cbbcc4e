"""Numbers as a language writes them, after CLDR 46."""

from __future__ import annotations

from dataclasses import dataclass

from review_app.i18n.locale import Language


@dataclass(frozen=True, slots=True)
class _Style:
    group: str
    decimal: str
    least_grouped: int
    """Numbers of fewer digits are not grouped."""
    percent: str
    """What follows the number: the sign, after a no-break space where there is one."""


_STYLES = {
    Language.EN: _Style(",", ".", 4, "%"),
    Language.DE: _Style(".", ",", 4, "\N{NO-BREAK SPACE}%"),
    Language.ES: _Style(".", ",", 5, "\N{NO-BREAK SPACE}%"),
}


def format_number(language: Language, value: float, digits: int = 0) -> str:
    """``value`` with ``digits`` after the decimal sign: ``1,234.5``, ``1.234,5``, ``1234,5``."""
    style = _STYLES[language]
    whole, _, fraction = f"{value:,.{digits}f}".partition(".")
    is_grouped = sum(map(str.isdigit, whole)) >= style.least_grouped
    whole = whole.replace(",", style.group if is_grouped else "")
    return f"{whole}{style.decimal}{fraction}" if fraction else whole


def format_significant(language: Language, value: float, digits: int = 3) -> str:
    """``value`` to so many significant digits, without zeros at its end: ``0.974``, ``0,05``."""
    _, _, fraction = f"{value:.{digits}g}".partition(".")
    return format_number(language, value, len(fraction))


def format_percent(language: Language, share: float) -> str:
    """``0.05`` as ``5%``, ``0.0412`` as ``4.1%``; a space goes before the sign
    in German and Spanish."""
    tenths = f"{100 * share:.1f}"
    digits = 0 if tenths.endswith(".0") else 1
    return format_number(language, float(tenths), digits) + _STYLES[language].percent
