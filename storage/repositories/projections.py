"""What models made of images' features before they asked any head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from storage.engine import narrow_cache
from storage.models import ProjectionRow
from storage.repositories.portions import as_text

_HASHES = func.json_each(bindparam("hashes")).table_valued("value")
_KNOWN = select(ProjectionRow.sha256, ProjectionRow.packed).where(
    ProjectionRow.sha256.in_(select(_HASHES.c.value)),
    ProjectionRow.projection_key == bindparam("key"),
)
_KEEP = insert(ProjectionRow).prefix_with("OR IGNORE", dialect="sqlite")


class Projections:
    """A repository of packed projections by (image file, key)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get_many(self, sha256s: Sequence[str], projection_key: str) -> dict[str, bytes]:
        """Those that are stored, by hash."""
        asked = {"hashes": as_text(sha256s), "key": projection_key}
        connection = self._session.connection()
        with narrow_cache(connection):
            return dict(connection.execute(_KNOWN, asked).cursor.fetchall())

    def put_many(self, projections: Mapping[str, bytes], projection_key: str) -> None:
        """Store those that are not there yet."""
        rows = [
            {"sha256": sha256, "projection_key": projection_key, "packed": packed}
            for sha256, packed in projections.items()
        ]
        if rows:
            self._session.connection().execute(_KEEP, rows)
