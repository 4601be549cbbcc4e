"""Files beside the database that take another's place whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def draft_of(path: Path, prefix: str, lines: Iterable[str]) -> Path:
    """A new file beside ``path`` that holds ``lines`` of ASCII, on disk already and readable by its
    owner alone; the caller gives it its place. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=prefix)  # mode 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    return Path(draft)
