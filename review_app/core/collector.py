"""What the collector of cyclic garbage need not look at: 400,000 objects of a server live as long
as it does, and looking through all of them holds everybody up for 0.3 seconds, now and then in the
middle of a page."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def set_aside() -> None:
    """Have the collector look no more at what there is now, nor free any of it. To be called when
    what a server needs is there: hardly any of it is garbage then."""
    gc.freeze()


def set_aside_anew() -> None:
    """Free what has become garbage of what was set aside, and set aside what there is now: after
    something large has come or gone."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def left_alone() -> Iterator[None]:
    """Have the collector not look at what there is now until this ends: for a command that ends
    soon, and makes a million objects meanwhile. What whoever runs the command in their own process
    has set aside stays so."""
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
