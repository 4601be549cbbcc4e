"""``backup`` and ``restore``, which also go by ``db backup`` and ``db restore``."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

import migrations
from review_app.bootstrap import open_database
from review_app.cli.common import (
    ACTOR,
    REFUSED,
    AsJson,
    application,
    progress_bars,
    result,
    settings,
)
from review_app.core.errors import InputError, ReviewAppError, SchemaError
from review_app.core.settings import Settings
from review_app.durability import integrity
from review_app.durability.backup.make import make_backup
from review_app.durability.backup.manifest import DATABASE, BackupManifest
from review_app.durability.backup.restore import restore_backup


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``, and to its group ``db``."""
    database = next(group.typer_instance for group in app.registered_groups if group.name == "db")
    assert database is not None
    for place in (app, database):
        place.command()(backup)
        place.command()(restore)


def backup(
    out: Annotated[Path, typer.Argument(help="Folder to make.")],
    link: Annotated[
        bool,
        typer.Option(
            "--link", help="Give images a second name instead of copying them, on the same disk."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up the database, the images and the secrets, while the server runs."""
    with application() as app, progress_bars("Database", "Files", "Verifying") as bars:
        manifest = make_backup(
            app.database.files.path,
            app.settings.data_dir,
            out,
            links=link,
            copying_database=bars[0],
            copying_files=bars[1],
            verifying=bars[2],
        )
        app.exports.record(ACTOR, "backup")
    for left_out in manifest.left_out:
        sys.stderr.write(f"left out: {left_out.path} ({left_out.why})\n")
    result(_document(out, manifest), as_json, f"{_summary(manifest)} in {out}")
    if manifest.left_out:
        raise typer.Exit(REFUSED)


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that the command backup made.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Keep a data directory that is there under another name."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the data directory from a backup."""
    here = settings()
    data_dir = here.data_dir.resolve()
    _refuse_another_database(here)
    with progress_bars("Verifying", "Files") as bars:
        manifest, aside = restore_backup(
            backup, data_dir, replace=replace, verifying=bars[0], copying_files=bars[1]
        )
    words = f"{_summary(manifest)} restored to {data_dir}"
    if aside is not None:
        words += f"; what was there is kept as {aside}"
    if _check(here, manifest):
        words += "; it is of an older schema, run: deepfake-review db upgrade"
    document = _document(data_dir, manifest) | {"kept": None if aside is None else str(aside)}
    result(document, as_json, words)


def _refuse_another_database(here: Settings) -> None:
    if here.database_url:
        raise InputError(
            f"a backup is restored to the data directory; unset REVIEW_DATABASE_URL, and move the "
            f"{DATABASE} that you find there afterwards to where it belongs"
        )


def _check(here: Settings, manifest: BackupManifest) -> bool:
    """Whether the restored database is of an older schema. Raises where it is not in order."""
    if manifest.schema_revision not in migrations.known_revisions():
        raise SchemaError(
            "everything was restored, but a newer program made the backup; "
            "run: pip install --upgrade deepfake-review"
        )
    if manifest.schema_revision != migrations.head_revision():
        return True
    with closing(open_database(here)) as database:
        findings = integrity.check(database).findings
    if findings:
        raise ReviewAppError(
            f"everything was restored as it was backed up, but {len(findings)} things are not as "
            "the audit log tells: run deepfake-review db check, or use an older backup"
        )
    return False


def _summary(manifest: BackupManifest) -> str:
    counts = manifest.counts
    megabytes = manifest.n_bytes / 1e6
    return (
        f"{counts['item']} items with {counts['label']} answers in {len(manifest.files)} files "
        f"({megabytes:,.1f} MB)"
    )


def _document(path: Path, manifest: BackupManifest) -> dict[str, object]:
    said = manifest.model_dump(mode="json", exclude={"files"})
    return {"path": str(path), "files": len(manifest.files), "bytes": manifest.n_bytes, **said}
