"""The inventory of the detectors that a deployment knows of, for whoever lists them. No model is
loaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from review_app.cascade.card import CascadeCard
from review_app.detectors.cards import cascade_card, fused_card
from review_app.fusion.card import FusedCard
from review_app.scores.card import ExternalCard
from storage.database import Database
from storage.enums import CheckpointKind
from storage.models import CheckpointRow
from storage.repositories import Repositories


@dataclass(frozen=True)
class InventoryEntry:
    """A detector of which only the scores are here."""

    id: str
    created_at: datetime
    n_images: int
    """Images that it has scored."""
    card: ExternalCard

    def to_json(self, in_force: str | None) -> dict[str, Any]:
        """The entry of ``checkpoint list --json``; ``in_force``: id of the detector that is."""
        own = {
            "ladder_images": len(self.card.sample),
            "files": [file.name for file in self.card.files],
        }
        return _listed(self, self.created_at, own, in_force)


@dataclass(frozen=True)
class FusedEntry:
    """A detector that is made of others."""

    id: str
    n_images: int
    """Images that it has scored."""
    card: FusedCard

    def to_json(self, in_force: str | None) -> dict[str, Any]:
        """The entry of ``checkpoint list --json``; ``in_force``: id of the detector that is."""
        figures = self.card.figures
        own = {
            "members": [member.checkpoint for member in self.card.members],
            "labels": self.card.n_labels,
            "learned": self.card.learned,
            "auroc": None if figures is None else figures.auroc[0],
        }
        return _listed(self, self.card.created_at, own, in_force)


@dataclass(frozen=True)
class CascadeEntry:
    """Two detectors in a row."""

    id: str
    n_images: int
    """Images that it has scored."""
    card: CascadeCard

    def to_json(self, in_force: str | None) -> dict[str, Any]:
        """The entry of ``checkpoint list --json``; ``in_force``: id of the detector that is."""
        figures = self.card.figures
        own = {
            "cheap": self.card.cheap.checkpoint,
            "dear": self.card.dear.checkpoint,
            "risk": self.card.risk,
            "labels": self.card.n_labels,
            "sent": None if figures is None else figures.chosen.sent,
            "cost": None if figures is None else figures.chosen.cost,
        }
        return _listed(self, self.card.created_at, own, in_force)


def _listed(
    entry: InventoryEntry | FusedEntry | CascadeEntry,
    created_at: datetime,
    own: dict[str, Any],
    in_force: str | None,
) -> dict[str, Any]:
    """What `checkpoint list` tells of any of them around what is its ``own``."""
    told = {"id": entry.id, "created_at": created_at.isoformat(), "images": entry.n_images}
    return {**told, **own, "in_force": entry.id == in_force}


@dataclass(frozen=True)
class Inventory:
    """The detectors of the policies that there were, and those whose scores came in files."""

    in_force: str | None
    """Id of the one that the policy uses; None before the first policy."""
    folders: tuple[Path, ...]
    """The checkpoints that a policy has named, sorted."""
    external: tuple[InventoryEntry, ...]
    """The external detectors, the oldest first."""
    fused: tuple[FusedEntry, ...]
    """The fused detectors, the oldest first."""
    cascades: tuple[CascadeEntry, ...]
    """The cascades, the oldest first."""


_BROUGHT = (CheckpointKind.EXTERNAL, CheckpointKind.FUSED, CheckpointKind.CASCADED)


def read_inventory(database: Database) -> Inventory:
    """What is known now, from one snapshot."""
    with database.read() as repos:
        used = {policy.checkpoint_id for policy in repos.policies.history()}
        rows = [repos.checkpoints.get(each) for each in used]
        current = repos.policies.current()
        external, fused, cascades = map(repos.checkpoints.of_kind, _BROUGHT)
        return Inventory(
            in_force=current.checkpoint_id if current else None,
            folders=tuple(sorted(Path(row.path) for row in rows if row and row.path)),
            external=tuple(_external(repos, row) for row in external),
            fused=tuple(filter(None, (_fused(repos, row.id) for row in fused))),
            cascades=tuple(filter(None, (_cascade(repos, row.id) for row in cascades))),
        )


def read_external(database: Database, checkpoint_id: str) -> InventoryEntry | None:
    """The external detector of that id; None where no score file has brought it."""
    with database.read() as repos:
        row = repos.checkpoints.get(checkpoint_id)
        return None if row is None else _external(repos, row)


def read_fused_entry(database: Database, checkpoint_id: str) -> FusedEntry | None:
    """The fused detector of that id; None where nobody made it."""
    with database.read() as repos:
        return _fused(repos, checkpoint_id)


def read_cascade_entry(database: Database, checkpoint_id: str) -> CascadeEntry | None:
    """The cascade of that id; None where nobody made it."""
    with database.read() as repos:
        return _cascade(repos, checkpoint_id)


def _cascade(repos: Repositories, checkpoint_id: str) -> CascadeEntry | None:
    card = cascade_card(repos, checkpoint_id)
    if card is None:
        return None
    return CascadeEntry(checkpoint_id, repos.predictions.count_of(checkpoint_id), card)


def _fused(repos: Repositories, checkpoint_id: str) -> FusedEntry | None:
    card = fused_card(repos, checkpoint_id)
    if card is None:
        return None
    return FusedEntry(checkpoint_id, repos.predictions.count_of(checkpoint_id), card)


def _external(repos: Repositories, row: CheckpointRow) -> InventoryEntry:
    card = ExternalCard.model_validate(row.card)
    return InventoryEntry(row.id, row.created_at, repos.predictions.count_of(row.id), card)
