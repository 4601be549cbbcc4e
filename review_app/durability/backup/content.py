"""The content of a backup, as the copied database tells it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from review_app.durability.backup.manifest import AuditHead
from review_app.intake.store import public_suffix

BEFORE = ("seal.heads",)
"""Files of the data directory that may not know more than the database: copied before it."""
AFTER = ("secret.key", "seal.key")
"""Those that may not know less: copied after it. They are secrets, readable by their owner only."""
CHECKPOINTS = "checkpoints"
"""The folder of the data directory that trained detectors are put in."""
_COUNTED = ("image", "item", "label", "decision", "user", "audit_event")


_SHOWN = """
SELECT sha256, public_type, public_sha256 FROM image WHERE public_type IS NOT NULL"""
_HIDDEN = """
UNION SELECT sha256, json_extract(was, '$.public_type') AS public_type, public_sha256
FROM deletion JOIN bulk_change USING (action_id, item_id)
JOIN item ON item.id = deletion.item_id JOIN image ON image.id = item.image_id
WHERE json_extract(was, '$.public_type') IS NOT NULL"""
"""Images that are deleted, while that can be undone."""
_HAS_DELETIONS = "SELECT 1 FROM sqlite_master WHERE name = 'deletion'"


class Media(NamedTuple):
    """A stored file: its path below the data directory, and its hash where that is known."""

    path: str
    sha256: str | None


class Content:
    """A database that nobody writes to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def damage(self) -> str | None:
        """What SQLite finds wrong with the file."""
        (found,) = self._one("PRAGMA integrity_check(1)")
        return None if found == "ok" else str(found)

    def revision(self) -> str:
        """The revision of its schema."""
        (revision,) = self._one("SELECT version_num FROM alembic_version")
        return str(revision)

    def counts(self) -> dict[str, int]:
        """Rows of the tables that people know."""
        return {name: self._one(f'SELECT count(*) FROM "{name}"')[0] for name in _COUNTED}  # noqa: S608

    def audit_head(self) -> AuditHead | None:
        """The newest event of the audit log."""
        found = self._one("SELECT id, hash FROM audit_event ORDER BY id DESC LIMIT 1")
        return None if found is None else AuditHead(event=found[0], hash=found[1])

    def media(self) -> Iterator[Media]:
        """Every stored file that an image has."""
        with closing(self._open()) as connection:
            knows_deletions = connection.execute(_HAS_DELETIONS).fetchone()
            query = f"{_SHOWN}{_HIDDEN if knows_deletions else ''} ORDER BY sha256"
            for sha256, public_type, public_sha256 in connection.execute(query):
                place = f"{sha256[:2]}/{sha256}"
                yield Media(f"media/original/{place}", sha256)
                yield Media(f"media/public/{place}{public_suffix(public_type)}", public_sha256)

    def checkpoints(self) -> list[Path]:
        """The folders of trained detectors that it refers to."""
        with closing(self._open()) as connection:
            found = connection.execute("SELECT path FROM checkpoint WHERE path IS NOT NULL")
            return [Path(path) for (path,) in found]

    def _one(self, query: str) -> Any:
        with closing(self._open()) as connection:
            return connection.execute(query).fetchone()

    def _open(self) -> sqlite3.Connection:
        # Nobody else has it, and no other file is to appear beside it.
        return sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
