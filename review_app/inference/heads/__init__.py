"""Heads: standardised features in, P(fake) with its uncertainty out.

Prediction is NumPy alone; torch is imported when a head is trained.
"""

from __future__ import annotations

from review_app.inference.heads.base import (
    SOURCE_SEED,
    Head,
    HeadName,
    HeadPrediction,
    Labels,
    Matrix,
    State,
    Training,
    Weights,
)
from review_app.inference.heads.ensemble import EnsembleHead, EnsembleTraining
from review_app.inference.heads.laplace import LaplaceHead, LaplaceTraining
from review_app.inference.heads.linear import LinearHead, LinearTraining
from review_app.inference.heads.mc_dropout import McDropoutHead, McDropoutTraining
from review_app.inference.heads.naive_bayes import NaiveBayesHead, NaiveBayesTraining
from review_app.inference.heads.standardizer import Standardizer
from review_app.inference.heads.variational import VariationalHead, VariationalTraining

HEADS: dict[HeadName, type[Head]] = {
    head.name: head
    for head in (
        LinearHead,
        NaiveBayesHead,
        McDropoutHead,
        VariationalHead,
        LaplaceHead,
        EnsembleHead,
    )
}
"""Every head by its name."""

__all__ = [
    "HEADS",
    "SOURCE_SEED",
    "EnsembleHead",
    "EnsembleTraining",
    "Head",
    "HeadName",
    "HeadPrediction",
    "Labels",
    "LaplaceHead",
    "LaplaceTraining",
    "LinearHead",
    "LinearTraining",
    "Matrix",
    "McDropoutHead",
    "McDropoutTraining",
    "NaiveBayesHead",
    "NaiveBayesTraining",
    "Standardizer",
    "State",
    "Training",
    "VariationalHead",
    "VariationalTraining",
    "Weights",
]
