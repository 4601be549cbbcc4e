"""How many faces were found, in words."""

from __future__ import annotations

from review_app.i18n import t


def faces_found(n: int) -> str:
    """The number of faces as a phrase."""
    return t("faces.found", n=n) if n else t("faces.none")
