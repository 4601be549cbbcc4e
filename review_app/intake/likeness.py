"""Each image of an intake is compared with earlier ones: which of them is it a copy of?

Told before the transaction that stores the batch: looking at pixels takes long enough that nobody
should wait for a lock meanwhile.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from review_app.copies.alike import AlikeIndex
from review_app.copies.descriptors import Descriptor
from review_app.copies.look import Look
from review_app.core.errors import RefusedFile
from review_app.intake.decode import Limits, decode
from review_app.intake.describing import Describer
from review_app.intake.store import MediaStore
from storage.database import Database

_ROWS = 50_000
"""Descriptors that are read at a time."""
_LOOKS = 128
"""Looks of stored images that are kept for the next comparisons: 256 KiB each."""


class Seen(NamedTuple):
    """An image that is being taken in, as it is compared."""

    sha256: str
    descriptor: Descriptor
    look: Look


class Likeness:
    """Copies of what one database holds, and of what one intake has added since."""

    def __init__(self, database: Database, media: MediaStore, limits: Limits) -> None:
        self._database = database
        self._media = media
        self._limits = limits
        self._index: AlikeIndex[int] = AlikeIndex()
        self._looks: OrderedDict[int, Look] = OrderedDict()
        describer = Describer(database, media, limits)
        while not describer.describe_some():
            pass
        newest = 0
        with database.read() as repos:
            while rows := repos.descriptors.after(newest, _ROWS):
                for _, image_id, phash in rows:
                    self._index.add(image_id, phash)
                newest = rows[-1][0]

    def earlier(self, batch: Sequence[Seen]) -> dict[str, str]:
        """The hash of the image that a file is a copy of, by hash of the file: a stored one, or
        else one before it in ``batch``. Files that are stored already are not looked for."""
        among: AlikeIndex[int] = AlikeIndex()
        found: dict[str, str] = {}
        with self._database.read() as repos:
            told = repos.images.with_picture([one.sha256 for one in batch])
        for place, one in enumerate(batch):
            if one.sha256 in told:
                continue
            told.add(one.sha256)
            earlier = self._stored(one) or _before(one, batch, among)
            if earlier is not None:
                found[one.sha256] = earlier
            among.add(place, one.descriptor.phash)
        return found

    def add(self, image_id: int, seen: Seen) -> None:
        """An image that is stored from now on."""
        self._index.add(image_id, seen.descriptor.phash)
        self._keep(image_id, seen.look)

    def _stored(self, one: Seen) -> str | None:
        found = self._index.find(one.look.hashes, lambda: one.look, self._middles, self._look)
        return None if found is None else self._sha256(found)

    def _middles(self, image_ids: list[int]) -> list[bytes]:
        with self._database.read() as repos:
            return repos.descriptors.middles(image_ids)

    def _sha256(self, image_id: int) -> str:
        with self._database.read() as repos:
            image = repos.images.get(image_id)
            assert image is not None  # only what has a picture is described
            assert image.sha256 is not None
            return image.sha256

    def _look(self, image_id: int) -> Look | None:
        if image_id in self._looks:
            self._looks.move_to_end(image_id)
            return self._looks[image_id]
        sha256 = self._sha256(image_id)
        try:
            data = self._media.original(sha256).read_bytes()
            look = Look.of(decode(data, sha256, self._limits).image)
        except (OSError, RefusedFile):
            return None
        self._keep(image_id, look)
        return look

    def _keep(self, image_id: int, look: Look) -> None:
        self._looks[image_id] = look
        while len(self._looks) > _LOOKS:
            self._looks.popitem(last=False)


def _before(one: Seen, batch: Sequence[Seen], among: AlikeIndex[int]) -> str | None:
    found = among.find(
        one.look.hashes,
        lambda: one.look,
        lambda places: [batch[place].descriptor.thumb for place in places],
        lambda place: batch[place].look,
    )
    return None if found is None else batch[found].sha256
