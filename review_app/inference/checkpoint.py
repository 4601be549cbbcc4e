"""A checkpoint: a folder with ``heads.safetensors`` and ``card.json``; weights only, never code.

Tensors are named ``<part>.<tensor>``, the parts being ``standardizer``, ``compression``, ``space``,
``gate``, ``novelty``, ``calibration/<head>`` and ``<head>``; and ``seen``: the first bytes of the
sha256 of every training and validation image, as sorted uint64.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from review_app.core.errors import CheckpointError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256
from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.calibration import (
    CALIBRATIONS,
    Calibration,
    CalibrationName,
    calibrate_by_kind,
)
from review_app.inference.card import (
    READABLE_VERSIONS,
    SCHEMA_VERSION,
    CalibrationCard,
    CheckpointCard,
)
from review_app.inference.compression import Compression
from review_app.inference.gate import SourceGate
from review_app.inference.heads import (
    HEADS,
    Head,
    HeadName,
    HeadPrediction,
    Standardizer,
    State,
)
from review_app.inference.heads.base import checked
from review_app.inference.model import Model
from review_app.inference.novelty import Novelty
from review_app.inference.rejection import rejection, signed
from review_app.inference.scopes import expert_kinds, nearest_kinds
from review_app.inference.texture import TextureSpace

_TENSORS = "heads.safetensors"
_CARD = "card.json"
_REMEDY = "copy the checkpoint folder again from where it was made, or train it again"


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

    @property
    def id(self) -> str:
        """Name and a short hash of the tensors: two checkpoints of one id predict the same."""
        return self.card.id

    @property
    def default_head(self) -> HeadName:
        """The head that triage uses unless told otherwise."""
        return self.card.default_head

    @property
    def heads(self) -> Mapping[HeadName, Head]:
        """Every head of the checkpoint, by name."""
        return self.model.heads

    def judge(self, features: Features) -> Judgement:
        """What every head says of features [n, width] as the backbone extracts them."""
        width = self.card.backbone.width
        if features.ndim != 2 or features.shape[1] != width:
            raise CheckpointError(
                f"checkpoint {self.id} needs features [n, {width}] of {self.card.backbone.name}, "
                f"not {list(features.shape)}"
            )
        reading = self.model.read(features)
        z = unlike = None
        if self.model.novelty and reading.log_distances is not None:
            z = self.model.novelty.z(reading.log_distances)
            unlike = z > self.model.novelty.cut
        heads = {
            name: calibrate_by_kind(prediction, self.calibrations[name], reading.kinds)
            if name in self.calibrations
            else prediction
            for name, prediction in reading.heads.items()
        }
        reject = {}
        for name, prediction in heads.items():
            chosen = self.card.heads[name].reject
            reject[name] = rejection(prediction, chosen.doubt, z if chosen.shrunk else None)
        scores = {name: signed(p.p_fake, reject[name], unlike) for name, p in heads.items()}
        nearest = nearest_kinds(reading.shares, expert_kinds(self.card), len(features))
        return Judgement(heads, reject, scores, z, nearest)

    def predict(self, features: Features) -> Mapping[HeadName, HeadPrediction]:
        """The heads of :meth:`judge`."""
        return self.judge(features).heads

    def with_card(self, card: CheckpointCard) -> Self:
        """The same checkpoint under another card."""
        return replace(self, card=card)

    def seen(self, sha256: str) -> bool:
        """Whether the image was trained or validated on, so that it must not calibrate."""
        prefix = _prefix(sha256)
        at = int(np.searchsorted(self.seen_prefixes, prefix))
        return at < len(self.seen_prefixes) and bool(self.seen_prefixes[at] == prefix)

    def save(self, path: Path) -> None:
        """Write the folder ``path``, whole or not at all.

        Raises CheckpointError where it already holds something or cannot be written.
        """
        refuse_existing(path)
        tensors = _pack(self.model, self.calibrations, self.seen_prefixes)
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
            return cls(card, *_unpack(load_tensors(data), card))
        except (CheckpointError, SafetensorError, ValueError) as error:
            raise CheckpointError(f"{path / _TENSORS}: {error}; {_REMEDY}") from error

    @classmethod
    def assemble(
        cls,
        facts: Mapping[str, Any],
        model: Model,
        calibrations: Mapping[HeadName, tuple[Calibration, ...]],
        seen: tuple[str, ...],
    ) -> Self:
        """A new checkpoint; ``facts`` are the card's fields but its version and its hash.

        ``seen`` are sha256 hex digests of the images that made it.
        """
        prefixes = np.unique(np.array([_prefix(digest) for digest in seen], dtype=np.uint64))
        digest = sha256(_pack(model, calibrations, prefixes))
        card = CheckpointCard(schema_version=SCHEMA_VERSION, heads_sha256=digest, **facts)
        return cls(card, model, calibrations, prefixes)


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


def _pack(
    model: Model,
    calibrations: Mapping[HeadName, tuple[Calibration, ...]],
    seen: NDArray[np.uint64],
) -> bytes:
    tensors: State = {"seen": seen}
    for part, state in _states(model, calibrations).items():
        tensors |= {f"{part}.{name}": np.ascontiguousarray(t) for name, t in state.items()}
    return bytes(save_tensors(tensors))


def _states(
    model: Model, calibrations: Mapping[HeadName, tuple[Calibration, ...]]
) -> dict[str, State]:
    """The tensors of every part, by the part's name."""
    optional = {
        "space": model.space,
        "gate": model.gate,
        "novelty": model.novelty,
        "compression": model.compression,
    }
    return (
        {"standardizer": model.standardizer.state()}
        | {name: part.state() for name, part in optional.items() if part}
        | {name.value: head.state() for name, head in model.heads.items()}
        | {
            part: calibration.state()
            for name, each in calibrations.items()
            for part, calibration in zip(_calibration_parts(name, len(each)), each, strict=True)
        }
    )


def _unpack(
    tensors: State, card: CheckpointCard
) -> tuple[Model, dict[HeadName, tuple[Calibration, ...]], NDArray[np.uint64]]:
    parts: dict[str, State] = defaultdict(dict)
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise CheckpointError(f"tensor {name} has values that are not finite")
        if rest:
            parts[part][rest] = tensor
    model = _model(parts, card)
    calibrations = {
        name: _calibrations(name, head.calibration, parts, len(card.experts))
        for name, head in card.heads.items()
        if head.calibration.kinds or head.calibration.name is not CalibrationName.NONE
    }
    known = {"seen"} | {
        f"{part}.{name}" for part, state in _states(model, calibrations).items() for name in state
    }
    if extra := sorted(set(tensors) - known):
        raise CheckpointError(f"tensors {extra} are not in the card")
    return model, calibrations, checked(tensors, "seen", np.uint64, None)


def _model(parts: Mapping[str, State], card: CheckpointCard) -> Model:
    width = card.backbone.width
    space = gate = novelty = None
    if card.experts or card.novelty:
        space = TextureSpace.from_state(parts["space"], width)
    if space and card.experts:
        gate = SourceGate.from_state(parts["gate"], space.dimensions)
        if gate.experts != len(card.experts):
            raise CheckpointError(f"the gate has {gate.experts} experts, the card another number")
    if space and card.novelty:
        novelty = Novelty.from_state(parts["novelty"], space.dimensions)
    compression = None
    if card.components:
        compression = Compression.from_state(parts["compression"], width, card.components)
    return Model(
        Standardizer.from_state(parts["standardizer"], width),
        {name: HEADS[name].head.from_state(parts[name], card.inputs) for name in card.heads},
        space,
        gate,
        card.experts,
        novelty,
        compression,
    )


def _calibrations(
    head: HeadName, card: CalibrationCard, parts: Mapping[str, State], experts: int
) -> tuple[Calibration, ...]:
    if card.kinds and len(card.kinds) != experts:
        raise CheckpointError(
            f"{head} has {len(card.kinds)} calibrations by kind for {experts} experts"
        )
    names = card.kinds or (card.name,)
    return tuple(
        CALIBRATIONS[name].from_state(parts[part])
        for name, part in zip(names, _calibration_parts(head, len(names)), strict=True)
    )


def _calibration_parts(head: HeadName, count: int) -> tuple[str, ...]:
    """The names of the parts of ``count`` calibrations of ``head``."""
    if count == 1:
        return (f"calibration/{head}",)
    return tuple(f"calibration/{head}/{kind}" for kind in range(count))


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


def _prefix(sha256: str) -> int:
    return int(sha256[:16], 16)
