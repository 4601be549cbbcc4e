"""``db check|recount|head|rekey``: whether the database is as the program left it."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from review_app.bootstrap import ensure_schema, media_store, open_database
from review_app.cli.common import ACTOR, AsJson, application, progress_bar, result, settings
from review_app.core.errors import InputError, ReviewAppError
from review_app.core.settings import Settings
from review_app.durability import integrity
from review_app.intake.media_check import MediaReport, check_media
from storage.database import Database
from storage.seals.heads import ChainHead


def register(group: typer.Typer) -> None:
    """Add the commands to the ``db`` group."""
    group.command("check")(check)
    group.command("recount")(recount)
    group.command("head")(head)
    group.command("rekey")(rekey)


def check(
    expect: Annotated[
        list[str] | None,
        typer.Option(help="A head, as `db head` printed it, that the audit log must contain."),
    ] = None,
    media: Annotated[
        bool, typer.Option("--media", help="Read every stored image from beginning to end, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the schema, the database file, the audit log and all that it seals."""
    here = settings()
    with closing(open_database(here)) as database:
        ensure_schema(database)
        report = integrity.check(database, [_head(text) for text in expect or ()])
        stored = _check_media(here, database) if media else None
    document, words = report.to_json(), report.text
    if stored is not None:
        document["media"], words = stored.to_json(), f"{words}\n{stored.text}"
    result(document, as_json, words)
    if report.findings:
        raise ReviewAppError(
            f"{len(report.findings)} findings: restore a backup from before, and find out who can "
            "write to the database file"
        )
    if stored is not None and not stored.is_whole:
        raise ReviewAppError(
            f"{len(stored.missing)} stored images are missing and {len(stored.damaged)} damaged: "
            "take the same files in again, or restore a backup"
        )


def recount(as_json: AsJson = False) -> None:
    """Count anew what the first screen tells, where `db check` found it miscounted."""
    with closing(open_database(settings())) as database:
        ensure_schema(database)
        with database.write() as repos:
            wrong = repos.tallies.wrong()
            repos.tallies.recount()
    n = sum(map(len, wrong.values()))
    result({"mended": wrong}, as_json, f"{n} counters were wrong, all are right now")


def head(as_json: AsJson = False) -> None:
    """Print how far the audit log has come, to be kept elsewhere and given to `db check`."""
    with closing(open_database(settings())) as database:
        ensure_schema(database)
        with database.read() as repos:
            found = repos.audit.head()
    text = None if found is None else str(found)
    result({"head": text}, as_json, text or "the audit log is empty")


def rekey(as_json: AsJson = False) -> None:
    """Seal the audit log with a new key from now on; the file of keys keeps the old ones."""
    with application() as app:
        name = app.database.rekey(ACTOR)
        path = app.database.keys.ring.path
    words = f"the audit log is sealed with key {name} from now on, the last one in {path}"
    result({"key": name, "path": str(path)}, as_json, words)


def _check_media(here: Settings, database: Database) -> MediaReport:
    with progress_bar("Images") as progress:
        return check_media(database, media_store(here), progress)


def _head(text: str) -> ChainHead:
    found = ChainHead.parse(text)
    if found is None:
        raise InputError(f"{text!r} is no head of an audit log; give what db head printed")
    return found
