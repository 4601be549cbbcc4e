"""Arithmetic of predictions whose bits never depend on which images share a batch.

BLAS picks kernels, and with them the order of summation, by the shape of the whole product. So
products run in blocks of one fixed shape, the last one padded with zeros; and sums run along the
last, contiguous axis, where NumPy treats every row alike. Tests hold both to the bit.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from review_app.detector.heads.base import HeadPrediction, Matrix

BLOCK = 32
"""Rows per product: small enough for one image to be cheap, large enough for BLAS to be fast."""
NODES = 100
"""Gauss-Hermite nodes; NumPy's rule is sound up to about this many."""

Float64 = NDArray[np.float64]


def block_matmul(features: Matrix, weights: Matrix) -> Matrix:
    """``features @ weights`` for [n, d] and [d, k], row by row independent of the batch.

    Blocks are shared out over the cores; each runs on one thread, since BLAS's own threads wait for
    each other at every product and crawl where other work has the cores.
    """
    pool = _pool()
    product = np.empty((len(features), weights.shape[1]), dtype=np.float32)
    starts = range(0, len(features), BLOCK)

    def multiply(start: int) -> None:
        rows = features[start : start + BLOCK]
        block = np.zeros((BLOCK, features.shape[1]), dtype=np.float32)
        block[: len(rows)] = rows
        product[start : start + BLOCK] = (block @ weights)[: len(rows)]

    run = pool.map if len(starts) > 2 else map  # a thread costs more than it saves on two blocks
    list(run(multiply, starts))
    return product


def certain(logits: Float64) -> HeadPrediction:
    """The prediction of a head with one set of weights: nothing to disagree about."""
    p_fake, entropy = _bernoulli(logits)
    return HeadPrediction(p_fake, np.zeros_like(p_fake), entropy, np.zeros_like(p_fake))


def mixture(logits: Float64, weights: Float64) -> HeadPrediction:
    """The prediction of members [n, t] that count with ``weights`` [t], which sum to 1."""
    p_fake, entropies = _bernoulli(logits)
    mean = np.clip((p_fake * weights).sum(axis=1), 0.0, 1.0)
    variance = (np.square(p_fake - mean[:, None]) * weights).sum(axis=1)
    entropy = -_xlogx(mean) - _xlogx(1.0 - mean)
    information = np.maximum(entropy - (entropies * weights).sum(axis=1), 0.0)
    return HeadPrediction(mean, np.sqrt(variance), entropy, information)


def logit_normal(mean: Float64, variance: Float64) -> HeadPrediction:
    """The exact prediction of a normal logit [n], by Gauss-Hermite quadrature.

    E[f(z)] for z ~ N(m, s²) is the sum of w_i f(m + s x_i) over the nodes x_i of the weight
    exp(-x²/2), with f the sigmoid, its square deviation, and its entropy.
    """
    nodes, weights = _hermite()
    return mixture(mean[:, None] + np.sqrt(variance)[:, None] * nodes, weights)


@cache
def _hermite() -> tuple[Float64, Float64]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    return nodes, weights / weights.sum()


@cache
def _pool() -> ThreadPoolExecutor:
    threadpool_limits(1, user_api="blas")
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="heads")


def _bernoulli(logits: Float64) -> tuple[Float64, Float64]:
    """Probability and entropy in nats at ``logits``, by formulas that never cancel.

    With e = exp(-|z|): sigmoid(|z|) = 1 / (1 + e) and H = log(1 + e) + |z| e / (1 + e).
    """
    size = np.abs(logits)
    small = np.exp(-size)
    likely = 1.0 / (1.0 + small)
    unlikely = small * likely
    return np.where(logits >= 0, likely, unlikely), np.log1p(small) + size * unlikely


def _xlogx(p: Float64) -> Float64:
    product: Float64 = p * np.log(np.where(p > 0, p, 1.0))
    return product
