"""``db check|recount|head|rekey``: whether the database is as the program left it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from sqlalchemy.exc import DBAPIError

from review_app.bootstrap import desk_names
from review_app.cli.common import ACTOR, AsJson, application, progress_bar, result, settings
from review_app.core.errors import InputError, ReviewAppError
from review_app.core.settings import Settings
from review_app.durability import integrity
from review_app.durability.integrity import Report
from review_app.intake.media_check import MediaReport, check_media
from review_app.opening import ensure_schema, media_store, open_database
from storage.database import Database
from storage.seals.findings import Finding
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
    """Check the schema, the database file, the audit log and all that it seals; of every desk,
    too, unless one is named."""
    here = settings()
    home = _checked(here, [_head(text) for text in expect or ()], media)
    desks = {name: _checked_desk(here, name, media) for name in _desks(here)}
    document = home.document
    if desks:
        document["desks"] = {name: found.document for name, found in desks.items()}
    lines = [home.words, *(f"desk {name}: {found.words}" for name, found in desks.items())]
    result(document, as_json, "\n".join(lines))
    _complain([home, *desks.values()])


@dataclass(frozen=True)
class _CheckedSite:
    """What was found in one database, and among the images beside it where those were read."""

    report: Report
    stored: MediaReport | None

    @property
    def document(self) -> dict[str, Any]:
        found = self.report.to_json()
        return found if self.stored is None else found | {"media": self.stored.to_json()}

    @property
    def words(self) -> str:
        return self.report.text + ("" if self.stored is None else f"\n{self.stored.text}")


def _checked(here: Settings, expected: Sequence[ChainHead], media: bool) -> _CheckedSite:
    with closing(open_database(here)) as database:
        ensure_schema(database)
        report = integrity.check(database, expected)
        return _CheckedSite(report, _check_media(here, database) if media else None)


def _checked_desk(here: Settings, name: str, media: bool) -> _CheckedSite:
    """A desk that cannot be opened is a finding; the others are told all the same."""
    try:
        return _checked(here.for_desk(name), (), media)
    except (ReviewAppError, DBAPIError) as error:
        why = error.orig if isinstance(error, DBAPIError) else error
        words = f"the database of desk {name} cannot be used: {why}"
        finding = Finding("desk", "missing", (name,), words)
        return _CheckedSite(Report((finding,), None, None, None), None)


def _desks(here: Settings) -> list[str]:
    """The desks; none where the table cannot be read, which the check has told."""
    try:
        return desk_names(here)
    except DBAPIError:
        return []


def _complain(checks: Sequence[_CheckedSite]) -> None:
    """Raise ``ReviewAppError`` where something is not as it should be."""
    n = sum(len(check.report.findings) for check in checks)
    if n:
        raise ReviewAppError(
            f"{n} findings: restore a backup from before, and find out who can "
            "write to the database file"
        )
    bad = [check.stored for check in checks if check.stored and not check.stored.is_whole]
    if bad:
        missing, damaged = sum(len(s.missing) for s in bad), sum(len(s.damaged) for s in bad)
        raise ReviewAppError(
            f"{missing} stored images are missing and {damaged} damaged: "
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
