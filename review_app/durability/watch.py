"""A watch that finds out that nothing can be stored while nobody stores anything."""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

import migrations
from review_app.core.errors import StorageError
from storage.database import Database
from storage.types import utc_now

_logger = logging.getLogger(__name__)


class StorageWatch:
    """A watch over the files of one database; what it found last is told to whoever asks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._schema = migrations.head_revision()
        self._trouble: str | None = None
        self._is_rescued = False

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored, in words; None while all is well. Files that were replaced
        are noticed at once."""
        try:
            self._database.check()
        except StorageError as error:
            return str(error)
        return self._trouble

    def not_ready(self) -> str | None:
        """Why a request could not be served now, in words; None where it could."""
        if trouble := self.trouble:
            return trouble
        try:
            revision = migrations.current_revision(self._database.engine)
        except SQLAlchemyError:
            return "database does not answer"
        return None if revision == self._schema else "database schema has changed; restart"

    def look(self) -> None:
        """Store something and find it again; where files were lost, save what was in them.

        Never raises: the next look looks again.
        """
        before, self._trouble = self._trouble, self._found()
        if before and self._trouble is None:
            _logger.warning("the database can be written to again")
        if self._database.files.lost and not self._is_rescued:
            self._is_rescued = True
            self._rescue()

    def _found(self) -> str | None:
        try:
            self._database.beat()
        except StorageError as error:
            return str(error)
        except Exception:
            _logger.exception("the look at the database failed; the next one tries again")
            return "the database does not answer"
        return None

    def _rescue(self) -> None:
        """The connections that are open still see all that was acknowledged; once the server has
        stopped, nobody does."""
        out = _beside(self._database.files.path)
        try:
            self._database.files.rescue(out)
        except Exception:
            _logger.exception("what was stored until the files were lost could not be saved")
        else:
            _logger.error("all that was stored until the files were lost was saved as %s", out)


def _beside(path: Path) -> Path:
    """A new file's name beside ``path``, or where its folder was, if that is gone, too."""
    folder = next(parent for parent in path.parents if parent.is_dir())
    return folder / f"{path.name}.rescued-{utc_now():%Y%m%dT%H%M%S.%f}"
