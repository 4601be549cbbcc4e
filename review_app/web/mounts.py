"""The paths at which Gradio's pages are mounted."""

from __future__ import annotations

from review_app.core.permissions import Area


def mount_of(area: Area) -> str:
    """The path below which the pages of ``area`` lie."""
    return f"/{area}"


MOUNTS = (mount_of(Area.REVIEW), mount_of(Area.ADMIN))
