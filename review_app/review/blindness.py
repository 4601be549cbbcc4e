"""Blindness: whether somebody answers without having been told what the detector says of the image.

They may have been told by the receipt of an earlier answer, or on the Inspect page, of the image or
of a copy of it. What they had read there is on record, and so is what it resembled; an image that
was taken in only later is compared with it now.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from review_app.copies.descriptors import Descriptor, Probe
from review_app.copies.search import ALIKE, similarity
from storage.models import ImageDescriptor
from storage.repositories import Repositories

_READINGS: Final = 100
"""Readings of one person that an image which came later is compared with, the newest first."""


def is_blind(repos: Repositories, user_id: int, item_id: int, image_id: int) -> bool:
    """Whether nothing that the person was told speaks of the item, or of an image like it."""
    if repos.labels.has_seen_opinion(user_id, item_id):
        return False
    return not (repos.readings.any_of(user_id) and _has_read(repos, user_id, image_id))


def _has_read(repos: Repositories, user_id: int, image_id: int) -> bool:
    if repos.readings.matched(user_id, image_id):
        return True
    stored = repos.descriptors.of_image(image_id)
    if stored is None:
        return False
    earlier = repos.readings.before(user_id, stored.id, _READINGS)
    return any(_resembles(number, data, stored) for number, data in earlier)


def _resembles(number: int, data: bytes, stored: ImageDescriptor) -> bool:
    return similarity(_probe(number, data), Descriptor(stored.phash, stored.thumb)) >= ALIKE


@lru_cache(maxsize=1000)
def _probe(_number: int, data: bytes) -> Probe:
    """The probe of a reading: its hashes take longer to compute than to compare."""
    return Probe.from_bytes(data)
