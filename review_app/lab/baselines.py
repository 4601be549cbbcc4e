"""Detectors that know nothing of how fakes are made, for what a real one must do better than.

One sees the low-level statistics of :mod:`review_app.lab.datasets.shortcuts`, one what the picture
shows: the last layer of a network that was trained to tell objects apart. What they reach, a
detector may reach without having learned anything about generators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import ManifestError
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.dataset import Decoder, load_labelled
from review_app.inference.features import FeatureCache
from review_app.inference.heads import Labels
from review_app.lab.datasets.fingerprints import inspect_rows
from review_app.lab.datasets.shortcuts import cue_values
from review_app.lab.versions import JoinedProgress
from review_app.manifests.manifest import Manifest, ManifestRow, named

LOW_LEVEL = "low_level"
CONTENT = "content"
CONTENT_BACKBONE = "efficientnet_lite0"
"""The backbone whose last layer tells what a picture shows."""
_INVERSE_STRENGTH = {LOW_LEVEL: 1.0, CONTENT: 1e-2}
"""scikit-learn's C: there are ten low-level numbers, and more than a thousand of content."""

Float64 = NDArray[np.float64]


def load_baselines(
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    content: Backbone,
    cache: FeatureCache | None,
    *,
    decode: Decoder,
    progress: Progress | None = None,
) -> dict[str, Float64]:
    """What each baseline sees of ``rows``, float64 [n, width] by its name.

    ``progress`` counts every row twice. Raises ManifestError for files that cannot be read.
    """
    tally = JoinedProgress(progress, 2 * len(rows))
    shown = load_labelled(
        manifest, rows, content, cache, purpose="baselines", decode=decode, progress=tally.step()
    )
    inspected = inspect_rows(rows, decode=decode, looks=False, progress=tally.step())
    found = [one.found for one in inspected if one.found]
    if len(found) < len(rows):
        bad = named(one.row for one in inspected if one.failure)
        raise ManifestError(f"{manifest.path}: files cannot be read, at {bad}; replace them")
    return {LOW_LEVEL: cue_values(found), CONTENT: shown.features.astype(np.float64)}


def baseline_scores(name: str, learned: Float64, is_fake: Labels, asked: Float64) -> Float64:
    """P(fake) of the images ``asked`` [m, width] by a logistic regression on ``learned``
    [n, width]."""
    from sklearn.linear_model import LogisticRegression  # slow to import

    centre, scale = learned.mean(axis=0), np.maximum(learned.std(axis=0), 1e-9)
    model = LogisticRegression(C=_INVERSE_STRENGTH[name], max_iter=1000)
    model.fit((learned - centre) / scale, is_fake)
    scores: Float64 = model.predict_proba((asked - centre) / scale)[:, 1]
    return scores


def scores_of_all(
    seen: Mapping[str, Float64],
    learned: NDArray[np.bool_],
    is_fake: Labels,
    asked: Mapping[str, Float64],
) -> dict[str, Float64]:
    """P(fake) of the images ``asked`` by every baseline, each on the images ``learned`` of
    ``seen``."""
    return {
        name: baseline_scores(name, values[learned], is_fake[learned], asked[name])
        for name, values in seen.items()
    }
