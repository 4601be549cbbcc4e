"""Parts that backbones made of a torch network share: key, folded batch norms, pixels as a
tensor."""

from __future__ import annotations

import hashlib
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from review_app.inference.backbones.card import BackboneCard
from review_app.inference.torch_runtime import use_one_thread

_FUSION_TOLERANCE = 1e-3


class ImageNetwork:
    """A network made ready for one image at a time: fused, channels last, on one thread.

    ``example_size`` is the side of the square on which folding must prove itself.
    """

    def __init__(self, card: BackboneCard, model: nn.Module, example_size: int) -> None:
        use_one_thread()  # the check below runs in the caller's thread
        self._mean = torch.tensor(card.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(card.std).view(1, 3, 1, 1)
        self.model = fused(model.eval(), torch.full((1, 3, example_size, example_size), 0.5))
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def normalised(self, rgb: NDArray[np.uint8]) -> torch.Tensor:
        """Pixels [h, w, 3] as the network wants them, float32 [1, 3, h, w] in channels-last."""
        # Seen as [1, 3, h, w], interleaved RGB already is the channels-last layout.
        batch = torch.from_numpy(rgb.copy()).permute(2, 0, 1).unsqueeze(0)
        return (batch.float() - self._mean) / self._std


def network_key(card: BackboneCard, model: nn.Module) -> str:
    """Name, version and a short hash of preprocessing, recipe, names of tensors and weights.

    It does not matter what file the weights came from.
    """
    facts: tuple[object, ...] = (
        card.resize,
        card.input_size,
        card.interpolation,
        card.mean,
        card.std,
    )
    if card.native or card.recipe:
        facts += (card.native, card.recipe)
    digest = hashlib.sha256(repr(facts).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().contiguous().numpy().tobytes())
    return f"{card.name}-v{card.version}-{digest.hexdigest()[:12]}"


def fused(model: nn.Module, example: torch.Tensor) -> nn.Module:
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
