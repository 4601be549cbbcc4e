"""The data card: what a manifest holds, what leaks in it, and what was dropped on the way.

After Gebru et al., "Datasheets for datasets" (2021), as far as files can tell.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from review_app.core.hashing import sha256_of_file
from review_app.lab.datasets.deepfake_eval import SEED
from review_app.lab.datasets.families import equal_edges, families, near_edges
from review_app.lab.datasets.fingerprints import Fingerprint, Inspected
from review_app.lab.datasets.leaks import disagreeing
from review_app.lab.datasets.origin import read_origin
from review_app.lab.datasets.shortcuts import CUES, generator_shortcuts, shortcuts
from review_app.manifests.manifest import (
    Manifest,
    ManifestLabel,
    ManifestRow,
    listed,
    torn_groups,
)
from review_app.manifests.weights import effective_size

SCHEMA = 1
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

Card = dict[str, Any]
"""JSON-safe; the keys are those that :func:`data_card` lists."""

_MEASURES: dict[str, Callable[[Fingerprint], float | None]] = {
    "width": lambda found: found.width,
    "height": lambda found: found.height,
    "bytes": lambda found: found.size,
    "jpeg_quality": lambda found: found.jpeg_quality,
    **{cue: CUES[cue] for cue in ("sharpness", "brightness", "contrast", "colourfulness")},
}


def data_card(manifest: Manifest, inspected: Sequence[Inspected], *, seed: int = SEED) -> Card:
    """The card of ``manifest``, whose files are ``inspected``.

    Keys: ``schema, manifest, sha256, n, counts, balance, measures, formats, shortcuts,
    generator_shortcuts, duplicates, groups, unreadable, conflicts, steps, weights, warnings``;
    ``weights`` is None where no image has one. ``seed`` draws bootstrap samples.
    """
    rows = manifest.rows
    card: Card = {
        "schema": SCHEMA,
        "manifest": manifest.path.name,
        "sha256": sha256_of_file(manifest.path),
        "n": len(rows),
        "counts": _counts(rows),
        "balance": _balance(rows),
        "measures": _measures(inspected),
        "formats": _formats(inspected),
        "shortcuts": shortcuts(inspected, seed),
        "generator_shortcuts": generator_shortcuts(inspected, seed),
        "duplicates": _duplicates(inspected),
        "groups": _groups(rows),
        "unreadable": [{**_told(one.row), "why": one.failure} for one in inspected if one.failure],
        "conflicts": [[_told(row) for row in same] for same in _conflicts(inspected)],
        "steps": read_origin(manifest.path),
        "weights": _weights(rows),
    }
    return {**card, "warnings": _warnings(card)}


def _counts(rows: Sequence[ManifestRow]) -> list[dict[str, Any]]:
    found = Counter((row.split or "", row.label or "", row.source or "") for row in rows)
    return [
        {"split": split or None, "label": label or None, "source": source or None, "n": n}
        for (split, label, source), n in sorted(found.items())
    ]


def _balance(rows: Sequence[ManifestRow]) -> list[dict[str, Any]]:
    """Counts and share of fakes: of everything, of every split, and of every source."""
    parts: list[tuple[str, str | None, list[ManifestRow]]] = [("all", None, list(rows))]
    for what in ("split", "source"):
        names = sorted({getattr(row, what) for row in rows} - {None})
        for name in names:
            parts.append((what, name, [row for row in rows if getattr(row, what) == name]))
    table: list[dict[str, Any]] = []
    for part, name, members in parts:
        fake = sum(row.label is ManifestLabel.FAKE for row in members)
        real = sum(row.label is ManifestLabel.REAL for row in members)
        share = fake / (fake + real) if fake + real else None
        counts = {"n": len(members), "fake": fake, "real": real}
        table.append({"part": part, "name": name, **counts, "fake_share": share})
    return table


def _weights(rows: Sequence[ManifestRow]) -> dict[str, Any] | None:
    """How far the images differ in what they stand for, and the share of fakes as weighed."""
    weights = np.array([row.weight for row in rows if row.weight is not None])
    if not len(weights):
        return None
    fake = sum(row.weight or 0 for row in rows if row.label is ManifestLabel.FAKE)
    real = sum(row.weight or 0 for row in rows if row.label is ManifestLabel.REAL)
    return {
        "n": len(weights),
        "smallest": float(weights.min()),
        "largest": float(weights.max()),
        "effective_n": effective_size(weights),
        "fake_share": fake / (fake + real) if fake + real else None,
    }


def _measures(inspected: Sequence[Inspected]) -> list[dict[str, Any]]:
    """Quantiles of every measure for every label."""
    table = []
    for name, measure in _MEASURES.items():
        for label in sorted({one.row.label or "" for one in inspected if one.found}):
            values = [
                value
                for one in inspected
                if one.found and (one.row.label or "") == label
                if (value := measure(one.found)) is not None
            ]
            quantiles = np.quantile(values, QUANTILES).tolist() if values else None
            what = {"measure": name, "label": label or None, "n": len(values)}
            table.append({**what, "at": list(QUANTILES), "quantiles": quantiles})
    return table


def _formats(inspected: Sequence[Inspected]) -> list[dict[str, Any]]:
    found = Counter((one.found.format, one.row.label or "") for one in inspected if one.found)
    return [
        {"format": form, "label": label or None, "n": n}
        for (form, label), n in sorted(found.items())
    ]


def _duplicates(inspected: Sequence[Inspected]) -> dict[str, Any]:
    """Families of copies (equal sha256) and of near-copies that are no mere copies."""
    keys = [one.found.sha256 if one.found else None for one in inspected]
    exact = [f for f in families(len(keys), equal_edges(keys)) if len(f) > 1]
    looks = near_edges([one.found for one in inspected])
    near = [f for f in families(len(keys), looks) if len({keys[at] for at in f}) > 1]
    rows = [one.row for one in inspected]
    return {
        "exact": _families(rows, exact),
        "near": _families(rows, near),
    }


def _families(rows: Sequence[ManifestRow], members: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Families within one split, and across several."""
    told = [[_told(rows[at]) for at in family] for family in members]
    across = [len({row["split"] for row in family} - {None}) > 1 for family in told]
    return {
        "within": [family for family, torn in zip(told, across, strict=True) if not torn],
        "across": [family for family, torn in zip(told, across, strict=True) if torn],
    }


def _groups(rows: Sequence[ManifestRow]) -> dict[str, Any]:
    sizes = Counter(row.group for row in rows if row.group)
    torn = [
        {"group": group, "splits": [{"split": name, "row": at} for name, at in splits.items()]}
        for group, splits in torn_groups(rows).items()
    ]
    return {
        "n": len(sizes),
        "rows_without": sum(row.group is None for row in rows),
        "largest": max(sizes.values(), default=0),
        "across": torn,
    }


def _conflicts(inspected: Sequence[Inspected]) -> list[list[ManifestRow]]:
    keys = [one.found.sha256 if one.found else None for one in inspected]
    return disagreeing(keys, [one.row for one in inspected], "label")


def _told(row: ManifestRow) -> dict[str, Any]:
    return {"row": row.row, "name": row.name, "split": row.split, "label": row.label}


def _warnings(card: Card) -> list[str]:
    """What whoever trains or believes a figure should know first, in words."""
    copies, near = card["duplicates"]["exact"], card["duplicates"]["near"]
    found = [
        (card["unreadable"], "files are missing or cannot be read"),
        (card["conflicts"], "files are called both real and fake"),
        (copies["across"], "files lie in more than one split; training refuses them"),
        (near["across"], "families of near-copies lie in more than one split"),
        (card["groups"]["across"], "groups lie in more than one split; training refuses them"),
    ]
    words = [f"{len(what)} {text}" for what, text in found if what]
    if not (card["balance"][0]["fake"] and card["balance"][0]["real"]):
        words.append("one class only: real and fake images are both needed")
    for cue in card["shortcuts"]:
        if cue["telling"]:
            where = "overall" if cue["source"] is None else f"in {cue['source'] or 'no source'}"
            words.append(
                f"{cue['cue'].replace('_', ' ')} alone hints at the label {where}: AUROC "
                f"{cue['auroc'][0]:.2f} ({cue['auroc'][1]:.2f} to {cue['auroc'][2]:.2f})"
            )
    return words + _generator_warnings(card["generator_shortcuts"])


def _generator_warnings(table: Sequence[dict[str, Any]]) -> list[str]:
    """One line a cue: which generators it tells from the photos of their source."""
    telling: dict[str, list[str]] = defaultdict(list)
    for cue in table:
        if cue["telling"]:
            telling[cue["cue"]].append(f"{cue['generator']} ({cue['auroc'][0]:.2f})")
    n = len({(cue["source"], cue["generator"]) for cue in table})
    return [
        f"{cue.replace('_', ' ')} alone tells {len(names)} of {n} generators from the real images "
        f"of their source, by AUROC: {listed(names)}"
        for cue, names in telling.items()
    ]
