"""Databases that older programs wrote, to be brought up to this one's schema.

Each is what the program of that revision left of a small deployment, in SQL. `make` wrote 0017;
0001 was written by the services of commit 974abfc: known labels, a cold start, answers, one taken
back, a certificate, audits, an acceptance, a skip, a suspension.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.seals import heads, keyring

FOLDER = Path(__file__).parent
DATABASE = "review.db"


def restored(revision: str, folder: Path) -> Path:
    """The data directory that the program of ``revision`` left, in ``folder``: the database and,
    where it knew seals, their key and heads."""
    data = folder / "data"
    data.mkdir()
    text = gzip.decompress((FOLDER / f"review-{revision}.sql.gz").read_bytes()).decode()
    with closing(sqlite3.connect(data / DATABASE)) as file:
        file.executescript(text)
    for name in (keyring.FILE, heads.FILE):
        kept = FOLDER / f"{revision}-{name}"
        if kept.exists():
            shutil.copyfile(kept, data / name)
    return data
