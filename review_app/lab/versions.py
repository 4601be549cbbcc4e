"""Rows of a manifest as features, several times over: what the measurements here begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from review_app.core.errors import ManifestError
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.dataset import (
    Decoder,
    LabelledFeatures,
    Versions,
    decode_plainly,
    load_labelled,
)
from review_app.inference.features import FeatureCache
from review_app.inference.laundering import Transform
from review_app.lab.datasets.leaks import refuse_leaks
from review_app.manifests.manifest import Manifest, ManifestRow, require_labels


class JoinedProgress:
    """One count of progress over several steps that each begin at 0."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> Progress:
        """The progress of the next step; its own total does not matter."""
        before = self._done

        def count(done: int, _: int | None) -> None:
            self._done = before + done
            if self._progress:
                self._progress(self._done, self._total)

        return count


def rows_of(manifest: Manifest, split: str) -> tuple[ManifestRow, ...]:
    """The rows of ``split``; ManifestError unless there are any, labelled, of both classes."""
    rows = manifest.split(split)
    if not rows:
        known = ", ".join(sorted(manifest.splits)) or "none"
        raise ManifestError(
            f"{manifest.path} has no rows of split {split!r}; its splits: {known}. To make train, "
            "val and test: deepfake-review dataset split MANIFEST OUT.csv"
        )
    require_labels(manifest, rows, split)
    return rows


def load_splits(
    manifest: Manifest,
    parts: Mapping[str, Sequence[ManifestRow]],
    backbone: Backbone,
    transforms: Sequence[Transform],
    cache: FeatureCache | None = None,
    *,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> tuple[Versions, Versions, LabelledFeatures]:
    """The images of the splits train and val, with a copy by each of ``transforms``, and those of
    test as they are.

    ``progress`` counts every version of every image. Raises ManifestError, naming rows, where one
    file lies in two splits or has two labels, and as :func:`load_versions` does.
    """
    learning, test = [*parts["train"], *parts["val"]], parts["test"]
    tally = JoinedProgress(progress, len(learning) * (1 + len(transforms)) + len(test))
    images = load_versions(
        manifest,
        learning,
        backbone,
        transforms,
        cache,
        purpose="training",
        decode=decode,
        progress=tally.step(),
    )
    tested = load_labelled(
        manifest, test, backbone, cache, purpose="testing", decode=decode, progress=tally.step()
    )
    refuse_leaks(images.originals.keys + tested.keys, [*learning, *test])
    at = np.arange(len(learning))
    n_train = len(parts["train"])
    return images.take(at[:n_train]), images.take(at[n_train:]), tested


def load_versions(
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    backbone: Backbone,
    transforms: Sequence[Transform],
    cache: FeatureCache | None = None,
    *,
    purpose: str,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> Versions:
    """The images of ``rows`` as they are, and prepared once by each of ``transforms``.

    ``progress`` counts every version of every image. Raises as
    :func:`review_app.inference.dataset.load_labelled` does.
    """
    tally = JoinedProgress(progress, len(rows) * (1 + len(transforms)))
    originals, *copies = (
        load_labelled(
            manifest,
            rows,
            backbone,
            cache,
            purpose=purpose,
            decode=decode,
            transform=transform,
            progress=tally.step(),
        )
        for transform in (None, *transforms)
    )
    return Versions(originals, tuple(copy.features for copy in copies))
