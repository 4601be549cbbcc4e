"""The undo window: how long answers can be taken back, and when they become evidence.

The window begins with the answer and is that of the day it was given: changing the option moves
the end of no window that has begun. An answer put in another's place ends when that one would
have, so nobody can keep a verdict open for ever; and a verdict is final when the last answer that
it rests on is. What is final stays so. Evidence is read in the order in which verdicts became
final, so every reading begins with what earlier ones read, as `audits.e_values` needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from review_app.core.errors import ConflictError
from review_app.i18n import Text, t
from storage.database import Database
from storage.models import Label
from storage.types import utc_now


def end_of_window(minutes: float, now: datetime) -> datetime | None:
    """The time at which an answer given ``now`` becomes final, with a window of so many; None: at
    once."""
    return now + timedelta(minutes=minutes) if minutes else None


class Timed(Protocol):
    """An answer, as far as time goes."""

    @property
    def labelled_at(self) -> datetime:
        """The time at which it was given."""
        ...

    @property
    def final_at(self) -> datetime | None:
        """The time until which it can be taken back; None where it was final at once."""
        ...


def final_since(label: Timed) -> datetime:
    """The time at which the answer became final, or will."""
    return label.final_at or label.labelled_at


def require_open(label: Label, now: datetime) -> None:
    """Raise ``ConflictError`` where the answer is final."""
    if now >= final_since(label):
        raise ConflictError(Text("refusals.final", {"time": f"{final_since(label):%H:%M}"}))


def verdict_final_at(labels: Iterable[Label], now: datetime) -> datetime | None:
    """The time at which a verdict that rests on ``labels`` becomes final; None: it is."""
    last = max((final_since(label) for label in labels), default=now)
    return last if last > now else None


def not_final_words(answers: int) -> str:
    """How many answers are evidence of nothing yet; empty where all are final."""
    return t("policy.not_final", n=answers) if answers else ""


def not_final_now(database: Database) -> str:
    """`not_final_words` of this moment."""
    with database.read() as repos:
        return not_final_words(repos.labels.count_open(utc_now()))
