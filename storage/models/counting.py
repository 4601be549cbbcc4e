"""Counters: what would otherwise be counted row by row at every look at the first screen.

Triggers keep them, in the transaction that changes the rows, so nothing that writes can forget
them; ``db check`` counts anew and compares. A counter that has come to 0 stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import CountKind, ItemState, LabelValue
from storage.models.base import Base
from storage.types import text_enum

NO_SOURCE = ""


@dataclass(frozen=True)
class SourceTally:
    """Items of one source, by state and, where people settled them, by verdict."""

    source: str
    """`NO_SOURCE` for items that came without one."""
    states: Mapping[ItemState, int]
    verdicts: Mapping[LabelValue, int]

    @property
    def total(self) -> int:
        """Items of the source."""
        return sum(self.states.values())


class HourCount(Base):
    """How many rows of a kind belong to one hour. All of its hours together are all of them."""

    __tablename__ = "hour_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[CountKind] = mapped_column(text_enum(CountKind), primary_key=True)
    hour: Mapped[str] = mapped_column(String(13), primary_key=True)
    """The hour in UTC, as in ``2026-11-30 14``."""
    n: Mapped[int]


class SourceCount(Base):
    """How many items of one source are in a state, with a verdict."""

    __tablename__ = "source_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Empty for items that came without."""
    state: Mapped[ItemState] = mapped_column(text_enum(ItemState), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20), primary_key=True)
    """A `LabelValue`, or empty where there is none."""
    n: Mapped[int]


class LabelCount(Base):
    """How many labels of one value a person has in force."""

    __tablename__ = "label_count"
    __table_args__ = ({"sqlite_with_rowid": False},)

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id"), primary_key=True, autoincrement=False
    )
    value: Mapped[LabelValue] = mapped_column(text_enum(LabelValue), primary_key=True)
    n: Mapped[int]
