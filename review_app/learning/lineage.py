"""Which detectors there are, what each was made from, and what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from review_app.core.errors import CheckpointError
from review_app.inference.card import CheckpointCard
from review_app.inference.checkpoint import read_card
from storage.database import Database
from storage.models import CheckpointRow, PolicyRow
from storage.repositories import Repositories

_TENSORS = "heads.safetensors"


class DetectorStanding(StrEnum):
    """What a detector is to this deployment."""

    CHAMPION = "champion"
    """The detector in force."""
    FORMER = "former"
    """It was in force."""
    CHALLENGER = "challenger"
    """It was compared with a champion, and never put in force."""
    UNUSED = "unused"


@dataclass(frozen=True)
class PutInForce:
    """A time at which a detector came into force."""

    version: int
    at: datetime
    by: str | None
    """Who did it; None where the system did."""
    note: str


@dataclass(frozen=True)
class LineageEntry:
    """One detector."""

    id: str
    kind: str
    standing: DetectorStanding
    parent: str | None
    """The detector that it was made to replace; None where none, or nobody said."""
    created_at: datetime
    data: str | None
    """What the training images are called; None of a detector that was made elsewhere."""
    data_hash: str | None
    """The beginning of a hash of the hashes of all images that made it: equal for equal images."""
    n_train: int | None
    auroc: float | None
    """The AUROC of its default head on its own test images."""
    default_head: str | None
    path: str | None
    in_force: tuple[PutInForce, ...]
    """The times at which it came into force, newest first."""
    damage: str | None = None
    """Why its folder cannot be read; None where it can, or it has none."""

    def to_json(self) -> dict[str, Any]:
        """The entry of ``checkpoint lineage --json``."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "standing": self.standing.value,
            "created_at": self.created_at.isoformat(),
            "in_force": [
                {"version": p.version, "at": p.at.isoformat(), "by": p.by, "note": p.note}
                for p in self.in_force
            ],
        }


_PLAIN = (
    "id", "kind", "parent", "data", "data_hash", "n_train", "auroc", "default_head", "path",
    "damage",
)  # fmt: skip


def read_lineage(database: Database, homes: tuple[Path, ...]) -> list[LineageEntry]:
    """Every detector that is known here, and every checkpoint in a folder of ``homes``; the
    newest first. No model is loaded."""
    with database.read() as repos:
        history = _History.read(repos)
        found = {row.id: _of_row(history, row) for row in repos.checkpoints.all()}
        for folder in _folders(homes):
            try:
                card = read_card(folder)
            except CheckpointError:
                continue  # a training may be writing it
            if card.id not in found:
                found[card.id] = _of_card(card, folder, *history.of(card.id))
    return sorted(found.values(), key=lambda entry: (entry.created_at, entry.id), reverse=True)


def challengers(entries: list[LineageEntry]) -> list[LineageEntry]:
    """Those of ``entries`` that may challenge the champion, in their order."""
    return [
        each
        for each in entries
        if each.standing is not DetectorStanding.CHAMPION and each.default_head and not each.damage
    ]


def data_hash(folder: Path) -> str | None:
    """The beginning of a hash of what the checkpoint has seen; None where it cannot be read."""
    try:
        with safe_open(folder / _TENSORS, framework="numpy") as file:
            return hashlib.sha256(file.get_tensor("seen").tobytes()).hexdigest()[:12]
    except (OSError, SafetensorError):
        return None


def _folders(homes: tuple[Path, ...]) -> Iterator[Path]:
    for home in homes:
        for card in sorted(home.glob("*/card.json")):
            if not card.parent.name.startswith("."):
                yield card.parent


@dataclass(frozen=True)
class _History:
    """What became of detectors, read once for all of them."""

    policies: list[PolicyRow]
    names: dict[int, str]
    """The names of people, by account."""
    compared: frozenset[str]

    @classmethod
    def read(cls, repos: Repositories) -> _History:
        names = {user.id: user.name for user in repos.users.all()}
        compared = frozenset(repos.comparisons.challengers())
        return cls(repos.policies.history(), names, compared)

    def of(self, checkpoint_id: str) -> tuple[DetectorStanding, tuple[PutInForce, ...]]:
        """What the detector is now, and when it came into force."""
        policies = self.policies
        uses = tuple(
            PutInForce(row.version, row.created_at, self.names.get(row.created_by or 0), row.note)
            for row, before in zip(policies, [*policies[1:], None], strict=True)
            if row.checkpoint_id == checkpoint_id
            and (before is None or before.checkpoint_id != checkpoint_id)
        )
        if policies and policies[0].checkpoint_id == checkpoint_id:
            return DetectorStanding.CHAMPION, uses
        if uses:
            return DetectorStanding.FORMER, uses
        is_compared = checkpoint_id in self.compared
        return DetectorStanding.CHALLENGER if is_compared else DetectorStanding.UNUSED, uses


def _of_row(history: _History, row: CheckpointRow) -> LineageEntry:
    standing, uses = history.of(row.id)
    damage = None
    if row.path is not None:
        try:
            return _of_card(read_card(Path(row.path)), Path(row.path), standing, uses)
        except CheckpointError as error:
            damage = str(error)
    return LineageEntry(
        id=row.id, kind=row.kind.value, standing=standing, parent=row.card.get("parent"),
        created_at=row.created_at, data=None, data_hash=None, n_train=None, auroc=None,
        default_head=_head_of(row), path=row.path, in_force=uses, damage=damage,
    )  # fmt: skip


def _of_card(
    card: CheckpointCard, folder: Path, standing: DetectorStanding, uses: tuple[PutInForce, ...]
) -> LineageEntry:
    auroc = card.heads[card.default_head].test.get("all", {}).get("auroc")
    return LineageEntry(
        id=card.id,
        kind="trained",
        standing=standing,
        parent=card.parent,
        created_at=card.created_at,
        data=card.data.name,
        data_hash=data_hash(folder),
        n_train=card.data.n_train,
        auroc=auroc[0] if isinstance(auroc, list) else auroc,
        default_head=card.default_head.value,
        path=str(folder),
        in_force=uses,
    )


def _head_of(row: CheckpointRow) -> str | None:
    """The default head by the stored card; of an external detector the one that it has."""
    first = next(iter(row.card.get("heads", {})), None)
    head: str | None = row.card.get("default_head", first)
    return head
