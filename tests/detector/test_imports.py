"""What only reads results must start quickly: torch takes seconds to import."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    *("inference.checkpoint", "inference.faces", "inference.service"),
    *("lab.evaluation", "lab.search", "lab.training"),
)
SLOW = ("torch", "gradio", "sklearn", "pandas", "scipy.stats")


def imported_with(imports: str, wanted: tuple[str, ...]) -> set[str]:
    """Those of the modules ``wanted`` that another Python has after ``imports``."""
    code = f"import sys, {imports}; print(*set({wanted!r}) & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_torch_is_not_imported_before_it_is_needed() -> None:
    assert imported_with("torch", ("torch",)) == {"torch"}
    modules = ", ".join(f"review_app.{module}" for module in MODULES)
    assert imported_with(modules, ("torch",)) == set()


def test_commands_that_need_no_model_start_without_what_is_slow() -> None:
    assert imported_with("review_app.cli", SLOW) == set()
