"""A checkpoint: a folder with ``heads.safetensors`` and ``card.json``; weights only, never code.

Tensors are named ``<part>.<tensor>``, the parts being ``standardizer``, ``compression``, ``space``,
``gate``, ``novelty``, ``calibration/<head>`` and ``<head>``; and ``seen``: the first bytes of the
sha256 of every training and validation image, as sorted uint64. Where people's labels had a part in
it, ``learned`` are those of them among these, and ``held_out`` the newest ones, which had none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from review_app.core.errors import CheckpointError
from review_app.core.files import atomic_folder, file_identity
from review_app.core.hashing import sha256
from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.calibration import (
    Calibration,
    calibrate_by_kind,
)
from review_app.inference.card import (
    READABLE_VERSIONS,
    SCHEMA_VERSION,
    CheckpointCard,
)
from review_app.inference.checkpoint_tensors import pack, unpack
from review_app.inference.engines.names import EngineName, detector_id
from review_app.inference.heads import (
    Head,
    HeadName,
    HeadPrediction,
)
from review_app.inference.heads.base import Matrix
from review_app.inference.heads.updated import UpdatedHead
from review_app.inference.model import Model, beside
from review_app.inference.projection import Projection
from review_app.inference.rejection import rejection, signed
from review_app.inference.scopes import expert_kinds, nearest_kinds
from review_app.inference.seen_images import LearnedImages, is_among

_TENSORS = "heads.safetensors"
_CARD = "card.json"
_REMEDY = "copy the checkpoint folder again from where it was made, or train it again"


def files_identity(path: Path) -> tuple[tuple[int, ...], ...]:
    """What differs once a checkpoint has other files; empty where any of them is lacking."""
    try:
        return tuple(file_identity(path / name) for name in (_CARD, _TENSORS))
    except OSError:
        return ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of a checkpoint on n images."""

    heads: Mapping[HeadName, HeadPrediction]
    """The calibrated predictions of the heads."""
    reject: Mapping[HeadName, NDArray[np.float64]]
    """The reject score of each head, [n], in [0, 1/2]."""
    scores: Mapping[HeadName, NDArray[np.float64]]
    """What thresholds are compared with, [n]; see :func:`review_app.inference.rejection.signed`."""
    novelty: NDArray[np.float64] | None
    """How unlike the training images each image is: z, [n]; None where nothing measures it."""
    nearest: tuple[str | None, ...]
    """The kind that each image is most like; see :mod:`review_app.inference.scopes`."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Trained heads on one backbone, ready to predict from its features."""

    card: CheckpointCard
    model: Model
    calibrations: Mapping[HeadName, tuple[Calibration, ...]]
    """The calibrations of the heads that have one: one for all images, or one for each expert's."""
    seen_prefixes: NDArray[np.uint64]
    """The prefixes of hashes of images that it has seen, sorted; see the module."""
    learned: LearnedImages | None = None
    """The images whose labels by people it learned from, and those held out; None without any."""
    engine: EngineName | None = None
    """The engine that it is a detector of its own on; None where any exact one will do."""
    shrunk: bool = False
    """Whether large JPEGs are shrunk while they are decoded for it, which makes it one of its own,
    too."""

    @property
    def id(self) -> str:
        """Name and a short hash of the tensors, and what makes it a detector of its own: two of one
        id predict the same."""
        return detector_id(self.card.id, self.engine, shrunk=self.shrunk)

    @property
    def default_head(self) -> HeadName:
        """The head that triage uses unless told otherwise."""
        return self.card.default_head

    @property
    def heads(self) -> Mapping[HeadName, Head]:
        """Every head of the checkpoint, by name."""
        updated = self.model.updated
        return {**self.model.heads, **({HeadName.UPDATED: updated} if updated else {})}

    def judge(self, features: Features, *, at_once: bool = False) -> Judgement:
        """What every head says of features [n, width] as the backbone extracts them.

        ``at_once`` is twice as fast, and its last bits depend on what is asked together: nothing
        that is stored or decided may come of it.
        """
        return self.judge_projected(self.project(features, at_once=at_once))

    def project(self, features: Features, *, at_once: bool = False) -> Projection:
        """What the heads are asked with, of features [n, width]; see :meth:`judge`."""
        width = self.card.backbone.width
        if features.ndim != 2 or features.shape[1] != width:
            raise CheckpointError(
                f"checkpoint {self.id} needs features [n, {width}] of {self.card.backbone.name}, "
                f"not {list(features.shape)}"
            )
        return self.model.project(features, at_once=at_once)

    def judge_projected(self, images: Projection) -> Judgement:
        """:meth:`judge`, of images that its model has projected already."""
        reading = self.model.ask(images)
        z = None
        if self.model.novelty and reading.log_distances is not None:
            z = self.model.novelty.z(reading.log_distances)
        heads = {
            name: calibrate_by_kind(prediction, self.calibrations[name], reading.kinds)
            if name in self.calibrations
            else prediction
            for name, prediction in reading.heads.items()
        }
        if self.model.updated and reading.told is not None:
            before = heads[self._beneath]
            heads[HeadName.UPDATED] = self._update(self.model.updated, reading.told, before)
        reject = {name: self._reject(name, prediction, z) for name, prediction in heads.items()}
        scores = {name: self._signed(p, reject[name], z) for name, p in heads.items()}
        nearest = nearest_kinds(reading.shares, expert_kinds(self.card), len(images))
        return Judgement(heads, reject, scores, z, nearest)

    def judge_update(
        self, told: Matrix, before: HeadPrediction, z: NDArray[np.float64] | None
    ) -> tuple[HeadPrediction, NDArray[np.float64]]:
        """The prediction of the updated head and its scores [n], for images of which the rest is
        known: what heads are ``told`` (`Model.told`), what the head beneath said ``before``, and
        their novelty ``z`` [n]. Only for a checkpoint that has such a head."""
        assert self.model.updated is not None
        says = self._update(self.model.updated, told, before)
        return says, self._signed(says, self._reject(HeadName.UPDATED, says, z), z)

    @property
    def _beneath(self) -> HeadName:
        """The head beneath the updated one."""
        assert self.card.learned is not None  # both or neither: `_model`
        assert self.card.learned.head is not None
        return self.card.learned.head

    def _update(self, updated: UpdatedHead, told: Matrix, before: HeadPrediction) -> HeadPrediction:
        says = updated.predict(beside(told, before))
        calibrations = self.calibrations.get(HeadName.UPDATED)
        return calibrate_by_kind(says, calibrations, None) if calibrations else says

    def _reject(
        self, name: HeadName, says: HeadPrediction, z: NDArray[np.float64] | None
    ) -> NDArray[np.float64]:
        chosen = self.card.heads[name].reject
        return rejection(says, chosen.doubt, z if chosen.shrunk else None)

    def _signed(
        self,
        says: HeadPrediction,
        reject: NDArray[np.float64],
        z: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        measure = self.model.novelty
        return signed(says.p_fake, reject, z > measure.cut if measure and z is not None else None)

    def predict(self, features: Features) -> Mapping[HeadName, HeadPrediction]:
        """The heads of :meth:`judge`."""
        return self.judge(features).heads

    def with_card(self, card: CheckpointCard) -> Self:
        """The same checkpoint under another card."""
        return replace(self, card=card)

    def seen(self, sha256: str) -> bool:
        """Whether the image was trained or validated on, so that it must not calibrate."""
        return is_among(self.seen_prefixes, sha256)

    def held_out(self, sha256: str) -> bool:
        """Whether people had labelled the image when it was made, and it was not shown that."""
        return self.learned is not None and is_among(self.learned.held_out, sha256)

    def save(self, path: Path) -> None:
        """Write the folder ``path``, whole or not at all.

        Raises CheckpointError where it already holds something or cannot be written.
        """
        refuse_existing(path)
        tensors = pack(self.model, self.calibrations, self.seen_prefixes, self.learned)
        card = json.dumps(self.card.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
        try:
            with atomic_folder(path) as draft:
                _write(draft / _TENSORS, tensors)
                _write(draft / _CARD, card.encode())
        except OSError as error:
            raise CheckpointError(
                f"the checkpoint cannot be written to {path} ({error.strerror}); choose another "
                "folder"
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and verify the folder ``path``.

        Raises CheckpointError for anything missing, damaged, of another schema version or of
        another shape than its card and its backbone say.
        """
        card = read_card(path)
        data = _read(path / _TENSORS)
        if sha256(data) != card.heads_sha256:
            raise CheckpointError(
                f"{path / _TENSORS} is not the file that card.json describes (its sha256 "
                f"differs); {_REMEDY}"
            )
        try:
            return cls(card, *unpack(load_tensors(data), card))
        except (CheckpointError, SafetensorError, ValueError) as error:
            raise CheckpointError(f"{path / _TENSORS}: {error}; {_REMEDY}") from error

    @classmethod
    def assemble(
        cls,
        facts: Mapping[str, Any],
        model: Model,
        calibrations: Mapping[HeadName, tuple[Calibration, ...]],
        seen: NDArray[np.uint64],
        learned: LearnedImages | None = None,
    ) -> Self:
        """A new checkpoint; ``facts`` are the card's fields but its version and its hash.

        ``seen`` are the prefixes (`review_app.inference.seen_images`) of the images that made it.
        """
        digest = sha256(pack(model, calibrations, seen, learned))
        card = CheckpointCard(schema_version=SCHEMA_VERSION, heads_sha256=digest, **facts)
        return cls(card, model, calibrations, seen, learned)


def refuse_existing(path: Path) -> None:
    """Raise CheckpointError where ``path`` already holds something."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists():
        raise CheckpointError(f"{path} exists already; choose a new folder, or remove it first")


def require_backbone(checkpoint: Checkpoint, backbone: Backbone) -> None:
    """Raise CheckpointError unless ``backbone`` makes the features the heads were trained on."""
    if backbone.key != checkpoint.card.backbone_key:
        raise CheckpointError(
            f"checkpoint {checkpoint.id} was trained on features of {checkpoint.card.backbone_key};"
            f" this backbone makes {backbone.key}; load the weights it was trained with, or train "
            "it again"
        )


def read_card(path: Path) -> CheckpointCard:
    """The card of the checkpoint in the folder ``path``; its tensors are not looked at.

    Raises CheckpointError for one that is missing, damaged or of another schema version.
    """
    data = _read(path / _CARD)
    try:
        content = json.loads(data)
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version not in READABLE_VERSIONS:
            known = " and ".join(str(each) for each in READABLE_VERSIONS)
            raise CheckpointError(
                f"{path / _CARD} has schema version {version}; this program reads "
                f"{known}; train the checkpoint again or install the program it is for"
            )
        card = CheckpointCard.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CheckpointError(
            f"{path / _CARD}: field {field}: {first['msg']}; {_REMEDY}"
        ) from error
    except ValueError as error:
        raise CheckpointError(f"{path / _CARD} is not JSON ({error}); {_REMEDY}") from error
    if card.default_head not in card.heads:
        raise CheckpointError(
            f"{path / _CARD}: the default head {card.default_head} is not among its heads; "
            f"{_REMEDY}"
        )
    return card


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"there is no {path}; a checkpoint is a folder with {_TENSORS} and {_CARD}, made by "
            "the command train"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror})") from error


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
