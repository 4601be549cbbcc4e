"""Cues that give the label away without anybody looking at the picture.

Where file size alone tells fake from real, a detector may have learned how files were prepared.
The AUROC of each cue as a score of "fake" says how well it tells: 0.5 is nothing, and far below is
as telling as far above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from review_app.core.intervals import of_auroc
from review_app.lab.datasets.fingerprints import Fingerprint, Inspected
from review_app.manifests.manifest import ManifestLabel

SAMPLES: Final = 1000
"""Bootstrap samples behind each interval, drawn within each class."""
_AT_ONCE = 1 << 22

CUES: Final[Mapping[str, Callable[[Fingerprint], float | None]]] = {
    "file_size": lambda found: found.size,
    "pixels": lambda found: found.width * found.height,
    "jpeg_quality": lambda found: found.jpeg_quality,
}
"""Cues by name; None where a file has no such thing."""

Float64 = NDArray[np.float64]


def shortcuts(inspected: Sequence[Inspected], seed: int) -> list[dict[str, Any]]:
    """AUROC [value, low, high] of every cue, over everything and for each source.

    ``n`` counts the labelled files that have the cue. The AUROC is None, not a number, where one
    class has none.
    """
    labelled = [one for one in inspected if one.found and one.row.label]
    sources: list[str | None] = [None, *sorted({one.row.source or "" for one in labelled})]
    if len(sources) == 2:
        sources = [None]
    table: list[dict[str, Any]] = []
    for cue, measure in CUES.items():
        for source in sources:
            known = [
                (value, one.row.label is ManifestLabel.FAKE)
                for one in labelled
                if source is None or (one.row.source or "") == source
                if one.found and (value := measure(one.found)) is not None
            ]
            score = np.array([value for value, _ in known], dtype=np.float64)
            is_fake = np.array([fake for _, fake in known], dtype=np.bool_)
            auroc = auroc_interval(score, is_fake, seed=seed)
            table.append({"cue": cue, "source": source, "n": len(known), "auroc": auroc})
    return table


def auroc_interval(
    score: Float64, positive: NDArray[np.bool_], *, seed: int, samples: int = SAMPLES
) -> list[Any] | None:
    """[AUROC, low, high], or None: the 2.5% and 97.5% percentiles of a bootstrap within each class
    where that can be believed (`review_app.core.intervals`); None each where nothing can.

    Ties count one half (Mann-Whitney). Resampling a class is drawing the multinomial counts of its
    distinct values, so one sample is two rows of counts.
    """
    if not len(positive) or positive.all() or not positive.any():
        return None
    _, rank = np.unique(score, return_inverse=True)
    width = int(rank.max()) + 1
    up = np.bincount(rank[positive], minlength=width)
    down = np.bincount(rank[~positive], minlength=width)
    rng = np.random.default_rng(seed)
    drawn: list[Float64] = []
    block = max(1, _AT_ONCE // width)
    for start in range(0, samples, block):
        size = min(block, samples - start)
        ups = rng.multinomial(up.sum(), up / up.sum(), size)
        downs = rng.multinomial(down.sum(), down / down.sum(), size)
        drawn.append(_areas(ups, downs))
    area = float(_areas(up[None], down[None])[0])
    ends = np.quantile(np.concatenate(drawn), [0.025, 0.975]).tolist()
    return [area, *(of_auroc(area, int(up.sum()), int(down.sum()), ends) or (None, None))]


def _areas(up: NDArray[np.int64], down: NDArray[np.int64]) -> Float64:
    """AUROCs [samples] of counts of positives and negatives at ascending scores [samples, u]."""
    below = np.cumsum(down, axis=1) - 0.5 * down
    areas: Float64 = (up * below).sum(axis=1) / (up.sum(axis=1) * down.sum(axis=1))
    return areas
