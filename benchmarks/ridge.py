"""A quick detector for measurements that train many: least squares in place of the heads.

Gate, experts, balance, calibration by kind, novelty and cross-fitting are those of the preset
``robust``; it learns from the images as they are, without copies, and from all features, without
compression. Fitting takes one product of the images with themselves instead of epochs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from review_app.inference.heads import HeadName, Labels, Matrix, Weights
from review_app.inference.heads.linear import LinearHead
from review_app.inference.presets import Preset, preset_called

PENALTY = 0.3
_STEEPNESS = 4.0
"""Least squares aim at -1 and 1; times this, they are logits of about that confidence."""


@dataclass(frozen=True, slots=True)
class RidgeTraining:
    """Weighted least squares to -1 and 1 with a quadratic penalty, in as many dimensions as there
    are images."""

    penalty: float = PENALTY
    """In units of the images' mean square length."""

    def fit(
        self, features: Matrix, labels: Labels, *, seed: int, weights: Weights = None
    ) -> LinearHead:
        """See :class:`review_app.inference.heads.base.Training`; ``seed`` decides nothing."""
        from scipy.linalg import solve  # slow to import

        products = (features @ features.T).astype(np.float64)
        size = float(np.trace(products)) / len(features)
        mass = np.ones(len(features)) if weights is None else weights
        system = products + size  # the intercept is penalised like one more direction
        system[np.diag_indices_from(system)] += self.penalty * size / mass
        shares = _STEEPNESS * solve(system, np.where(labels, 1.0, -1.0), assume_a="pos")
        return LinearHead(
            features.T @ shares.astype(np.float32), np.array([size * shares.sum()], np.float32)
        )


def ridge_preset(penalty: float = PENALTY) -> Preset:
    """The preset ``robust`` with this head alone, and without what it does not need."""
    return replace(
        preset_called("robust"),
        name="ridge",
        heads={HeadName.LINEAR: RidgeTraining(penalty)},
        copies=(),
        components=0,
    )
