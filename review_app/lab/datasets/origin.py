"""The origin of a manifest: the steps that made it, and what they dropped and why.

The record lies beside the manifest (``data.csv`` → ``data.origin.json``) and names the digest of
the very file it is about, so that it is not believed of a manifest that was edited since.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from review_app.core.errors import ManifestError
from review_app.core.hashing import sha256_of_file
from review_app.manifests.files import write_whole


class DropReason(StrEnum):
    """A reason why a row did not get into a manifest."""

    NO_NAME = "no_name"
    """The file name is a spreadsheet's ``#NAME?``, or empty: nobody knows which file it was."""
    UNMATCHED = "unmatched"
    """No file of that name, and none of that stem."""
    UNKNOWN_LABEL = "unknown_label"
    """The label is neither real nor fake."""
    UNKNOWN_SPLIT = "unknown_split"
    """The split is neither train nor test."""
    DUPLICATE = "duplicate"
    """An earlier row names the same file with the same label."""
    CONFLICT = "conflict"
    """Another row names the same file with the other label; neither is believed."""
    UNREADABLE = "unreadable"
    """The file cannot be decoded as an image."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One row that was left out."""

    row: int
    """Line of the file it stood in."""
    name: str
    reason: DropReason
    detail: str = ""


Step = dict[str, Any]
"""One thing that was done: ``what``, ``input``, ``rows``, ``dropped`` and the step's own facts."""


def step(what: str, source: Path, rows: int, dropped: Sequence[Dropped], **facts: Any) -> Step:
    """The record of one step that read ``source`` and wrote ``rows`` rows; folders have no hash."""
    return {
        "what": what,
        "input": {
            "name": source.name,
            "sha256": sha256_of_file(source) if source.is_file() else None,
        },
        "rows": rows,
        "dropped_counts": counts(dropped),
        "dropped": [asdict(each) for each in dropped],
        **facts,
    }


def counts(dropped: Sequence[Dropped]) -> dict[str, int]:
    """How many rows were dropped for each reason that occurs."""
    found = Counter(each.reason for each in dropped)
    return {reason.value: found[reason] for reason in DropReason if found[reason]}


def write_origin(manifest: Path, steps: Sequence[Step]) -> None:
    """Record ``steps``, oldest first, beside ``manifest``."""
    document = {"manifest_sha256": sha256_of_file(manifest), "steps": list(steps)}
    try:
        write_whole(origin_path(manifest), json.dumps(document, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise ManifestError(
            f"{origin_path(manifest)} cannot be written ({error.strerror}); choose another folder"
        ) from error


def read_origin(manifest: Path) -> list[Step]:
    """The steps that made ``manifest`` as it is now; none where nobody recorded any."""
    try:
        document = json.loads(origin_path(manifest).read_text(encoding="utf-8"))
        known = document["manifest_sha256"] == sha256_of_file(manifest)
        return list(document["steps"]) if known else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def origin_path(manifest: Path) -> Path:
    """The path of the record of ``manifest``."""
    return manifest.with_suffix(".origin.json")
