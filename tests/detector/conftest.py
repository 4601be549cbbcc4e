"""Real images, a real backbone and small labelled features for the detector's tests."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from review_app.inference.backbones import Backbone, BackboneCard, load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.lab.training import train_heads

WIDTH = 24


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """The embedded default with its real weights."""
    return load_backbone("efficientnet_lite0")


@pytest.fixture(scope="session")
def images() -> list[Image.Image]:
    """64 different pictures of different sizes: smooth noise, so that features differ."""
    rng = np.random.default_rng(5)
    pictures = []
    for _ in range(64):
        width, height = rng.integers(40, 300, size=2)
        small = rng.integers(0, 256, size=(6, 7, 3), dtype=np.uint8)
        pictures.append(Image.fromarray(small).resize((int(width), int(height))))
    return pictures


def labelled(n: int, seed: int, *, width: int = WIDTH, shift: float = 0.6) -> LabelledFeatures:
    """n feature vectors of two overlapping classes, in two sources."""
    rng = np.random.default_rng(seed)
    is_fake = rng.random(n) < 0.5
    features = rng.normal(size=(n, width)) + shift * is_fake[:, None] * (np.arange(width) < 5)
    keys = tuple(hashlib.sha256(f"{seed}:{i}".encode()).hexdigest() for i in range(n))
    sources = tuple("first" if i % 2 else "second" for i in range(n))
    return LabelledFeatures(keys, features.astype(np.float32), is_fake, sources)


def toy_card(width: int = WIDTH) -> BackboneCard:
    """A card that says only how wide the features are."""
    return BackboneCard(
        name="toy",
        version=1,
        model="none",
        weights="none",
        licence="none",
        resize=8,
        input_size=8,
        interpolation="bicubic",
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        width=width,
    )


def train_toy(name: str = "toy", seed: int = 1) -> Checkpoint:
    """The four heads with the source method's hyper-parameters, on toy features."""
    return train_heads(
        Versions(labelled(160, 1)),
        Versions(labelled(120, 2)),
        test=labelled(120, 3),
        backbone=toy_card(),
        backbone_key="toy-v1-000000000000",
        name=name,
        data_name="toy",
        seed=seed,
    )


@pytest.fixture(scope="session")
def toy_checkpoint() -> Checkpoint:
    """Trained once; frozen, so tests may share it."""
    return train_toy()
