"""Cues that give the label away without anybody looking at the picture.

Where file size alone tells fake from real, a detector may have learned how files were prepared.
The AUROC of each cue as a score of "fake" says how well it tells: 0.5 is nothing, and far below is
as telling as far above.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from review_app.lab.datasets.fingerprints import Fingerprint, Inspected
from review_app.lab.metrics import auroc_interval
from review_app.manifests.manifest import ManifestLabel

FORMAT: Final = "format"
"""The cue whose values are names; formats are ordered by the share of fakes among their files, so
that its AUROC is never below 0.5."""
Measure = Callable[[Fingerprint], float | None]


def _statistic(name: str) -> Measure:
    return lambda found: getattr(found.statistics, name, None)


CUES: Final[Mapping[str, Measure]] = {
    "file_size": lambda found: found.size,
    "pixels": lambda found: found.width * found.height,
    "jpeg_quality": lambda found: found.jpeg_quality,
    "aspect": lambda found: found.width / found.height,
    "sharpness": _statistic("sharpness"),
    "brightness": _statistic("brightness"),
    "contrast": _statistic("contrast"),
    "colourfulness": _statistic("colourfulness"),
}
"""Cues that are numbers, by name; None where a file has no such thing."""
_TELLING: Final = 0.05
"""A cue is worth a warning where its interval stays this far from 0.5."""

Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def shortcuts(inspected: Sequence[Inspected], seed: int) -> list[dict[str, Any]]:
    """AUROC [value, low, high] of every cue, over everything and for each source.

    ``n`` counts the labelled files that have the cue. The AUROC is None, not a number, where one
    class has none. ``telling``: whether its interval stays away from 0.5.
    """
    labelled = _labelled(inspected)
    sources: list[str | None] = [None, *sorted({one.row.source or "" for one in labelled})]
    if len(sources) == 2:
        sources = [None]
    table: list[dict[str, Any]] = []
    for cue in (*CUES, FORMAT):
        for source in sources:
            of = [one for one in labelled if source is None or (one.row.source or "") == source]
            table.append({"cue": cue, "source": source, **_told(cue, of, seed)})
    return table


def generator_shortcuts(inspected: Sequence[Inspected], seed: int) -> list[dict[str, Any]]:
    """The same of the fakes of each generator against all real images of the same source.

    Empty where no fake has a generator; ``n_fake`` of the ``n`` files are the generator's.
    """
    fakes: dict[tuple[str, str], list[Inspected]] = defaultdict(list)
    reals: dict[str, list[Inspected]] = defaultdict(list)
    for one in _labelled(inspected):
        source = one.row.source or ""
        if one.row.label is ManifestLabel.REAL:
            reals[source].append(one)
        elif one.row.generator:
            fakes[source, one.row.generator].append(one)
    return [
        {
            "cue": cue,
            "source": source,
            "generator": generator,
            **_told(cue, [*fakes[source, generator], *reals[source]], seed),
        }
        for cue in (*CUES, FORMAT)
        for source, generator in sorted(fakes)
    ]


def cue_values(found: Sequence[Fingerprint]) -> Float64:
    """Every cue of ``found`` as numbers to learn from, float64 [n, columns]: the logarithm of what
    spans magnitudes, 0 for what a file does not have, and a column for each format."""
    formats = sorted({one.format for one in found})
    columns = [[_number(name, measure(one)) for one in found] for name, measure in CUES.items()]
    columns += [[float(one.format == each) for one in found] for each in formats]
    return np.array(columns, dtype=np.float64).T


def _number(cue: str, value: float | None) -> float:
    spans = cue in ("file_size", "pixels", "aspect", "sharpness")
    return 0.0 if value is None else float(np.log(max(value, 1e-9))) if spans else float(value)


def _labelled(inspected: Sequence[Inspected]) -> list[Inspected]:
    return [one for one in inspected if one.found and one.row.label]


def _told(cue: str, of: Sequence[Inspected], seed: int) -> dict[str, Any]:
    score, is_fake = _by_format(of) if cue == FORMAT else _by_number(cue, of)
    auroc = auroc_interval(score, is_fake, seed=seed)
    return {
        "n": len(score),
        "n_fake": int(is_fake.sum()),
        "auroc": auroc,
        "telling": auroc is not None and auroc[1] is not None and _away(*auroc[1:]),
    }


def _away(low: float, high: float) -> bool:
    return low > 0.5 + _TELLING or high < 0.5 - _TELLING


def _by_number(cue: str, of: Sequence[Inspected]) -> tuple[Float64, Bools]:
    known = [
        (value, one.row.label is ManifestLabel.FAKE)
        for one in of
        if one.found and (value := CUES[cue](one.found)) is not None
    ]
    score = np.array([value for value, _ in known], dtype=np.float64)
    return score, np.array([fake for _, fake in known], dtype=np.bool_)


def _by_format(of: Sequence[Inspected]) -> tuple[Float64, Bools]:
    formats = np.array([one.found.format if one.found else "" for one in of])
    is_fake = np.array([one.row.label is ManifestLabel.FAKE for one in of], dtype=np.bool_)
    shares = {each: float(is_fake[formats == each].mean()) for each in sorted(set(formats))}
    return np.array([shares[each] for each in formats], dtype=np.float64), is_fake
