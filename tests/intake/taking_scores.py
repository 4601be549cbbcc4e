"""Score files that are taken in, and what is there then."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from review_app.intake.scores import ScoreReport
from review_app.scores.card import ExternalCard
from storage.enums import AuditKind
from storage.models import (
    AuditEvent,
    CheckpointRow,
    Image,
    Item,
    KnownLabel,
    PolicyRow,
    Prediction,
    ScoreFile,
)
from tests.applications import Deployment

HASH = "ab" * 32


Take = Callable[..., ScoreReport]


def items(place: Deployment) -> dict[str, Item]:
    """Every item by its image's key."""
    return {item.image.key: item for item in place.items().values()}


def card(place: Deployment, name: str = "theirs") -> ExternalCard:
    with place.app.database.read() as repos:
        found = repos.checkpoints.get(f"external:{name}")
    assert found is not None
    return ExternalCard.model_validate(found.card)


TABLES = (Image, Item, Prediction, KnownLabel, CheckpointRow, PolicyRow, AuditEvent, ScoreFile)


def held(place: Deployment) -> dict[str, int]:
    """How many rows each table has; without events that only seal what builders wrote."""
    with place.app.database.read() as repos:
        found = {
            table.__tablename__: repos.session.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }
        found["audit_event"] -= len(repos.event_history.of_kind(AuditKind.SEALED))
    return found
