"""Extras of the installation: which packages a server does without, and how they are had."""

from __future__ import annotations

from typing import Final

_BROUGHT_BY: Final = {
    "matplotlib": ("matplotlib", "lab"),
    "mlflow": ("mlflow-skinny", "mlflow"),
    "openvino": ("openvino", "openvino"),
    "pandas": ("pandas", "demo"),
    "sklearn": ("scikit-learn", "lab"),
    "skimage": ("scikit-image", "demo"),
}
"""Import name → package and the extra that brings it."""


def remedy(extra: str) -> str:
    """How the extra is installed, as the end of a sentence."""
    return f"install it with: pip install 'deepfake-review[{extra}]' (or: make {extra})"


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """What is missing and how it is had; None where ``error`` is of no package of an extra."""
    found = _BROUGHT_BY.get((error.name or "").partition(".")[0])
    if found is None:
        return None
    package, extra = found
    return f"this needs {package}, which the extra {extra!r} brings; {remedy(extra)}"
