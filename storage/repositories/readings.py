"""Readings: who was told the detector's opinion of what; append-only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from storage.models import Reading, ReadingMatch
from storage.prepared import Prepared

# Made once: every answer asks, and hardly anybody has had anything read.
_ANY_OF = Prepared(select(Reading.id).where(Reading.user_id == bindparam("user")).limit(1))
_MATCHED = Prepared(
    select(ReadingMatch.reading_id).where(
        ReadingMatch.user_id == bindparam("user"), ReadingMatch.image_id == bindparam("image")
    )
)
_NTH_NEWEST = (
    select(Reading.read_at)
    .where(Reading.user_id == bindparam("user"))
    .order_by(Reading.id.desc())
    .limit(1)
    .offset(bindparam("n"))
)
_EARLIER = (
    select(Reading.id, Reading.probe)
    .where(
        Reading.user_id == bindparam("user"), Reading.newest_descriptor < bindparam("descriptor")
    )
    .order_by(Reading.id.desc())
    .limit(bindparam("n"))
)


class Readings:
    """The repository of what people had read on Inspect, and which stored images resemble it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, user_id: int, probe: bytes, newest_descriptor: int, matches: Mapping[int, float]
    ) -> int:
        """The id of a new reading. ``matches``: similarity by image id."""
        reading = Reading(user_id=user_id, probe=probe, newest_descriptor=newest_descriptor)
        self._session.add(reading)
        self._session.flush()
        rows = [
            {"user_id": user_id, "image_id": image, "reading_id": reading.id, "similarity": value}
            for image, value in matches.items()
        ]
        if rows:
            statement = insert(ReadingMatch).prefix_with("OR IGNORE", dialect="sqlite")
            self._session.execute(statement, rows)
        return reading.id

    def nth_newest_of(self, user_id: int, n: int) -> datetime | None:
        """The time of the person's ``n``-th newest reading; None where there are fewer."""
        asked = {"user": user_id, "n": n - 1}
        return self._session.scalar(_NTH_NEWEST, asked)

    def any_of(self, user_id: int) -> bool:
        """Whether the person ever had anything read."""
        return _ANY_OF.value(self._session, user=user_id) is not None

    def matched(self, user_id: int, image_id: int) -> bool:
        """Whether the image resembled, when it was here already, what the person had read."""
        return _MATCHED.value(self._session, user=user_id, image=image_id) is not None

    def before(self, user_id: int, descriptor_id: int, n: int) -> list[tuple[int, bytes]]:
        """Id and probe of the person's ``n`` newest readings that were never compared with the
        image of this descriptor, as it came later."""
        asked = {"user": user_id, "descriptor": descriptor_id, "n": n}
        return [(row[0], row[1]) for row in self._session.connection().execute(_EARLIER, asked)]
