"""Feature caches of the detector's own: a folder for the command line, and memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from review_app.core.errors import DetectorError
from review_app.inference.backbones.base import Features

_KEYS_PER_QUERY = 500  # below every SQLite build's limit on variables


class MemoryFeatureCache:
    """A cache that keeps features for as long as it lives."""

    def __init__(self) -> None:
        self._features: dict[tuple[str, str], Features] = {}

    def get_many(self, keys: Sequence[str], backbone_key: str) -> dict[str, Features]:
        """See :class:`review_app.inference.features.FeatureCache`."""
        found = ((key, self._features.get((backbone_key, key))) for key in keys)
        return {key: features for key, features in found if features is not None}

    def put_many(self, features: Mapping[str, Features], backbone_key: str) -> None:
        """See :class:`review_app.inference.features.FeatureCache`."""
        for key, row in features.items():
            self._features.setdefault((backbone_key, key), row)


class DirectoryFeatureCache:
    """A cache that keeps features in one SQLite file in a folder, as float16 (which loses nothing
    of them).

    A run that is killed loses at most the batch it was writing; two runs may share the folder.
    Raises DetectorError where the folder cannot be used.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "features.sqlite3"
        try:
            root.mkdir(parents=True, exist_ok=True)
            with self._connection() as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS feature (backbone TEXT, key TEXT, value BLOB "
                    "NOT NULL, PRIMARY KEY (backbone, key)) WITHOUT ROWID"
                )
        except (OSError, sqlite3.Error) as error:
            raise DetectorError(
                f"the feature cache {self._path} cannot be used ({error}); choose another folder, "
                "or delete the file: features are computed again"
            ) from error

    def get_many(self, keys: Sequence[str], backbone_key: str) -> dict[str, Features]:
        """See :class:`review_app.inference.features.FeatureCache`."""
        found: dict[str, Features] = {}
        with self._connection() as connection:
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                part = keys[start : start + _KEYS_PER_QUERY]
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT key, value FROM feature WHERE backbone = ? AND key IN ({marks})",  # noqa: S608 - only question marks
                    (backbone_key, *part),
                )
                for key, value in rows:
                    found[key] = np.frombuffer(value, dtype="<f2").astype(np.float32)
        return found

    def put_many(self, features: Mapping[str, Features], backbone_key: str) -> None:
        """See :class:`review_app.inference.features.FeatureCache`."""
        rows = [(backbone_key, key, row.astype("<f2").tobytes()) for key, row in features.items()]
        with self._connection() as connection:
            connection.executemany("INSERT OR IGNORE INTO feature VALUES (?, ?, ?)", rows)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # One connection a call: cheap beside a batch of images, and safe in any thread.
        with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
            yield connection
