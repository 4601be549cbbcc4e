"""A portrait of single images: unlike the training images, worst, most uncertain, in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from review_app.inference.heads.base import Labels, Matrix
from review_app.lab.assessment import HeadEvaluationInput

SHOWN = 12
"""Images in each list of extremes."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NoveltyScores:
    """The novelty of n images."""

    score: Float64
    """A z-score against the checkpoint's own validation images, [n]."""
    cut: float
    """Flagged as unlike above it; from the checkpoint's card."""

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which images are unlike the training images, bool [n]."""
        return self.score > self.cut

    def document(self, sources: Sequence[str]) -> dict[str, Any]:
        """The cut and the share flagged, of all images and of each source; JSON-safe."""
        named = np.array(sources, dtype=object)
        return {
            "cut": self.cut,
            "flagged": float(self.flagged.mean()),
            "sources": {
                source: {
                    "flagged": float(self.flagged[named == source].mean()),
                    "median": float(np.median(self.score[named == source])),
                }
                for source in sorted(set(sources) - {""})
            },
        }


def extremes(
    head: HeadEvaluationInput,
    is_fake: Labels,
    names: Sequence[str],
    sources: Sequence[str],
    novelty: NoveltyScores | None,
) -> dict[str, list[dict[str, Any]]]:
    """The images that a person should look at first, at most 12 a list.

    ``worst``: the wrong calls with the least probability on the true label, worst first;
    ``most_uncertain``: the highest shipped reject scores. ``image`` is the position among the n.
    """
    prediction, wrong = head.prediction, head.called_fake != is_fake
    on_truth = np.where(is_fake, prediction.p_fake, 1 - prediction.p_fake)
    by_loss = [int(at) for at in np.argsort(on_truth, kind="stable") if wrong[at]]
    by_doubt = [int(at) for at in np.argsort(-head.reject, kind="stable")]

    def describe(at: int) -> dict[str, Any]:
        return {
            "image": at,
            "name": names[at],
            "source": sources[at] if sources else "",
            "truth": "fake" if is_fake[at] else "real",
            "called": "fake" if head.called_fake[at] else "real",
            "p_fake": float(prediction.p_fake[at]),
            "std": float(prediction.std[at]) if head.has_std else None,
            "reject": float(head.reject[at]),
            "novelty": float(novelty.score[at]) if novelty else None,
        }

    return {
        "worst": [describe(at) for at in by_loss[:SHOWN]],
        "most_uncertain": [describe(at) for at in by_doubt[:SHOWN]],
    }


def principal_components(standardised: Matrix, *, seed: int) -> tuple[Float64, list[float]]:
    """The images on the first two principal components, [n, 2], and their shares of variance.

    One image, or features that do not vary, lie at the origin.
    """
    wanted = min(2, *standardised.shape)
    plane = np.zeros((len(standardised), 2))
    if len(standardised) < 2 or not np.ptp(standardised, axis=0).any():
        return plane, [0.0, 0.0]
    model = PCA(wanted, svd_solver="randomized", random_state=seed)
    plane[:, :wanted] = model.fit_transform(standardised.astype(np.float64))
    shares = [float(share) for share in model.explained_variance_ratio_]
    return plane, shares + [0.0] * (2 - wanted)
