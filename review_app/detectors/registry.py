"""The detectors of this deployment: found by id, loaded once, and asked to score its images."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from review_app.cascade.card import HEAD as CASCADE_HEAD
from review_app.cascade.card import PREFIX as CASCADED
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.errors import CheckpointError, NotFoundError, RefusalReason, RefusedFile
from review_app.core.hashing import sha256 as digest_of
from review_app.core.settings import Settings
from review_app.detectors.adapter import DetectorAdapter, TrainedDetector
from review_app.detectors.caches import DatabaseFeatureCache, DatabaseProjectionCache
from review_app.detectors.cards import cascade_card, fused_card, stored_card
from review_app.detectors.cascaded import CascadedDetector
from review_app.detectors.external import find_external
from review_app.detectors.faces import FaceSearch
from review_app.detectors.folders import folders_of
from review_app.detectors.fused import FusedDetector
from review_app.detectors.inventory import (
    CascadeEntry,
    FusedEntry,
    Inventory,
    InventoryEntry,
    read_cascade_entry,
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
from review_app.inference.checkpoint import Checkpoint, files_identity, read_card
from review_app.inference.engines import Engines, feature_key, split_id
from review_app.inference.faces import FaceFinder
from review_app.inference.features import Loader
from review_app.inference.service import Detector
from review_app.inference.stored import StoredJudgement
from review_app.intake.decode import Decoder, Limits, decoder, shrinking_decoder
from review_app.intake.store import MediaStore
from review_app.scores.card import HEAD
from storage.database import Database
from storage.enums import CheckpointKind
from storage.models import CheckpointRow, Item


class Detectors:
    """Every detector that a policy of this deployment names."""

    def __init__(
        self, settings: Settings, database: Database, media: MediaStore, limits: Limits
    ) -> None:
        self._settings = settings
        self._database = database
        self._media = media
        self._limits = limits
        self.decode = decoder(limits)
        self._loaded: dict[str, Detector] = {}
        self._folders: dict[str, Path] = {}
        self._told: dict[str, str] = {}
        self._started: tuple[tuple[tuple[int, ...], ...], tuple[str, str]] | None = None
        self._made: dict[str, FusedDetector | CascadedDetector] = {}
        self._loading = threading.Lock()
        self.engines = Engines(settings.engine, settings.engines_dir)
        self.cache = DatabaseFeatureCache(database)
        self._projections = DatabaseProjectionCache(database)
        self._finder = FaceFinder() if settings.find_faces else None

    def register(self, path: Path) -> Checkpoint:
        """Load and verify the checkpoint at ``path``, and remember where it is. Where the settings
        name an engine that is not exact, or have files shrunk, it is the detector on those."""
        shrunk = self._settings.decode == "shrunk"
        checkpoint = replace(Checkpoint.load(path), engine=self.engines.another, shrunk=shrunk)
        row = CheckpointRow(
            id=checkpoint.id,
            path=str(path.resolve()),
            backbone_key=self.feature_key(checkpoint),
            card=checkpoint.card.model_dump(mode="json"),
        )
        with self._database.write() as repos:
            repos.checkpoints.register(row)
        with self._loading:
            self._loaded.setdefault(checkpoint.id, self._detector(checkpoint))
            self._folders[checkpoint.id] = path.resolve()
        return checkpoint

    def start(self) -> tuple[str, str]:
        """Id and default head of the checkpoint that the settings name: it is read again once its
        files are others, for that takes a while and pages ask again and again."""
        files = files_identity(self._settings.checkpoint)
        if self._started is None or not files or self._started[0] != files:
            checkpoint = self.register(self._settings.checkpoint)
            self._started = files, (checkpoint.id, checkpoint.default_head.value)
        return self._started[1]

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

    def engine(self, checkpoint_id: str) -> str | None:
        """What the networks of a detector run on, joined by ``+`` where those of its parts run on
        several; None of one whose model is not here."""
        made = self._made_of_others(checkpoint_id)
        if made is not None:
            each = [self.engine(part) for part in made.parts]
            return "+".join(dict.fromkeys(filter(None, each))) or None
        try:
            return self.detector(checkpoint_id).engine.value
        except (NotFoundError, CheckpointError):
            return None

    def feature_key(self, checkpoint: Checkpoint) -> str:
        """The key that the features of ``checkpoint`` are cached by."""
        key = checkpoint.card.backbone_key
        engine = checkpoint.engine or self.engines.chosen(key)
        return feature_key(key, engine, shrunk=checkpoint.shrunk)

    def model(self, checkpoint_id: str) -> dict[str, Any]:
        """The places of the checkpoint's folder and of its backbone's own weights by name, and what
        they run on, for another process.

        Raises as `detector`.
        """
        checkpoint = self.detector(checkpoint_id).checkpoint
        weights = self._settings.weights_for(checkpoint.card.backbone.name)
        with self._loading:
            folder = self._folders[checkpoint_id]
        return {
            "checkpoint": str(folder),
            "weights": {name: str(path) for name, path in weights.items()},
            "engine": checkpoint.engine or self.engines.exact_setting,
            "engines_dir": str(self.engines.folder),
            "shrunk": checkpoint.shrunk,
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
        own, (plain, *_) = self._own_card(), split_id(checkpoint_id)
        if own is not None and own.id == plain:
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
        if own is None or own.id == split_id(checkpoint_id)[0]:
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

    def cascaded(self) -> dict[str, str]:
        """The head of each cascade, by its id, oldest first."""
        with self._database.read() as repos:
            rows = repos.checkpoints.of_kind(CheckpointKind.CASCADED)
            return {row.id: CASCADE_HEAD for row in rows}

    def inventory(self) -> Inventory:
        """Every detector that this deployment knows of; nothing is loaded."""
        return read_inventory(self._database)

    def external_detector(self, checkpoint_id: str) -> InventoryEntry | None:
        """What is known of an external detector; None where no score file has brought it."""
        return read_external(self._database, checkpoint_id)

    def fused_detector(self, checkpoint_id: str) -> FusedEntry | None:
        """What is known of a fused detector; None where nobody made it."""
        return read_fused_entry(self._database, checkpoint_id)

    def cascade(self, checkpoint_id: str) -> CascadeEntry | None:
        """What is known of a cascade; None where nobody made it."""
        return read_cascade_entry(self._database, checkpoint_id)

    def fusion_card(self, checkpoint_id: str) -> FusedCard | None:
        """The card of a fused detector; None of any other."""
        made = self._made_of_others(checkpoint_id)
        return made.card if isinstance(made, FusedDetector) else None

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
        return self.detector(checkpoint_id).features(self.loaders(checkpoint_id, item_ids))

    def loaders(self, checkpoint_id: str, item_ids: Sequence[int]) -> list[tuple[str, Loader]]:
        """Hash, and what gives the pixels as a detector whose model is here is to see them, of
        those items' images whose file is here."""
        with self._database.read() as repos:
            pictured = [(i, i.image.picture) for i in repos.items.get_many(item_ids)]
        load = self._loader_for(self.detector(checkpoint_id).checkpoint)
        return [(p.sha256, load(i, p.sha256)) for i, p in pictured if p is not None]

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Opinions | str]:
        """Every head's opinion by item id, or in words why there is none. What is decoded for it is
        looked through for faces, too."""
        faces = FaceSearch(self._database, self._finder, [item.id for item in items])
        opinions = self._known(checkpoint_id, faces).score(items)
        faces.store()
        self._tell_key(checkpoint_id)
        return opinions

    def judge_stored(self, sha256s: Sequence[str], checkpoint_id: str) -> StoredJudgement | None:
        """What the checkpoint says of those images of which enough is stored; None of none. A
        detector whose model is not here stores nothing to judge by."""
        with self._loading:
            is_here = checkpoint_id in self._loaded  # as it is but for the first time
        if not is_here and (
            self._made_of_others(checkpoint_id) or find_external(self._database, checkpoint_id)
        ):
            return None
        judged = self.detector(checkpoint_id).stored.judge(sha256s)
        self._tell_key(checkpoint_id)
        return judged

    def _tell_key(self, checkpoint_id: str) -> None:
        """Have monitoring read the features that are made now, once a trial has changed engines."""
        with self._loading:
            detector = self._loaded.get(checkpoint_id)
        if detector is None or self._told.get(checkpoint_id) == detector.backbone.key:
            return
        key = self._told[checkpoint_id] = detector.backbone.key
        with self._database.read() as repos:
            row = repos.checkpoints.get(checkpoint_id)
        if row is not None and row.backbone_key != key:
            with self._database.write() as repos:
                repos.checkpoints.tell_key(checkpoint_id, key)

    def _known(self, checkpoint_id: str, faces: FaceSearch | None = None) -> DetectorAdapter:
        other = self._made_of_others(checkpoint_id) or find_external(self._database, checkpoint_id)
        if other is not None:
            return other

        detector = self.detector(checkpoint_id)
        loader_of = self._loader_for(detector.checkpoint)

        def load(item: Item, sha256: str) -> Loader:
            loader = loader_of(item, sha256)
            return loader if faces is None else faces.beside(item.id, loader)

        return TrainedDetector(detector, load)

    def _made_of_others(self, checkpoint_id: str) -> FusedDetector | CascadedDetector | None:
        """The fused detector or cascade of this id, if it is one; read once, for it never
        changes."""
        if not checkpoint_id.startswith((FUSED, CASCADED)):
            return None
        with self._loading:
            known = self._made.get(checkpoint_id)
        if known is not None:
            return known
        with self._database.read() as repos:
            fused, cascade = fused_card(repos, checkpoint_id), cascade_card(repos, checkpoint_id)
        parts = Scoring(self._database, self), self.has_seen
        if cascade is not None:
            made: FusedDetector | CascadedDetector
            made = CascadedDetector(self._database, cascade, *parts)
        elif fused is not None:
            made = FusedDetector(self._database, fused, *parts)
        else:
            return None
        with self._loading:
            return self._made.setdefault(checkpoint_id, made)

    def _loader_for(self, checkpoint: Checkpoint) -> Callable[[Item, str], Loader]:
        """What gives the pixels of an item with this hash as ``checkpoint`` is to see them."""
        sees = checkpoint.card.backbone.sees
        decode = shrinking_decoder(self._limits, sees) if checkpoint.shrunk else self.decode
        return partial(self._loader, decode)

    def _loader(self, decode: Decoder, item: Item, sha256: str) -> Loader:
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
            return decode(data, item.name)

        return load

    def _detector(self, checkpoint: Checkpoint) -> Detector:
        weights = self._settings.weights_for(checkpoint.card.backbone.name)
        return Detector(
            checkpoint,
            self.cache,
            weights=weights,
            engines=self.engines,
            projections=self._projections,
        )

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
                _, engine, shrunk = split_id(checkpoint_id)
                return replace(checkpoint, engine=engine, shrunk=shrunk)
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
