"""The tensors of a checkpoint: its parts to one file and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as save_tensors

from review_app.core.errors import CheckpointError
from review_app.inference.calibration import CALIBRATIONS, Calibration, CalibrationName
from review_app.inference.card import CalibrationCard, CheckpointCard
from review_app.inference.compression import Compression
from review_app.inference.gate import SourceGate
from review_app.inference.heads import HEADS, HeadName, Standardizer, State
from review_app.inference.heads.base import checked
from review_app.inference.heads.updated import BESIDE, UpdatedHead
from review_app.inference.model import Model
from review_app.inference.novelty import Novelty
from review_app.inference.seen_images import LearnedImages
from review_app.inference.texture import TextureSpace


def pack(
    model: Model,
    calibrations: Mapping[HeadName, tuple[Calibration, ...]],
    seen: NDArray[np.uint64],
    learned: LearnedImages | None,
) -> bytes:
    """The content of ``heads.safetensors``."""
    tensors: State = {"seen": seen}
    if learned:
        tensors |= {"learned": learned.taught, "held_out": learned.held_out}
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
        | ({HeadName.UPDATED.value: model.updated.state()} if model.updated else {})
        | {
            part: calibration.state()
            for name, each in calibrations.items()
            for part, calibration in zip(_calibration_parts(name, len(each)), each, strict=True)
        }
    )


def unpack(
    tensors: State, card: CheckpointCard
) -> tuple[
    Model, dict[HeadName, tuple[Calibration, ...]], NDArray[np.uint64], LearnedImages | None
]:
    """The parts of a checkpoint; CheckpointError where ``tensors`` are not what ``card`` says."""
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
    learned = None
    if card.learned:
        learned = LearnedImages(
            *(checked(tensors, name, np.uint64, None) for name in ("learned", "held_out"))
        )
    known = (
        {"seen"}
        | ({"learned", "held_out"} if learned else set())
        | {
            f"{part}.{name}"
            for part, state in _states(model, calibrations).items()
            for name in state
        }
    )
    if extra := sorted(set(tensors) - known):
        raise CheckpointError(f"tensors {extra} are not in the card")
    return model, calibrations, checked(tensors, "seen", np.uint64, None), learned


def say_the_same(
    first: tuple[Model, Mapping[HeadName, tuple[Calibration, ...]]],
    second: tuple[Model, Mapping[HeadName, tuple[Calibration, ...]]],
    head: HeadName,
) -> bool:
    """Whether two checkpoints' models and calibrations say the same of every image by ``head``, and
    measure the same novelty."""
    both = [_states_beneath(*each, head) for each in (first, second)]
    return both[0].keys() == both[1].keys() and all(
        np.array_equal(tensor, both[1][name]) for name, tensor in both[0].items()
    )


def _states_beneath(
    model: Model, calibrations: Mapping[HeadName, tuple[Calibration, ...]], head: HeadName
) -> State:
    own = {name: each for name, each in model.heads.items() if name is head}
    maps = {name: each for name, each in calibrations.items() if name is head}
    parts = _states(replace(model, heads=own, updated=None), maps)
    return {f"{part}.{name}": t for part, state in parts.items() for name, t in state.items()}


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
    own = [name for name in card.heads if name is not HeadName.UPDATED]
    return Model(
        Standardizer.from_state(parts["standardizer"], width),
        {name: HEADS[name].head.from_state(parts[name], card.inputs) for name in own},
        space,
        gate,
        card.experts,
        novelty,
        compression,
        _updated(parts, card),
    )


def _updated(parts: Mapping[str, State], card: CheckpointCard) -> UpdatedHead | None:
    base = card.learned.head if card.learned else None
    if (base is not None) != (HeadName.UPDATED in card.heads) or (
        base is not None and (base not in card.heads or base is HeadName.UPDATED)
    ):
        raise CheckpointError("the card does not say which of its heads labels have changed")
    if base is None:
        return None
    return UpdatedHead.from_state(parts[HeadName.UPDATED], card.told + BESIDE)


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
