"""Heads: standardised features in, P(fake) with its uncertainty out.

Prediction is NumPy alone; torch is imported when a head is trained.
"""

from __future__ import annotations

from review_app.detector.heads.base import (
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
from review_app.detector.heads.ensemble import EnsembleHead, EnsembleTraining
from review_app.detector.heads.laplace import LaplaceHead, LaplaceTraining
from review_app.detector.heads.linear import LinearHead, LinearTraining
from review_app.detector.heads.mc_dropout import McDropoutHead, McDropoutTraining
from review_app.detector.heads.naive_bayes import NaiveBayesHead, NaiveBayesTraining
from review_app.detector.heads.standardizer import Standardizer
from review_app.detector.heads.variational import VariationalHead, VariationalTraining

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
