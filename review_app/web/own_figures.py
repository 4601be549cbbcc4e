"""How somebody answers, in sentences for that person."""

from __future__ import annotations

from review_app.agreement.coefficients import Coefficient
from review_app.agreement.dawid_skene import ErrorRate
from review_app.i18n import number, percent, t
from review_app.monitoring.people_watching import WatchedPerson


def own_lines(found: WatchedPerson | None) -> list[str]:
    """What the last refresh found of the person."""
    if found is None:
        return [t("watched.own_none")]
    lines = [t("watched.own_pace", n=found.week)]
    if found.seconds is not None:
        lines.append(t("watched.own_seconds", seconds=number(found.seconds, 0)))
    if found.missed is None or found.accused is None:
        return [*lines, t("watched.own_few", n=found.answers)]
    lines.append(t("watched.own_missed", rate=rate_words(found.missed)))
    lines.append(t("watched.own_accused", rate=rate_words(found.accused)))
    if found.kappa is not None:
        lines.append(t("watched.own_kappa", kappa=kappa_words(found.kappa)))
    return lines


def rate_words(rate: ErrorRate) -> str:
    """``7.5% (1.6% to 20.4%)``."""
    value, low, high = (percent(x) for x in (rate.value, rate.low, rate.high))
    return t("watched.interval", value=value, low=low, high=high)


def kappa_words(kappa: Coefficient) -> str:
    """``0.71 (0.60 to 0.81)``."""
    value, low, high = (number(x, 2) for x in (kappa.value, kappa.low, kappa.high))
    return t("watched.interval", value=value, low=low, high=high)
