"""A gate decides who may be told the detector's reading of an image of their own, and records who
was.

Reviewers answer blind. An image saved from the review page and brought to Inspect would tell them
the opinion first; so a reviewer gets no reading of anything that looks like a stored image, in
whatever state that is: a refusal that depended on the state would tell it. Whatever is read is on
record, with the stored images that it resembles a little, and no answer to those is blind any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from review_app.copies.descriptors import Probe
from review_app.copies.search import SAME
from review_app.core.errors import BusyError, NotAllowedError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.inspection.stored import StoredImages
from review_app.policy.review_options import read_options
from storage.database import Database
from storage.types import utc_now

MAX_A_DAY: Final = 1000
"""Readings of one person within 24 hours: each leaves some kilobytes on record for good."""


class ReadingGate:
    """A gate that is asked before a reading is shown; safe to share between threads."""

    def __init__(self, database: Database, stored: StoredImages) -> None:
        self._database = database
        self._stored = stored

    def is_open_to(self, person: Person) -> bool:
        """Whether ``person`` may use Inspect at all: admins may close it for reviewers."""
        if not person.may(Permission.INSPECT):
            return False
        if person.may(Permission.SEE_QUEUE):
            return True
        with self._database.read() as repos:
            return read_options(repos).reviewers_inspect

    def require_open(self, person: Person) -> None:
        """Raise NotAllowedError unless ``person`` may use Inspect."""
        require(person, Permission.INSPECT)
        if not self.is_open_to(person):
            raise NotAllowedError(Text("inspect.closed"))

    def pass_on(self, person: Person, probe: Probe) -> None:
        """Put on record that ``person`` is told the reading of the image behind ``probe``.

        Raises NotAllowedError where they must not be, with words that are the same for every stored
        image; and while not all of those can be recognised yet. Raises BusyError after `MAX_A_DAY`.
        """
        self.require_open(person)
        sees_all = person.may(Permission.SEE_QUEUE)
        if not self._stored.is_ready() and not sees_all:
            raise NotAllowedError(Text("inspect.not_ready"))
        matches, newest = self._stored.search(probe)
        if not sees_all and any(match.similarity >= SAME for match in matches):
            raise NotAllowedError(Text("inspect.looks_stored"))
        alike = {match.image_id: match.similarity for match in matches}
        with self._database.write() as repos:
            limit = repos.readings.nth_newest_of(person.id, MAX_A_DAY)
            if limit is not None and utc_now() - limit < timedelta(days=1):
                raise BusyError(Text("inspect.enough", {"n": MAX_A_DAY}))
            repos.readings.add(person.id, probe.to_bytes(), newest, alike)
