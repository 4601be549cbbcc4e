"""Arithmetic of predictions whose bits never depend on which images share a batch.

BLAS picks kernels, and with them the order of summation, by the shape of the whole product. So
products run in blocks of one fixed shape, the last one padded with zeros; and sums run along the
last, contiguous axis, where NumPy treats every row alike. Tests hold both to the bit.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit

from review_app.detector.heads.base import HeadPrediction, Matrix

BLOCK = 32
"""Rows per product: small enough for one image to be cheap, large enough for BLAS to be fast."""
NODES = 100
"""Gauss-Hermite nodes; NumPy's rule is sound up to about this many."""

Float64 = NDArray[np.float64]


def block_matmul(features: Matrix, weights: Matrix) -> Matrix:
    """``features @ weights`` for [n, d] and [d, k], row by row independent of the batch."""
    rows = np.ascontiguousarray(features)
    n = len(rows)
    product = np.empty((n, weights.shape[1]), dtype=np.float32)
    for start in range(0, n, BLOCK):
        block = rows[start : start + BLOCK]
        if len(block) < BLOCK:
            block = np.concatenate([block, np.zeros((BLOCK - len(block), rows.shape[1]), "f4")])
        product[start : start + BLOCK] = (block @ weights)[: n - start]
    return product


def certain(p_fake: Float64) -> HeadPrediction:
    """The prediction of a head with one set of weights: nothing to disagree about."""
    zero = np.zeros_like(p_fake)
    return HeadPrediction(p_fake, zero, _entropy(p_fake), zero.copy())


def mixture(p_fake: Float64, weights: Float64) -> HeadPrediction:
    """The prediction of members [n, t] that count with ``weights`` [t], which sum to 1."""
    mean = np.clip((p_fake * weights).sum(axis=1), 0.0, 1.0)
    variance = (np.square(p_fake - mean[:, None]) * weights).sum(axis=1)
    entropy = _entropy(mean)
    expected_entropy = (_entropy(p_fake) * weights).sum(axis=1)
    information = np.maximum(entropy - expected_entropy, 0.0)
    return HeadPrediction(mean, np.sqrt(variance), entropy, information)


def logit_normal(mean: Float64, variance: Float64) -> HeadPrediction:
    """The exact prediction of a normal logit [n], by Gauss-Hermite quadrature.

    E[f(z)] for z ~ N(m, s²) is the sum of w_i f(m + s x_i) over the nodes x_i of the weight
    exp(-x²/2), with f the sigmoid, its square deviation, and its entropy.
    """
    nodes, weights = _hermite()
    logits = mean[:, None] + np.sqrt(variance)[:, None] * nodes
    return mixture(expit(logits), weights)


@cache
def _hermite() -> tuple[Float64, Float64]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, weights / weights.sum()


def _entropy(p_fake: Float64) -> Float64:
    """Binary entropy in nats."""
    total: Float64 = entr(p_fake) + entr(1.0 - p_fake)
    return total
