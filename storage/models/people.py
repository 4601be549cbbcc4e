"""Users, their sessions and browsers, one-time sign-in links. Tokens are stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.enums import Role, SignInMethod
from storage.models.base import Base, IntPk
from storage.types import text_enum, utc_now


class User(Base):
    """Somebody who may sign in."""

    __tablename__ = "user"

    id: Mapped[IntPk]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    pseudonym: Mapped[str] = mapped_column(String(40), unique=True)
    """What exports call this person."""
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    disabled_at: Mapped[datetime | None]
    away_since: Mapped[datetime | None]
    """The time since which they have no place in the queue that is always there, but at desks
    alone."""


class UserSession(Base):
    """A signed-in browser."""

    __tablename__ = "user_session"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    began_by: Mapped[SignInMethod | None] = mapped_column(text_enum(SignInMethod))
    browser: Mapped[str | None] = mapped_column(String(40))
    platform: Mapped[str | None] = mapped_column(String(40))
    last_seen_at: Mapped[datetime | None]
    """The minute of the last request; None where it was not kept, in sessions of before."""


class KnownDevice(Base):
    """A browser at which somebody has signed in, by a token that it keeps for long.

    It opens nothing. But who tries to sign in there is not held up by what others try elsewhere.
    """

    __tablename__ = "known_device"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignInLink(Base):
    """A link that signs one user in, once."""

    __tablename__ = "sign_in_link"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
