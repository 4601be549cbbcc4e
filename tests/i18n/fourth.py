"""The program with a fourth language, Polish: a copy of it, and one file more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
POLISH = Path(__file__).parent / "catalogues" / "pl.json"


def with_polish(folder: Path) -> dict[str, str]:
    """Make the copy in ``folder``; the environment in which Python runs it."""
    package = folder / "review_app"
    shutil.copytree(ROOT / "review_app", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(POLISH, package / "i18n" / "catalogues")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


def told_by(code: str, folder: Path) -> str:
    """What Python prints that runs ``code`` in the copy."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=folder, env=with_polish(folder), check=True, capture_output=True, text=True
    )
    return done.stdout
