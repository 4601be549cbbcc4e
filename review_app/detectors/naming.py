"""Detectors and their heads, by the names that people type."""

from __future__ import annotations

from typing import Final

from review_app.cascade.card import HEAD as CASCADE_HEAD
from review_app.core.errors import NotFoundError
from review_app.detectors.cards import stored_card
from review_app.detectors.teaching import Member
from review_app.fusion.card import HEAD as FUSED_HEAD
from review_app.i18n import Text
from review_app.scores.card import HEAD as EXTERNAL_HEAD
from storage.enums import CheckpointKind
from storage.models import CheckpointRow
from storage.repositories import Repositories

MADE_OF_OTHERS: Final = {
    CheckpointKind.FUSED: FUSED_HEAD,
    CheckpointKind.CASCADED: CASCADE_HEAD,
}
"""The one head of detectors that are made of others here."""
_ONLY_HEAD: Final = {**MADE_OF_OTHERS, CheckpointKind.EXTERNAL: EXTERNAL_HEAD}


def find_member(repos: Repositories, named: str) -> tuple[CheckpointKind, Member]:
    """The kind, and checkpoint and head, that ``ID`` or ``ID:HEAD`` means; the default head without
    one. Raises NotFoundError where it is not here, or has no such head."""
    before, _, after = named.rpartition(":")
    for checkpoint, head in ((named, ""), (before, after)):
        row = repos.checkpoints.get(checkpoint)
        if row is not None:
            return row.kind, (checkpoint, _head(repos, row, head))
    raise NotFoundError(Text("fuse.unknown", {"detector": named}))


def _head(repos: Repositories, row: CheckpointRow, head: str) -> str:
    """The head of that name of a detector that is here; its default one without a name."""
    card = stored_card(repos, row.id)
    if card is None:
        default = _ONLY_HEAD.get(row.kind, EXTERNAL_HEAD)
        heads = [default]
    else:
        heads, default = [each.value for each in card.heads], card.default_head.value
    if head and head not in heads:
        told = {"detector": row.id, "head": repr(head), "heads": ", ".join(heads)}
        raise NotFoundError(Text("fuse.no_head", told))
    return head or default
