"""Backbones that are a timm network: one image per forward pass, a thread per core over images.

Batching would change the last bits of the features with the batch size (other kernels, other
orders of summation) and is slower on CPUs with eager kernels. One image on one thread, channels
last and with batch norms folded into their convolutions, is the faster way and the exact one.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from review_app.detector.backbones.base import Features, round_features
from review_app.detector.backbones.card import BackboneCard
from review_app.detector.backbones.preprocess import pixels
from review_app.detector.torch_runtime import use_one_thread

_FUSION_TOLERANCE = 1e-3


class TimmBackbone:
    """A timm model without classifier; see :class:`review_app.detector.backbones.base.Backbone`."""

    def __init__(self, card: BackboneCard, model: nn.Module) -> None:
        use_one_thread()  # the check below runs in the caller's thread
        self.card = card
        self.key = f"{card.name}-v{card.version}-{_digest(card, model)}"
        # Threads set the limit for themselves too: OpenMP keeps it per thread.
        self._pool = ThreadPoolExecutor(
            _cores(), thread_name_prefix=card.name, initializer=use_one_thread
        )
        self._mean = torch.tensor(card.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(card.std).view(1, 3, 1, 1)
        example = torch.zeros(1, 3, card.input_size, card.input_size).add_(0.5)
        self._model = _fused(model.eval(), example)
        self._model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def extract(self, images: Sequence[Image.Image]) -> Features:
        """Features of ``images``, float32 [n, width]; see the protocol."""
        rows = list(self._pool.map(self._extract_one, images))
        if not rows:
            return np.empty((0, self.card.width), dtype=np.float32)
        return round_features(np.stack(rows))

    def _extract_one(self, image: Image.Image) -> Features:
        square = torch.from_numpy(pixels(image, self.card).copy())
        # Seen as [1, 3, h, w], interleaved RGB already is the channels-last layout.
        batch = (square.permute(2, 0, 1).unsqueeze(0).float() - self._mean) / self._std
        with torch.inference_mode():
            features: Features = self._model(batch)[0].numpy()
        return features


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _digest(card: BackboneCard, model: nn.Module) -> str:
    """Short hash of preprocessing, names and weights, whatever file the weights came from."""
    digest = hashlib.sha256(
        repr((card.resize, card.input_size, card.interpolation, card.mean, card.std)).encode()
    )
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _fused(model: nn.Module, example: torch.Tensor) -> nn.Module:
    """``model`` with batch norms folded in, or as it is where that would change its output.

    Neighbours in a module are usually, but not by contract, neighbours in its forward pass; so the
    folded network must prove itself on an example.
    """
    folded = deepcopy(model)
    _fold_batch_norms(folded)
    with torch.inference_mode():
        expected, actual = model(example), folded(example)
    error = (expected - actual).abs().max() / expected.abs().max().clamp_min(1e-12)
    return folded if error < _FUSION_TOLERANCE else model


def _fold_batch_norms(module: nn.Module) -> None:
    previous: tuple[str, nn.Module] | None = None
    for name, child in list(module.named_children()):
        if isinstance(child, nn.BatchNorm2d) and previous and isinstance(previous[1], nn.Conv2d):
            setattr(module, previous[0], fuse_conv_bn_eval(previous[1], child))
            # timm's batch norm carries the activation that follows it.
            setattr(module, name, getattr(child, "act", nn.Identity()))
            previous = None
        else:
            _fold_batch_norms(child)
            previous = (name, child)
