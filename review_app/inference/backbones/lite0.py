"""EfficientNet-Lite0 (Tan and Le 2019, less squeeze-and-excitation and swish), without classifier.

Modules and tensors have timm's names, and every sum is that of its ``tf_efficientnet_lite0``: what
was computed with that has the same bits here. timm itself takes longer to import than torch.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import nn
from torch.nn import functional

_STEM: Final = 32
_HEAD: Final = 1280
_EXPANSION: Final = 6


class _Stage(NamedTuple):
    repeats: int
    kernel: int
    stride: int
    channels: int


_STAGES: Final = (
    _Stage(1, 3, 1, 16),  # depthwise separable: nothing is expanded
    _Stage(2, 3, 2, 24),
    _Stage(2, 5, 2, 40),
    _Stage(3, 3, 2, 80),
    _Stage(3, 5, 1, 112),
    _Stage(4, 5, 2, 192),
    _Stage(1, 3, 1, 320),
)


class Lite0(nn.Module):
    """The network: from normalised pixels [n, 3, h, w] to features [n, 1280]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = _Halving(3, _STEM, 3, groups=1)
        self.bn1 = _Norm(_STEM, nn.ReLU6())
        self.blocks = nn.Sequential()
        given = _STEM
        for stage in _STAGES:
            self.blocks.append(_blocks(given, stage, is_first=not self.blocks))
            given = stage.channels
        self.conv_head = _pointwise(given, _HEAD)
        self.bn2 = _Norm(_HEAD, nn.ReLU6())
        self.global_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Features of ``pixels``."""
        hidden = self.blocks(self.bn1(self.conv_stem(pixels)))
        features: torch.Tensor = self.global_pool(self.bn2(self.conv_head(hidden)))
        return features


class _Norm(nn.BatchNorm2d):
    """A batch norm that carries the activation that follows it."""

    def __init__(self, channels: int, act: nn.Module) -> None:
        super().__init__(channels, eps=1e-3)
        self.act = act

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        activated: torch.Tensor = self.act(super().forward(hidden))
        return activated


class _Halving(nn.Conv2d):
    """A convolution of stride 2, padded as TensorFlow does it: what is odd goes to the end."""

    def __init__(self, given: int, made: int, kernel: int, groups: int) -> None:
        super().__init__(given, made, kernel, 2, bias=False, groups=groups)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        height, width = hidden.shape[-2:]
        down, across = (self.kernel_size[0] - 2 + side % 2 for side in (height, width))
        sides = (across // 2, across - across // 2, down // 2, down - down // 2)
        return super().forward(functional.pad(hidden, sides))


class _Separable(nn.Module):
    """A depthwise convolution, then a pointwise one."""

    def __init__(self, given: int, stage: _Stage) -> None:
        super().__init__()
        self.conv_dw = _depthwise(given, stage.kernel, stage.stride)
        self.bn1 = _Norm(given, nn.ReLU6())
        self.conv_pw = _pointwise(given, stage.channels)
        self.bn2 = _Norm(stage.channels, nn.Identity())

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.bn2(self.conv_pw(self.bn1(self.conv_dw(hidden))))
        return made


class _Inverted(nn.Module):
    """An inverted residual block (Sandler et al. 2018): wide inside, narrow outside."""

    def __init__(self, given: int, stage: _Stage, stride: int) -> None:
        super().__init__()
        wide = _EXPANSION * given
        self.conv_pw = _pointwise(given, wide)
        self.bn1 = _Norm(wide, nn.ReLU6())
        self.conv_dw = _depthwise(wide, stage.kernel, stride)
        self.bn2 = _Norm(wide, nn.ReLU6())
        self.conv_pwl = _pointwise(wide, stage.channels)
        self.bn3 = _Norm(stage.channels, nn.Identity())
        self._adds = stride == 1 and given == stage.channels

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        wide = self.bn2(self.conv_dw(self.bn1(self.conv_pw(hidden))))
        made: torch.Tensor = self.bn3(self.conv_pwl(wide))
        return made + hidden if self._adds else made


def _blocks(given: int, stage: _Stage, *, is_first: bool) -> nn.Sequential:
    if is_first:
        return nn.Sequential(_Separable(given, stage))
    first = _Inverted(given, stage, stage.stride)
    others = (_Inverted(stage.channels, stage, 1) for _ in range(stage.repeats - 1))
    return nn.Sequential(first, *others)


def _depthwise(channels: int, kernel: int, stride: int) -> nn.Conv2d:
    if stride == 2:
        return _Halving(channels, channels, kernel, groups=channels)
    return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels, bias=False)


def _pointwise(given: int, made: int) -> nn.Conv2d:
    return nn.Conv2d(given, made, 1, bias=False)
