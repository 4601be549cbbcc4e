"""A checkpoint: a folder with ``heads.safetensors`` and ``card.json``; weights only, never code.

Tensors are named ``standardizer.mean``, ``<head>.<tensor>`` and ``seen`` (the first eight bytes of
the sha256 of every training and validation image, as sorted uint64).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from review_app.detector.backbones.base import Backbone, Features
from review_app.detector.card import SCHEMA_VERSION, CheckpointCard
from review_app.detector.heads import (
    HEADS,
    Head,
    HeadName,
    HeadPrediction,
    Standardizer,
    State,
)
from review_app.detector.heads.base import checked
from review_app.errors import CheckpointError

_TENSORS = "heads.safetensors"
_CARD = "card.json"
_REMEDY = "copy the checkpoint folder again from where it was made, or train it again"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Trained heads on one backbone, ready to predict from its features."""

    card: CheckpointCard
    standardizer: Standardizer
    heads: Mapping[HeadName, Head]
    seen_prefixes: NDArray[np.uint64]
    """Sorted; see the module."""

    @property
    def id(self) -> str:
        """Name and a short hash of the tensors: two checkpoints of one id predict the same."""
        return f"{self.card.name}-{self.card.heads_sha256[:12]}"

    @property
    def default_head(self) -> HeadName:
        """The head that triage uses unless told otherwise."""
        return self.card.default_head

    def predict(self, features: Features) -> dict[HeadName, HeadPrediction]:
        """What every head says of features [n, width] as the backbone extracts them."""
        width = self.card.backbone.width
        if features.ndim != 2 or features.shape[1] != width:
            raise CheckpointError(
                f"checkpoint {self.id} needs features [n, {width}] of {self.card.backbone.name}, "
                f"not {list(features.shape)}"
            )
        standardised = self.standardizer.apply(features)
        return {name: head.predict(standardised) for name, head in self.heads.items()}

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
        tensors = _pack(self.standardizer, self.heads, self.seen_prefixes)
        card = json.dumps(self.card.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
            try:
                _write(draft / _TENSORS, tensors)
                _write(draft / _CARD, card.encode())
                draft.chmod(0o755)
                draft.replace(path)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
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
        card = _read_card(path)
        data = _read(path / _TENSORS)
        if hashlib.sha256(data).hexdigest() != card.heads_sha256:
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
        standardizer: Standardizer,
        heads: Mapping[HeadName, Head],
        seen: tuple[str, ...],
    ) -> Self:
        """A new checkpoint; ``facts`` are the card's fields but its version and its hash.

        ``seen`` are sha256 hex digests of the images that made it.
        """
        prefixes = np.unique(np.array([_prefix(digest) for digest in seen], dtype=np.uint64))
        digest = hashlib.sha256(_pack(standardizer, heads, prefixes)).hexdigest()
        card = CheckpointCard(schema_version=SCHEMA_VERSION, heads_sha256=digest, **facts)
        return cls(card, standardizer, heads, prefixes)


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
    standardizer: Standardizer, heads: Mapping[HeadName, Head], seen: NDArray[np.uint64]
) -> bytes:
    tensors: State = {"seen": seen}
    parts = {"standardizer": standardizer.state()} | {n: h.state() for n, h in heads.items()}
    for part, state in parts.items():
        tensors |= {f"{part}.{name}": np.ascontiguousarray(t) for name, t in state.items()}
    return bytes(save_tensors(tensors))


def _unpack(
    tensors: State, card: CheckpointCard
) -> tuple[Standardizer, dict[HeadName, Head], NDArray[np.uint64]]:
    width = card.backbone.width
    parts: dict[str, State] = {part: {} for part in ("standardizer", *card.heads)}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        if name != "seen" and part not in parts:
            raise CheckpointError(f"tensor {name} is not in the card")
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise CheckpointError(f"tensor {name} has values that are not finite")
        parts.setdefault(part, {})[rest] = tensor
    standardizer = Standardizer.from_state(parts["standardizer"], width)
    heads = {name: HEADS[name].from_state(parts[name], width) for name in card.heads}
    known: dict[str, State] = {"standardizer": standardizer.state()}
    known |= {name: head.state() for name, head in heads.items()}
    for part, state in known.items():
        if extra := set(parts[part]) - set(state):
            raise CheckpointError(f"tensors {sorted(extra)} of {part} are not known")
    return standardizer, heads, checked(tensors, "seen", np.uint64, None)


def _read_card(path: Path) -> CheckpointCard:
    data = _read(path / _CARD)
    try:
        content = json.loads(data)
        version = content.get("schema_version") if isinstance(content, dict) else None
        if version != SCHEMA_VERSION:
            raise CheckpointError(
                f"{path / _CARD} has schema version {version}; this program reads "
                f"{SCHEMA_VERSION}; train the checkpoint again or install the program it is for"
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
