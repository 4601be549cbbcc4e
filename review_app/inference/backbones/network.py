"""What backbones made of a network share: key, folded batch norms, an engine that runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.threads import PerImageBackbone
from review_app.inference.engines.base import Engine, PixelNetwork, Run
from review_app.inference.engines.torch_engine import TorchEngine
from review_app.inference.torch_runtime import use_one_thread

_FUSION_TOLERANCE = 1e-3


class NetworkBackbone(PerImageBackbone):
    """A backbone with a network, which an engine runs: torch, unless it is given another one.

    ``example_size`` is the side of the square on which folding must prove itself; ``outputs`` makes
    of the folded network the one that is run.
    """

    def __init__(
        self,
        card: BackboneCard,
        model: nn.Module,
        example_size: int,
        outputs: Callable[[nn.Module], nn.Module] = lambda model: model,
        *,
        any_size: bool = False,
    ) -> None:
        # Threads set the limit for themselves too: OpenMP keeps it per thread.
        super().__init__(card, network_key(card, model), prepare=use_one_thread)
        use_one_thread()  # the check below runs in the caller's thread
        folded = fused(model.eval(), torch.full((1, 3, example_size, example_size), 0.5))
        folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        mean, std = torch.tensor(card.mean), torch.tensor(card.std)
        self._network = PixelNetwork(outputs(folded), mean, std, any_size=any_size).eval()
        self._example = np.zeros((example_size, example_size, 3), np.uint8)
        self.run_by(self.prepared(TorchEngine()))

    def networked(self) -> tuple[NetworkBackbone, ...]:
        """Itself."""
        return (self,)

    def prepared(self, engine: Engine) -> Run:
        """The network, ready to run on ``engine``."""
        return engine.prepare(self._network, self.key, self._example)

    def run_by(self, run: Run) -> None:
        """Have ``run`` run the network from now on; see :meth:`prepared`."""
        self.run = run


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
