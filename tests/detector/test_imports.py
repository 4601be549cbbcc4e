"""What only reads results must start quickly: torch takes seconds to import."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "inference.checkpoint",
        "inference.faces",
        "inference.service",
        "lab.evaluation",
        "lab.search",
        "lab.training",
    ],
)
def test_torch_is_not_imported_before_it_is_needed(module: str) -> None:
    code = f"import sys, review_app.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("slow", ["torch", "gradio", "sklearn", "pandas", "scipy.stats"])
def test_commands_that_need_no_model_start_without_what_is_slow(slow: str) -> None:
    code = f"import sys, review_app.cli; sys.exit({slow!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
