"""The stored images as what a copy may be a copy of: an index in memory that follows the database.

Intake describes each image as it comes. Images from before that was so are described here, from
their files, a few at a time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress

from review_app.copies.descriptors import Probe
from review_app.copies.search import CopyIndex, Match
from review_app.intake.decode import Limits
from review_app.intake.describing import Describer
from review_app.intake.store import MediaStore
from storage.database import Database

_ROWS = 50_000
"""Descriptors that are read at a time."""
_NICENESS = 15


class StoredImages:
    """Safe to share between threads, and with other processes that take images in."""

    def __init__(self, database: Database, media: MediaStore, limits: Limits) -> None:
        self._database = database
        self._describer = Describer(database, media, limits)
        self._index = CopyIndex()
        self._turn = threading.Lock()
        self._newest = 0
        self._is_ready = False
        self._closing = threading.Event()

    def search(self, probe: Probe) -> tuple[list[Match], int]:
        """Stored images that resemble ``probe``, and the newest descriptor that was looked at."""
        newest = self._follow()
        return self._index.search(probe, self._thumbs), newest

    def is_ready(self) -> bool:
        """Whether every stored image can be found; describes a few where some cannot yet."""
        with self._turn:
            return self._is_ready or (not self._closing.is_set() and self._describe_some())

    def prepare(self) -> None:
        """Describe whatever is not described yet, until that is done or `close` is called, in a
        thread of its own, which comes after those that serve people."""
        with suppress(AttributeError, OSError):  # Linux alone has priorities of threads
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while not self._closing.is_set() and not self.is_ready():
            pass

    def close(self) -> None:
        """Let `prepare` end."""
        self._closing.set()
        with self._turn:  # the database goes next
            pass

    def _follow(self) -> int:
        with self._turn:
            while True:
                with self._database.read() as repos:
                    rows = repos.descriptors.after(self._newest, _ROWS)
                if not rows:
                    return self._newest
                self._index.add(rows)
                self._newest = rows[-1][0]

    def _thumbs(self, rows: Sequence[int]) -> list[bytes]:
        with self._database.read() as repos:
            return repos.descriptors.thumbs(rows)

    def _describe_some(self) -> bool:
        self._is_ready = self._describer.describe_some(self._closing.is_set)
        return self._is_ready
