"""Manifests written for one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Writer = Callable[..., Path]


@pytest.fixture
def write_manifest(tmp_path: Path) -> Writer:
    """Writes lines (the header first) to a manifest and returns its path."""

    def write(*lines: str, name: str = "manifest.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
