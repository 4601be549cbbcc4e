"""Images from before there were descriptors are described from their files, a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from review_app.copies.descriptors import Descriptor, describe
from review_app.core.errors import RefusedFile
from review_app.intake.decode import Limits, decode
from review_app.intake.store import MediaStore
from storage.database import Database

_AT_ONCE = 64


class Describer:
    """A run through one database, which knows where it has come to. Not safe to share between
    threads."""

    def __init__(self, database: Database, media: MediaStore, limits: Limits) -> None:
        self._database = database
        self._media = media
        self._limits = limits
        self._described_to = 0

    def describe_some(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Whether nothing is left; False as soon as ``stop`` says so. An image whose file cannot be
        read is passed over: nobody can see it either."""
        with self._database.read() as repos:
            newest = repos.descriptors.newest_image()
            missing = repos.descriptors.missing(self._described_to, _AT_ONCE)
        found = {}
        for image_id, sha256 in missing:
            if stop():
                return False
            with suppress(OSError, RefusedFile):
                found[image_id] = self._describe(sha256)
        if found:
            with self._database.write() as repos:
                for image_id, descriptor in found.items():
                    repos.descriptors.add(image_id, descriptor.phash, descriptor.thumb)
        self._described_to = missing[-1][0] if missing else newest
        return len(missing) < _AT_ONCE

    def _describe(self, sha256: str) -> Descriptor:
        data = self._media.original(sha256).read_bytes()
        return describe(decode(data, sha256, self._limits).image)
