"""Heads: standardised features in, P(fake) with its uncertainty out.

Prediction is NumPy alone; torch is imported when a head is trained.
"""

from __future__ import annotations

from review_app.inference.heads.base import (
    SOURCE_SEED,
    Head,
    HeadPrediction,
    Labels,
    Matrix,
    State,
    Training,
    Weights,
)
from review_app.inference.heads.grid import Grid
from review_app.inference.heads.registry import HEADS, HeadName, HeadSpec, head_title
from review_app.inference.heads.standardizer import Standardizer

__all__ = [
    "HEADS",
    "SOURCE_SEED",
    "Grid",
    "Head",
    "HeadName",
    "HeadPrediction",
    "HeadSpec",
    "Labels",
    "Matrix",
    "Standardizer",
    "State",
    "Training",
    "Weights",
    "head_title",
]
