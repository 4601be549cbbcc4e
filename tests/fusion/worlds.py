"""Made-up detectors for tests: normal scores with a known AUROC, that err together or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from review_app.core.placements import auroc
from review_app.fusion.fitting import Fitted, ToldScores, fit

Float64 = NDArray[np.float64]


def world(
    aurocs: Sequence[float],
    *,
    n: int = 1500,
    together: float = 0.3,
    fakes: float = 0.5,
    seed: int = 0,
) -> tuple[Float64, NDArray[np.bool_]]:
    """Scores in (0, 1) of ``n`` images [n, members], and which are fake [n]. Errors of two members
    have the correlation ``together``."""
    rng = np.random.default_rng(seed)
    is_fake = rng.random(n) < fakes
    shared = rng.normal(size=(n, 1)) * np.sqrt(together)
    own = rng.normal(size=(n, len(aurocs))) * np.sqrt(1 - together)
    apart = np.outer(is_fake, ndtri(np.array(aurocs)) * np.sqrt(2))
    return np.asarray(expit(shared + own + apart - apart.mean(axis=0))), is_fake


def alike(scores: Float64, is_fake: NDArray[np.bool_]) -> ToldScores:
    """Labels that all count alike."""
    return ToldScores(scores, is_fake, np.ones(len(is_fake)))


def learned(
    scores: Float64, is_fake: NDArray[np.bool_], n: int, seed: int
) -> tuple[Fitted, NDArray[np.intp]]:
    """The fusion of ``n`` labels drawn at random, and the images that it has not seen."""
    order = np.random.default_rng(seed).permutation(len(is_fake))
    told, rest = order[:n], order[n:]
    return fit(scores, alike(scores[told], is_fake[told])), rest


def area(p: Float64, is_fake: NDArray[np.bool_]) -> float:
    """AUROC of ``p``."""
    found = auroc(p, is_fake)
    assert found is not None
    return found


def gain(scores: Float64, is_fake: NDArray[np.bool_], n: int, draws: int = 8) -> float:
    """Mean AUROC over ``draws`` of ``n`` labels, less that of the best member on the same
    images."""
    found = []
    for seed in range(draws):
        fitted, rest = learned(scores, is_fake, n, seed)
        fused = area(fitted.model.predict(scores[rest]).p_fake, is_fake[rest])
        alone = [area(column, is_fake[rest]) for column in np.nan_to_num(scores[rest], nan=0.5).T]
        found.append(fused - max(alone))
    return float(np.mean(found))
