"""What only reads results must start quickly: torch takes seconds to import."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    *("inference.checkpoint", "inference.faces", "inference.service"),
    *("lab.evaluation", "lab.search", "lab.training"),
)
SLOW = ("torch", "gradio", "sklearn", "pandas", "scipy", "alembic", "pyarrow")
TO_HELP = "review_app.cli.contents as c; [c.commands_of(one) for one in c.CONTENTS]"
TO_SERVE = "review_app.cli.site, review_app.bootstrap, review_app.web.desks, review_app.web.serving"
TO_INSPECT = (
    "review_app.inspection.worker, review_app.inference.backbones as b; "
    "b.load_backbone('efficientnet_lite0')"
)


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
    assert imported_with("review_app.cli", (*SLOW, "sqlalchemy", "numpy")) == set()
    assert imported_with(TO_HELP, SLOW) == set()
    assert imported_with("review_app.bootstrap", SLOW) == set()


def test_the_server_starts_without_what_it_may_never_need() -> None:
    slow = ("torch", "scipy", "sklearn", "alembic")
    assert imported_with(TO_SERVE, ("gradio", *slow)) == {"gradio"}


def test_what_inspects_starts_without_what_its_network_does_not_need() -> None:
    slow = ("timm", "torchvision", "sympy", "huggingface_hub", "torch._dynamo")
    assert imported_with(TO_INSPECT, ("torch", *slow)) == {"torch"}
