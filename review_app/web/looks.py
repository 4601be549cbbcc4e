"""A first look: pictures that somebody asks for the first time since they hold an item.

For such a first look nothing is taken from what was kept for others: an image that others have seen
before, as known ones have been, would come sooner and be known by that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

REMEMBERED = 100_000


class FirstLooks:
    """Safe to share between threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def is_first(self, address: str) -> bool:
        """Whether nobody has asked for ``address`` before; from now on somebody has."""
        with self._lock:
            if address in self._known:
                self._known.move_to_end(address)
                return False
            self._known[address] = None
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return True
