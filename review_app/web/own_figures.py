"""How people answer, in sentences: for somebody of themselves, and what second looks tell."""

from __future__ import annotations

from collections.abc import Iterable

from review_app.agreement.coefficients import Coefficient
from review_app.agreement.dawid_skene import ErrorRate
from review_app.agreement.second_looks import SampledErrors, SampledRate
from review_app.i18n import number, percent, t
from review_app.monitoring.people_watching import WatchedPerson
from review_app.people import Account
from review_app.review.second_looks import may_be_shown


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
    if found.second_looks is not None:
        again = second_look_lines(found.second_looks)
        lines.append(" ".join([t("watched.own_again", n=found.second_looks.looks), *again]))
    return lines


def second_look_lines(found: SampledErrors) -> list[str]:
    """The error rates by second looks, each as a sentence; and what nobody has decided yet."""
    lines = [
        t(f"watched.again_{name}", rate=rate_words(rate))
        for name, rate in (("missed", found.missed), ("accused", found.accused))
        if rate is not None
    ]
    return [*lines, t("watched.again_open", n=found.undecided)] if found.undecided else lines


def too_few_to_look(accounts: Iterable[Account]) -> str:
    """A sentence where too few people review for second looks; empty where enough do."""
    roles = [one.role for one in accounts if not (one.disabled or one.is_away)]
    n = sum(map(may_be_shown, roles))
    return "" if n > 1 else t("watched.again_one" if n else "watched.again_nobody")


def rate_words(rate: ErrorRate | SampledRate) -> str:
    """``7.5% (1.6% to 20.4%)``."""
    value, low, high = (percent(x) for x in (rate.value, rate.low, rate.high))
    return t("watched.interval", value=value, low=low, high=high)


def kappa_words(kappa: Coefficient) -> str:
    """``0.71 (0.60 to 0.81)``."""
    value, low, high = (number(x, 2) for x in (kappa.value, kappa.low, kappa.high))
    return t("watched.interval", value=value, low=low, high=high)
