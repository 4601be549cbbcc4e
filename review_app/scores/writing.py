"""Write score files that `review_app.scores.reading` reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from review_app.core.errors import InputError
from review_app.manifests.files import write_whole
from review_app.scores.row import COLUMNS, ScoreRow


def write_scores(path: Path, rows: Iterable[ScoreRow]) -> int:
    """Write ``rows`` to ``path``, whole or not at all, replacing what is there; how many.

    Numbers are written so that they are read back equal. Raises InputError where the file cannot be
    written.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    n = 0
    for row in rows:
        writer.writerow([_text(getattr(row, column)) for column in COLUMNS])
        n += 1
    try:
        write_whole(path, text.getvalue())
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}); choose another folder"
        ) from error
    return n


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
