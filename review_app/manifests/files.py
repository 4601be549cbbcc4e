"""Files that appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

from review_app.core.files import atomic_write


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 to ``path``, replacing what is there; folders are made.

    Whoever reads ``path`` sees the old text or the new one, whatever happens. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(text.encode())


def is_file(path: Path) -> bool:
    """Whether a file is at ``path``; False also where no file can have such a name (over 255 bytes,
    a zero byte) or nobody may look."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
