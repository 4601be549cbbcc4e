"""One file that may become an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from review_app.manifests.labels import ManifestLabel


@dataclass(frozen=True, slots=True)
class Candidate:
    """One file that may become an item; ``read`` gets its bytes or raises ``RefusedFile``."""

    name: str
    """The name for people: the path, or ``archive.zip/inner/path``."""
    read: Callable[[], bytes]
    label: ManifestLabel | None = None
    """What a manifest says it is."""
    source: str | None = None
    group: str | None = None
    split: str | None = None
    row: int | None = None
    """Row of the manifest as a spreadsheet counts: the header is row 1."""
    packed: bool = False
    """Whether it lies in an archive."""
