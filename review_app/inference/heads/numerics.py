"""Arithmetic of predictions whose bits never depend on which images share a batch.

BLAS picks kernels, and with them the order of summation, by the shape of the whole product, and on
some processors by where in it a row lies. So products run in blocks of one fixed shape, the last
one padded with zeros, that no kernel divides further; or over whole numbers, whose sums are exact
in any order. All else is element by element, and sums over members add one row of images to the
next. Tests hold all of it to the bit, for several processors.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
from numpy.typing import NDArray

from review_app.core.blas import one_blas_thread
from review_app.inference.heads.base import HeadPrediction, Matrix

BLOCK = 8
"""Rows at a time. With 16 or more, OpenBLAS's kernels for Haswell and Zen sum the rows at the edges
of a block in another order than those in its midst; with 4 or 12, those for older processors do."""
_STACK = 8
"""Blocks that are handed on together: what is made of them stays in a core's cache."""
_FEWEST, _MOST, _ALONE = 16, 64, 128
"""Blocks of one part: fewer are not worth a thread, and more do not fit a core's cache; and of a
head that shares nothing."""
_SPAN = 6.5
"""Standard deviations that quadrature reaches: 1e-10 of the mass lies beyond."""
_LARGEST_STD = (1.0, 2.0, 4.0, 8.0, 16.0)
_NODES = (20, 28, 64, 128, 256, 1024)
"""Nodes that serve up to each std of the logit, the mean within 1e-7 and the std within 1e-6."""
_LARGEST_LOGIT = 500.0
"""Logits beyond are as good as this one, and exp of it is still finite."""

_scratch = threading.local()

Float64 = NDArray[np.float64]
Product = Callable[[Matrix], Matrix | tuple[Matrix, ...]]
"""Blocks of rows [k, BLOCK, d] to their columns: [k, BLOCK, columns], or each [k, BLOCK]. NumPy has
BLAS multiply block by block."""
Summary = Callable[[Float64], HeadPrediction]
"""What the products [columns, n] of n images say of them."""


def predict_by_blocks(
    features: Matrix, columns: int, apply: Product, summarise: Summary, *, shared: bool = True
) -> HeadPrediction:
    """``summarise`` what ``apply`` makes of features [n, d], a part of the rows at a time.

    Many rows are ``shared`` out over the cores, each part on one thread: BLAS's own threads wait
    for each other at every product, and crawl where other work has the cores. A head of one or two
    products a row is through before another thread has woken, so it does not share.
    """
    rows = np.ascontiguousarray(features, dtype=np.float32)
    share = -(-len(rows) // (BLOCK * _cores()))
    size = BLOCK * (min(max(share, _FEWEST), _MOST) if shared else _ALONE)
    result = np.empty((4, len(rows)))

    def fill(start: int) -> None:
        part = rows[start : start + size]
        said = summarise(by_blocks(part, columns, apply).astype(np.float64))
        result[:, start : start + size] = _stacked(said)

    first, *others = range(0, max(len(rows), 1), size)
    pending = [_pool().submit(fill, start) for start in others] if shared else []
    for start in (first,) if shared else (first, *others):
        fill(start)
    for part in pending:
        part.result()
    return HeadPrediction(*result)


def by_blocks(rows: Matrix, columns: int, apply: Product) -> Matrix:
    """``apply`` to every [BLOCK, d] of ``rows`` [n, d]; what it says of them, [columns, n].

    Every product sees the same shape, so what is said of a row is independent of the batch.
    """
    one_blas_thread()
    blocks = _whole_blocks(rows)
    result = np.empty((columns, BLOCK * len(blocks)), dtype=np.float32)
    for start in range(0, len(blocks), _STACK):
        products = apply(blocks[start : start + _STACK])
        place = result[:, BLOCK * start : BLOCK * (start + _STACK)]
        if isinstance(products, tuple):
            for row, product in zip(place, products, strict=True):
                row[:] = product.reshape(-1)
        else:
            place[:] = products.reshape(-1, columns).T
    return result[:, : len(rows)]


def products(rows: Float64, matrix: Float64) -> Float64:
    """``rows`` [n, d] times ``matrix`` [d, columns], each core some of the columns: for whole
    numbers whose sums float64 holds exactly, which no order of summation changes."""
    one_blas_thread()
    share = -(-matrix.shape[1] // _cores())
    parts = [matrix[:, at : at + share] for at in range(0, matrix.shape[1], share)]
    found: Float64 = np.hstack(list(_pool().map(lambda part: rows @ part, parts)))
    return found


def rectified(rows: Matrix, weight: Matrix, bias: Matrix) -> Matrix:
    """max(0, x W + b) of ``rows`` [..., d]: a hidden layer, [..., hidden]."""
    hidden: Matrix = rows @ weight
    hidden += bias
    return np.maximum(hidden, 0, out=hidden)


def squares(rows: Matrix) -> Matrix:
    """``rows`` squared, in memory of the thread's own that the next call writes over.

    Fresh memory for every block would take longer than its squares.
    """
    if not hasattr(_scratch, "squares") or _scratch.squares.shape != rows.shape:
        _scratch.squares = np.empty_like(rows)
    found: Matrix = np.square(rows, out=_scratch.squares)
    return found


def certain(logits: Float64) -> HeadPrediction:
    """The prediction of a head with one set of weights [n]: nothing to disagree about."""
    p_fake, entropy = _bernoulli(logits)
    return HeadPrediction(p_fake, np.zeros_like(p_fake), entropy, np.zeros_like(p_fake))


def mixture(logits: Float64, weights: Float64) -> HeadPrediction:
    """The prediction of members [t, n] that count with ``weights`` [t], which sum to 1."""
    p_fake, entropies = _bernoulli(logits)
    mean = np.clip(_mean(p_fake, weights), 0.0, 1.0)
    p_fake -= mean
    variance = _mean(np.square(p_fake, out=p_fake), weights)
    entropy = -_xlogx(mean) - _xlogx(1.0 - mean)
    information = np.maximum(entropy - _mean(entropies, weights), 0.0)
    return HeadPrediction(mean, np.sqrt(variance), entropy, information)


def logit_normal(mean: Float64, variance: Float64) -> HeadPrediction:
    """The exact prediction of a normal logit [n], by quadrature over that one normal.

    E[f(z)] for z ~ N(m, s²) is the sum of w_i f(m + s x_i), with f the sigmoid, its square
    deviation, and its entropy. The trapezoidal rule converges exponentially for such f (Trefethen &
    Weideman 2014), the faster the smaller s is, so each image gets the nodes that its own s needs.
    At s = 4 it is within 1e-9 of the exact mean, where 100 Gauss-Hermite nodes are within 1e-6.
    """
    centre = np.clip(mean, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    std = np.sqrt(variance)
    kinds = np.searchsorted(_LARGEST_STD, std)
    result = np.empty((4, len(mean)))
    present = np.flatnonzero(np.bincount(kinds))
    for kind in present:
        these = kinds == kind if len(present) > 1 else slice(None)
        place = (centre[these], std[these], _NODES[kind])
        wide = kind == len(_LARGEST_STD)
        result[:, these] = _by_nodes(*place) if wide else _by_odds(*place)
    return HeadPrediction(*result)


def _by_nodes(centre: Float64, std: Float64, count: int) -> tuple[Float64, ...]:
    """The fields of :class:`HeadPrediction`, node by node: odds this far apart would overflow."""
    nodes, weights = _trapezoid(count)
    return _stacked(mixture(centre + np.multiply.outer(nodes, std), weights))


def _by_odds(centre: Float64, std: Float64, count: int) -> tuple[Float64, ...]:
    """The fields of :class:`HeadPrediction` by ``count`` evenly spaced nodes.

    The odds exp(m + s x_i) of neighbouring nodes differ by one factor, so they take two
    exponentials an image and not one a node. With p = e / (1 + e), the entropy at a node is
    log(1 + e) - (m + s x_i) p, whose second part is summed without ever being made.
    """
    nodes, weights = _trapezoid(count)
    odds = np.empty((count, len(centre)))
    odds[0] = np.exp(centre + std * nodes[0])
    factor = np.exp(std * (nodes[1] - nodes[0]))
    for node in range(1, count):
        np.multiply(odds[node - 1], factor, out=odds[node])
    total = 1.0 + odds
    p_fake = np.divide(odds, total, out=odds)
    mean = np.minimum(_mean(p_fake, weights), 1.0)
    conditional = _mean(np.log(total, out=total), weights)
    conditional -= centre * mean + std * _mean(p_fake, weights * nodes)
    p_fake -= mean
    spread = np.sqrt(_mean(np.square(p_fake, out=p_fake), weights))
    entropy = -_xlogx(mean) - _xlogx(1.0 - mean)
    return mean, spread, entropy, np.maximum(entropy - conditional, 0.0)


@cache
def _trapezoid(count: int) -> tuple[Float64, Float64]:
    nodes = np.linspace(-_SPAN, _SPAN, count)
    weights = np.exp(-np.square(nodes) / 2)
    return nodes, weights / weights.sum()


@cache
def _cores() -> int:
    return os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), thread_name_prefix="heads")


def _whole_blocks(rows: Matrix) -> Matrix:
    """``rows`` [n, d] as blocks [k, BLOCK, d], the last one padded with zeros."""
    missing = -len(rows) % BLOCK
    if missing:
        rows = np.concatenate([rows, np.zeros((missing, rows.shape[1]), dtype=np.float32)])
    return rows.reshape(-1, BLOCK, rows.shape[1])


def _bernoulli(logits: Float64) -> tuple[Float64, Float64]:
    """Probability and entropy in nats at ``logits``.

    With odds e = exp(z): sigmoid(z) = e / (1 + e) and H = log(1 + e) - z e / (1 + e).
    """
    logits = np.minimum(logits, _LARGEST_LOGIT)
    odds = np.exp(logits)
    total = 1.0 + odds
    odds /= total
    entropy = np.log(total, out=total)
    logits *= odds
    entropy -= logits
    return odds, entropy


def _mean(members: Float64, weights: Float64) -> Float64:
    """Weighted mean over axis 0, which adds one row of images to the next.

    A single column would be summed in another order, so it is never left alone.
    """
    n = members.shape[1]
    company = np.repeat(members, 2, axis=1) if n == 1 else members
    mean: Float64 = np.einsum("t,tn->n", weights, company)[:n]
    return mean


def _stacked(said: HeadPrediction) -> tuple[Float64, Float64, Float64, Float64]:
    return said.p_fake, said.std, said.entropy, said.mutual_information


def _xlogx(p: Float64) -> Float64:
    product: Float64 = p * np.log(np.where(p > 0, p, 1.0))
    return product
