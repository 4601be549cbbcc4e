"""Column types shared by the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import DateTime, Dialect, Enum
from sqlalchemy.types import TypeDecorator


def to_utc(value: datetime) -> datetime:
    """``value`` in UTC. Raises ``ValueError`` for a naive time: guessing a zone would corrupt
    the record silently; and for one that lies before the year 1 there, or after 9999."""
    if value.tzinfo is None:
        raise ValueError("a naive datetime was given; use one with a timezone")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time; a naive one is refused.

    SQLite keeps no zone, so it is put back on the way out.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC, on its way in. Raises ValueError for a naive one."""
        return None if value is None else to_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time with its zone, on its way out."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def text_enum(enum: type[StrEnum], length: int = 20) -> Enum:
    """The enum's value as text, with no database type of its own: adding a member needs no DDL."""
    return Enum(
        enum,
        native_enum=False,
        create_constraint=False,
        validate_strings=True,
        length=length,
        values_callable=lambda members: [member.value for member in members],
    )


def utc_now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)
