"""The detectors of this deployment: found by id, loaded once, and asked to score its images."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.errors import CheckpointError, NotFoundError, RefusalReason, RefusedFile
from review_app.core.hashing import sha256 as digest_of
from review_app.core.settings import Settings
from review_app.detectors.adapter import DetectorAdapter, TrainedDetector
from review_app.detectors.cards import fused_card, stored_card
from review_app.detectors.external import find_external
from review_app.detectors.faces import FaceSearch
from review_app.detectors.folders import folders_of
from review_app.detectors.fused import FusedDetector
from review_app.detectors.inventory import (
    FusedEntry,
    Inventory,
    InventoryEntry,
    read_external,
    read_fused_entry,
    read_inventory,
)
from review_app.detectors.scoring import Opinions, Scoring
from review_app.fusion.card import HEAD as FUSED_HEAD
from review_app.fusion.card import PREFIX as FUSED
from review_app.fusion.card import FusedCard
from review_app.i18n import Text
from review_app.inference.card import CheckpointCard
from review_app.inference.checkpoint import Checkpoint, read_card
from review_app.inference.faces import FaceFinder
from review_app.inference.features import Loader
from review_app.inference.service import Detector
from review_app.intake.decode import Limits, decoder
from review_app.intake.store import MediaStore
from review_app.scores.card import HEAD
from storage.database import Database
from storage.enums import CheckpointKind
from storage.models import CheckpointRow, Item


class DatabaseFeatureCache:
    """Features in the deployment's database; see ``inference.features.FeatureCache``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, keys: Sequence[str], backbone_key: str) -> Mapping[str, np.ndarray]:
        """Features [width] of those of ``keys`` that are stored, by key."""
        with self._database.read() as repos:
            return repos.features.get_many(keys, backbone_key)

    def put_many(self, features: Mapping[str, np.ndarray], backbone_key: str) -> None:
        """Store features [width] by key."""
        with self._database.write() as repos:
            repos.features.put_many(features, backbone_key)


class Detectors:
    """Every detector that a policy of this deployment names."""

    def __init__(
        self, settings: Settings, database: Database, media: MediaStore, limits: Limits
    ) -> None:
        self._settings = settings
        self._database = database
        self._media = media
        self.decode = decoder(limits)
        self._loaded: dict[str, Detector] = {}
        self._folders: dict[str, Path] = {}
        self._fusions: dict[str, FusedDetector] = {}
        self._loading = threading.Lock()
        self.cache = DatabaseFeatureCache(database)
        self._finder = FaceFinder() if settings.find_faces else None

    def register(self, path: Path) -> Checkpoint:
        """Load and verify the checkpoint at ``path``, and remember where it is."""
        checkpoint = Checkpoint.load(path)
        row = CheckpointRow(
            id=checkpoint.id,
            path=str(path.resolve()),
            backbone_key=checkpoint.card.backbone_key,
            card=checkpoint.card.model_dump(mode="json"),
        )
        with self._database.write() as repos:
            repos.checkpoints.register(row)
        with self._loading:
            self._loaded.setdefault(checkpoint.id, self._detector(checkpoint))
            self._folders[checkpoint.id] = path.resolve()
        return checkpoint

    def start(self) -> tuple[str, str]:
        """Id and default head of the checkpoint that the settings name."""
        checkpoint = self.register(self._settings.checkpoint)
        return checkpoint.id, checkpoint.default_head.value

    def detector(self, checkpoint_id: str) -> Detector:
        """The detector of a checkpoint that is registered here.

        Raises:
            NotFoundError: it never was.
            CheckpointError: its folder is gone, damaged, or holds another checkpoint by now.
        """
        with self._loading:
            if checkpoint_id not in self._loaded:
                self._loaded[checkpoint_id] = self._detector(self._find(checkpoint_id))
            return self._loaded[checkpoint_id]

    def model(self, checkpoint_id: str) -> dict[str, Any]:
        """The places of the checkpoint's folder and of its backbone's own weights by name, for
        another process.

        Raises as `detector`.
        """
        checkpoint = self.detector(checkpoint_id).checkpoint
        weights = self._settings.weights_for(checkpoint.card.backbone.name)
        with self._loading:
            folder = self._folders[checkpoint_id]
        return {
            "checkpoint": str(folder),
            "weights": {name: str(path) for name, path in weights.items()},
        }

    def card(self, checkpoint_id: str) -> CheckpointCard:
        """The card of a checkpoint that is registered here, or that the settings name: its
        folder's, or where that is gone, the one that it had when it was first used. No model is
        loaded for it.

        Raises NotFoundError where it never was, and of an external detector, which has no such
        card.
        """
        with self._loading:
            if checkpoint_id in self._loaded:
                return self._loaded[checkpoint_id].checkpoint.card
        own = self._own_card()
        if own is not None and own.id == checkpoint_id:
            return own
        with self._database.read() as repos:
            row, stored = repos.checkpoints.get(checkpoint_id), stored_card(repos, checkpoint_id)
        if row is not None and row.path is not None:
            for folder in folders_of(checkpoint_id, Path(row.path), self._settings):
                return read_card(folder)
        if stored is None:
            raise NotFoundError(Text("card.not_found", {"checkpoint": checkpoint_id}))
        return stored

    def newer_than(self, checkpoint_id: str) -> CheckpointCard | None:
        """The card of the checkpoint that the settings name, where it was made later than this one,
        as after an upgrade of the program; None also where either cannot be told."""
        own = self._own_card()
        if own is None or own.id == checkpoint_id:
            return None
        try:
            card = self.card(checkpoint_id)
        except NotFoundError:
            return None
        return own if own.created_at > card.created_at else None

    def _own_card(self) -> CheckpointCard | None:
        try:
            return read_card(self._settings.checkpoint)
        except CheckpointError:
            return None

    def external(self) -> dict[str, str]:
        """The head of each external detector whose scores are here, by its id, oldest first."""
        with self._database.read() as repos:
            return {row.id: HEAD for row in repos.checkpoints.of_kind(CheckpointKind.EXTERNAL)}

    def fused(self) -> dict[str, str]:
        """The head of each fused detector, by its id, oldest first."""
        with self._database.read() as repos:
            return {row.id: FUSED_HEAD for row in repos.checkpoints.of_kind(CheckpointKind.FUSED)}

    def inventory(self) -> Inventory:
        """Every detector that this deployment knows of; nothing is loaded."""
        return read_inventory(self._database)

    def external_detector(self, checkpoint_id: str) -> InventoryEntry | None:
        """What is known of an external detector; None where no score file has brought it."""
        return read_external(self._database, checkpoint_id)

    def fused_detector(self, checkpoint_id: str) -> FusedEntry | None:
        """What is known of a fused detector; None where nobody made it."""
        return read_fused_entry(self._database, checkpoint_id)

    def fusion_card(self, checkpoint_id: str) -> FusedCard | None:
        """The card of a fused detector; None of any other."""
        fused = self._fusion(checkpoint_id) if checkpoint_id.startswith(FUSED) else None
        return None if fused is None else fused.card

    def reader(self, checkpoint_id: str) -> Detector:
        """The detector that reads images while ``checkpoint_id`` is in force: itself, or where no
        model of it is here, the one that the settings name."""
        with self._database.read() as repos:
            row = repos.checkpoints.get(checkpoint_id)
        if row is None or row.kind is CheckpointKind.TRAINED:
            return self.detector(checkpoint_id)
        return self.detector(self.start()[0])

    def threshold_grids(self, checkpoint_id: str, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """The threshold grids for real and for fake.

        Raises:
            NotFoundError: no such detector here, or it has no such head.
        """
        return self._known(checkpoint_id).threshold_grids(head)

    def has_seen(self, checkpoint_id: str) -> Callable[[str], bool]:
        """A function that tells by an image's key whether it made the detector or its threshold
        grid."""
        return self._known(checkpoint_id).seen()

    def features(self, checkpoint_id: str, item_ids: Sequence[int]) -> dict[str, np.ndarray]:
        """Features [width] of the items' images by hash, computed where they are not cached;
        without images that cannot be read."""
        with self._database.read() as repos:
            pictured = [(i, i.image.picture) for i in repos.items.get_many(item_ids)]
        wanted = [(p.sha256, self._loader(i, p.sha256)) for i, p in pictured if p is not None]
        return self.detector(checkpoint_id).features(wanted)

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        """Every head's opinion by item id, or in words why there is none. What is decoded for it is
        looked through for faces, too."""
        faces = FaceSearch(self._database, self._finder, [item.id for item in items])
        opinions = self._known(checkpoint_id, faces).score(items)
        faces.store()
        return opinions

    def _known(self, checkpoint_id: str, faces: FaceSearch | None = None) -> DetectorAdapter:
        fused = self._fusion(checkpoint_id) if checkpoint_id.startswith(FUSED) else None
        other = fused or find_external(self._database, checkpoint_id)
        if other is not None:
            return other

        def load(item: Item, sha256: str) -> Loader:
            loader = self._loader(item, sha256)
            return loader if faces is None else faces.beside(item.id, loader)

        return TrainedDetector(self.detector(checkpoint_id), load)

    def _fusion(self, checkpoint_id: str) -> FusedDetector | None:
        """The fused detector of this id, if it is one; read once, for it never changes."""
        with self._loading:
            known = self._fusions.get(checkpoint_id)
        if known is not None:
            return known
        with self._database.read() as repos:
            card = fused_card(repos, checkpoint_id)
        if card is None:
            return None
        made = FusedDetector(self._database, card, Scoring(self._database, self), self.has_seen)
        with self._loading:
            return self._fusions.setdefault(checkpoint_id, made)

    def _loader(self, item: Item, sha256: str) -> Loader:
        path = self._media.original(sha256)

        def load() -> Image.Image:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise RefusedFile(
                    item.name,
                    RefusalReason.UNREADABLE,
                    f"its stored file {path} cannot be read ({error.strerror}); restore it",
                ) from error
            if digest_of(data) != sha256:
                raise RefusedFile(
                    item.name,
                    RefusalReason.UNREADABLE,
                    f"its stored file {path} is damaged; restore it",
                )
            return self.decode(data, item.name)

        return load

    def _detector(self, checkpoint: Checkpoint) -> Detector:
        weights = self._settings.weights_for(checkpoint.card.backbone.name)
        return Detector(checkpoint, self.cache, weights=weights)

    def _find(self, checkpoint_id: str) -> Checkpoint:
        with self._database.read() as repos:
            row = repos.checkpoints.get(checkpoint_id)
        if row is None:
            raise NotFoundError(f"checkpoint {checkpoint_id} has never been used here")
        if row.path is None:
            raise NotFoundError(
                f"no model of {checkpoint_id} is here, only the scores that were taken in"
            )
        damage: CheckpointError | None = None
        for path in folders_of(checkpoint_id, Path(row.path), self._settings):
            try:
                checkpoint = Checkpoint.load(path)
            except CheckpointError as error:
                damage = damage or error
            else:
                self._folders[checkpoint_id] = path.resolve()
                return checkpoint
        raise damage or _why_missing(checkpoint_id, Path(row.path))


def _why_missing(checkpoint_id: str, recorded: Path) -> CheckpointError:
    try:
        read_card(recorded)
    except CheckpointError as error:
        if recorded.is_dir():
            return error
    return CheckpointError(
        f"checkpoint {checkpoint_id} is no longer at {recorded}; put its folder back there"
    )
