"""Whether labels of images that are marked for retraining teach more than labels drawn at random.

They need not: marked images are the hard ones, and a head that learns from them alone sees another
mixture than the stream. So this is measured, on real features, and no bar hangs on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.placements import auroc
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads.base import HeadPrediction, Matrix
from review_app.inference.heads.laplace import LaplaceTraining
from review_app.inference.heads.standardizer import Standardizer
from review_app.policy.flags import UncertaintyCuts, find_flags
from storage.enums import TriageFlag

Rows = NDArray[np.intp]
START, CUTS, ADDED = 500, 300, 200
"""Labels that a head starts from, images that make its cuts, labels that it is then given."""
_UNCERTAIN = 0.8
"""Quantile that makes a cut, as for the shipped checkpoint."""


class Learner:
    """A Laplace head on some of the training images."""

    def __init__(self, data: LabelledFeatures, rows: Rows) -> None:
        self._standardizer = Standardizer.fit(data.features[rows])
        inputs = self._standardizer.apply(data.features[rows])
        self._head = LaplaceTraining().fit(inputs, data.is_fake[rows], seed=0)

    def predict(self, features: Matrix) -> HeadPrediction:
        return self._head.predict(self._standardizer.apply(features))

    def auroc(self, data: LabelledFeatures) -> float:
        """The AUROC on other images."""
        found = auroc(self.predict(data.features).p_fake, data.is_fake)
        assert found is not None  # both classes are there
        return found


def study(train: LabelledFeatures, test: LabelledFeatures, seeds: int) -> dict[str, Any]:
    """Test AUROC of the first head, and after labels of either kind, by draw of the images."""
    found: dict[str, list[float]] = {"start": [], "random": [], "retrain": []}
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(train.is_fake))
        start, rest = order[:START], order[START:]
        head = Learner(train, start)
        pool = rest[CUTS:]
        marked = pool[_marked(head, train.features[rest[:CUTS]], train.features[pool])]
        found["start"].append(head.auroc(test))
        for name, rows in (("random", pool), ("retrain", marked)):
            more = np.concatenate([start, rows[:ADDED]])
            found[name].append(Learner(train, more).auroc(test))
    gain = np.array(found["retrain"]) - np.array(found["random"])
    return {
        **{name: float(np.mean(values)) for name, values in found.items()},
        "retrain_less_random": float(gain.mean()),
        "standard_error": float(gain.std(ddof=1) / np.sqrt(seeds)),
        "draws": seeds,
    }


def _marked(head: Learner, validation: Matrix, pool: Matrix) -> NDArray[np.bool_]:
    says, of_pool = head.predict(validation), head.predict(pool)
    cuts = UncertaintyCuts(
        *(
            float(np.quantile(spread, _UNCERTAIN))
            for spread in (says.std, says.entropy, says.mutual_information)
        )
    )
    spreads = (of_pool.std, of_pool.entropy, of_pool.mutual_information)
    return np.asarray(
        find_flags(*spreads, np.zeros(len(pool), np.bool_), cuts) == TriageFlag.RETRAIN
    )
