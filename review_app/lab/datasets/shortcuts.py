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

from review_app.lab.datasets.fingerprints import Fingerprint, Inspected
from review_app.lab.metrics import auroc_interval
from review_app.manifests.manifest import ManifestLabel

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
