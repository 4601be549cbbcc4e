"""The three networks of MTCNN, from coarse to fine, and their weights.

Zhang, Zhang, Li and Qiao (2016), "Joint face detection and alignment using multitask cascaded
convolutional networks", IEEE Signal Processing Letters 23(10). The landmarks that the third network
also tells are left out: nothing here asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load
from torch import nn

from review_app.core.errors import BackboneError
from review_app.core.hashing import sha256

WEIGHTS: Final = Path(__file__).with_name("mtcnn.safetensors")
"""The vendored weights; ``LICENCE`` beside them says where they come from."""
WEIGHTS_SHA256: Final = "580c761b6fc8b5b53c789ab311b074ae6a79418ddf4abc806a8815c78b8d443a"


class FaceNetwork(nn.Module):
    """One network of the cascade: patches of RGB in, a face's probability and box out.

    ``body`` makes of patches [n, 3, h, w] the values that the two ends read: the logits of "none"
    and "face", and by what shares of its side each edge of a patch is off.
    """

    def __init__(self, body: nn.Sequential, face: nn.Module, edges: nn.Module) -> None:
        super().__init__()
        self.body = body
        self.face = face
        self.edges = edges

    def forward(self, patches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities [n, ...], and left, top, right and bottom of the face in shares [n, 4,
        ...]; ``...`` are the rows and columns of the first network's map."""
        values = self.body(patches)
        return self.face(values).softmax(1)[:, 1], self.edges(values)


class Cascade(nn.Module):
    """The networks as they follow each other, which see patches of 12, 24 and 48 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.propose = FaceNetwork(
            nn.Sequential(*_layer(3, 10, 3, pool=2), *_layer(10, 16, 3), *_layer(16, 32, 3)),
            nn.Conv2d(32, 2, 1),
            nn.Conv2d(32, 4, 1),
        )
        self.refine = FaceNetwork(
            nn.Sequential(
                *_layer(3, 28, 3, pool=3),
                *_layer(28, 48, 3, pool=3),
                *_layer(48, 64, 2),
                *_dense(576, 128),
            ),
            nn.Linear(128, 2),
            nn.Linear(128, 4),
        )
        self.confirm = FaceNetwork(
            nn.Sequential(
                *_layer(3, 32, 3, pool=3),
                *_layer(32, 64, 3, pool=3),
                *_layer(64, 64, 3, pool=2),
                *_layer(64, 128, 2),
                *_dense(1152, 256),
            ),
            nn.Linear(256, 2),
            nn.Linear(256, 4),
        )


def load_cascade(path: Path = WEIGHTS, digest: str = WEIGHTS_SHA256) -> Cascade:
    """The cascade with its weights, ready to look.

    Raises BackboneError where the file is missing, is not the one that ``digest`` (SHA-256) names,
    or does not fit.
    """
    try:
        data = path.read_bytes()
        if sha256(data) != digest:
            raise ValueError("its content has changed")
        cascade = Cascade()
        cascade.load_state_dict(_tensors(data), strict=True)
    except Exception as error:  # safetensors, torch and the file system share no base class
        raise BackboneError(
            f"the weights of the face finder cannot be read from {path} ({error}); "
            "install the program again"
        ) from error
    cascade.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return cascade.eval()


def _tensors(data: bytes) -> Mapping[str, torch.Tensor]:
    tensors: Mapping[str, torch.Tensor] = load(data)
    return tensors


def _layer(ins: int, outs: int, side: int, pool: int = 0) -> list[nn.Module]:
    """A convolution, and the largest of each ``pool`` squared values, every second one."""
    pooling = [nn.MaxPool2d(pool, 2, ceil_mode=True)] if pool else []
    return [nn.Conv2d(ins, outs, side), nn.PReLU(outs), *pooling]


def _dense(ins: int, outs: int) -> list[nn.Module]:
    return [nn.Flatten(), nn.Linear(ins, outs), nn.PReLU(outs)]
