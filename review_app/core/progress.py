"""The progress of a long job, told as it goes on."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""A function that is called with (done, total); the total is None while nobody knows it."""
