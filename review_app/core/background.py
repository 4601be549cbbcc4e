"""What processes have in common that work beside the server."""

from __future__ import annotations

import os
from contextlib import suppress


def stand_back(niceness: int) -> None:
    """Leave at least half of the processor's cores to whoever serves people, and come after them on
    the others, where the system knows of such things. ``niceness``: 0 to 19."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        with suppress(OSError):
            os.sched_setaffinity(0, cores[len(cores) // 2 :] if len(cores) > 1 else cores)
