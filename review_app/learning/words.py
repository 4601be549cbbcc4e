"""What a comparison and a replay say, in the language of whoever is served."""

from __future__ import annotations

from datetime import datetime

from review_app.certification.prospect import chance_words
from review_app.i18n import day, listed, number, percent, t
from review_app.learning.challenge import ChallengeReport
from review_app.learning.comparison import AurocDifference
from review_app.learning.recommendation import MATTERS
from review_app.learning.replay import Replay, Share
from storage.repositories.held_out import LabelKind

_DIGITS = 3


def advice_words(report: ChallengeReport) -> str:
    """What is advised, and why."""
    advice, overall = report.recommendation, report.overall
    difference = overall.difference or 0.0
    key = f"challenge.advice_{advice.advice}_{advice.ground}"
    low, high = overall.bounds(0.05)
    ends = {"low": number(low, _DIGITS), "high": number(high, _DIGITS)}
    names = {"champion": report.champion, "challenger": report.challenger}
    if advice.more is not None:
        labels = t("challenge.n_labels", n=overall.labels)
        told = {"matters": number(MATTERS, 2), "difference": number(difference, _DIGITS)}
        return t(key, n=advice.more, labels=labels, **told, **ends)
    parts = listed([part_name(by, name) for by, name in advice.parts])
    return t(
        key,
        n=number(overall.labels),
        difference=number(abs(difference), _DIGITS),
        matters=number(MATTERS, 2),
        parts=parts,
        **names,
        **ends,
    )


def part_name(by: str, name: str) -> str:
    """A part of the labels: a source, a kind, or where labels come from."""
    if not by:
        return t("challenge.part_all")
    if by == "evidence":
        return t(f"challenge.part_{LabelKind(name)}")
    return t(f"challenge.part_{by}", name=name)


def difference_words(found: AurocDifference) -> str:
    """The difference with its interval, or that labels are too few."""
    if found.difference is None or found.low is None or found.high is None:
        return t("challenge.too_few")
    return ends_words(found.difference, found.low, found.high)


def ends_words(difference: float, low: float | None, high: float | None) -> str:
    """A difference with its interval, if there is one."""
    if low is None or high is None:
        return number(difference, _DIGITS)
    ends = (number(value, _DIGITS) for value in (difference, low, high))
    return t("challenge.ends", **dict(zip(("difference", "low", "high"), ends, strict=True)))


def labels_words(report: ChallengeReport) -> str:
    """Which labels there were."""
    used = report.labels
    counts = ("gold", "audit", "verdict", "seen", "unscored")
    words = t("challenge.labels", **{name: number(getattr(used, name)) for name in counts})
    if used.since is None or used.until is None:
        return words
    since, until = (day(datetime.fromisoformat(time)) for time in (used.since, used.until))
    return f"{words} {t('challenge.span', since=since, until=until)}"


def replay_words(found: Replay) -> list[str]:
    """What would change, a sentence or two each."""
    words = [t("challenge.over", n=found.items)]
    if found.missing:
        words.append(t("challenge.missing", n=found.missing))
    if found.accepted:
        flips = t("challenge.flips", n=found.accepted, opposite=number(found.opposite))
        counts = ("to_people", "reversed", "newly")
        moves = {name: number(getattr(found, name)) for name in counts}
        words += [flips, t("challenge.moves", **moves)]
    hours = {
        f"{name}_hours": _hours(getattr(found, name)) for name in ("now", "closed", "expected")
    }
    shares = {name: percent(getattr(found, name).share) for name in ("now", "expected")}
    words.append(t("challenge.shares", **shares, **hours))
    words.append(
        t(
            "challenge.prospect",
            attempt=str(found.attempt),
            labels=t("challenge.n_labels", n=found.labels),
            real=chance_words(found.chance_real),
            fake=chance_words(found.chance_fake),
        )
    )
    return words


def _hours(share: Share) -> str:
    return number(share.hours_per_day, 1)
