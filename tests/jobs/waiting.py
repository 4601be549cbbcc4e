"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 120.0
"""Seconds after which it is given up: a busy machine starts processes slowly."""
Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], what: str) -> Found:
    """What ``look`` finds, as soon as it finds anything."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"{what}: not in {PATIENCE:g} seconds"
        time.sleep(0.05)
    return found
