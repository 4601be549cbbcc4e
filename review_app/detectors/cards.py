"""The cards of checkpoints as the database keeps them, for whoever needs no model."""

from __future__ import annotations

from pydantic import ValidationError

from review_app.cascade.card import CascadeCard
from review_app.fusion.card import FusedCard
from review_app.inference.card import CheckpointCard
from storage.enums import CheckpointKind
from storage.repositories import Repositories


def stored_card(repos: Repositories, checkpoint_id: str) -> CheckpointCard | None:
    """The card that the checkpoint had when it was first used here; None of an external detector,
    of one that was never used, and where another program wrote a card that this one cannot read."""
    row = repos.checkpoints.get(checkpoint_id)
    if row is None or row.kind is not CheckpointKind.TRAINED:
        return None
    try:
        return CheckpointCard.model_validate(row.card)
    except ValidationError:
        return None


def fused_card(repos: Repositories, checkpoint_id: str) -> FusedCard | None:
    """The card of a fused detector; None where nobody made one of this id."""
    row = repos.checkpoints.get(checkpoint_id)
    if row is None or row.kind is not CheckpointKind.FUSED:
        return None
    return FusedCard.model_validate(row.card)


def cascade_card(repos: Repositories, checkpoint_id: str) -> CascadeCard | None:
    """The card of a cascade; None where nobody made one of this id."""
    row = repos.checkpoints.get(checkpoint_id)
    if row is None or row.kind is not CheckpointKind.CASCADED:
        return None
    return CascadeCard.model_validate(row.card)
