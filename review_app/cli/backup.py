"""``backup`` and ``restore``, which also go by ``db backup`` and ``db restore``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

import migrations
from review_app.bootstrap import open_application
from review_app.cli.common import (
    ACTOR,
    REFUSED,
    AsJson,
    progress_bars,
    result,
    settings,
)
from review_app.core.errors import InputError, ReviewAppError, SchemaError
from review_app.core.settings import DESKS, Settings
from review_app.durability import integrity
from review_app.durability.backup.make import make_backup
from review_app.durability.backup.manifest import DATABASE, BackupManifest, read_manifest
from review_app.durability.backup.restore import restore_backup
from review_app.durability.backup.verify import verify
from review_app.opening import open_database


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``, which may be the group ``db``."""
    app.command()(backup)
    app.command()(restore)


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
    """Back up the database, the images and the secrets, while the server runs; with every desk,
    unless one is named."""
    here = settings()
    manifests = {out: _back_up(here, out, link)}
    for name in manifests[out].desks:
        place = out / DESKS / name
        manifests[place] = _back_up(here.for_desk(name), place, link)
    for place, manifest in manifests.items():
        for left_out in manifest.left_out:
            sys.stderr.write(f"left out: {place / left_out.path} ({left_out.why})\n")
    words = "\n".join(f"{_summary(manifest)} in {place}" for place, manifest in manifests.items())
    result(_documents(manifests), as_json, words)
    if any(manifest.left_out for manifest in manifests.values()):
        raise typer.Exit(REFUSED)


def restore(
    backup: Annotated[Path, typer.Argument(help="Folder that the command backup made.")],
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Keep a data directory that is there under another name."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the data directory from a backup, with every desk that it holds."""
    here = settings()
    data_dir = here.data_dir.resolve()
    _refuse_another_database(here)
    desks = _verified_desks(backup)
    manifest, aside = _put_back(backup, data_dir, replace)
    manifests = {data_dir: manifest}
    for name in desks:
        place = data_dir / DESKS / name
        manifests[place], _ = _put_back(backup / DESKS / name, place, False)
    words = "\n".join(f"{_summary(m)} restored to {place}" for place, m in manifests.items())
    if aside is not None:
        words += f"; what was there is kept as {aside}"
    places = [here, *(here.for_desk(name) for name in desks)]
    are_older = [_check(*pair) for pair in zip(places, manifests.values(), strict=True)]
    if any(are_older):
        words += "; it is of an older schema, run: deepfake-review db upgrade"
    document = _documents(manifests) | {"kept": None if aside is None else str(aside)}
    result(document, as_json, words)


def _back_up(here: Settings, out: Path, link: bool) -> BackupManifest:
    with (
        closing(open_application(here)) as app,
        progress_bars("Database", "Files", "Verifying") as bars,
    ):
        manifest = make_backup(
            app.database.files.path,
            app.settings.data_dir,
            out,
            links=link,
            desks=[] if app.desks is None else [desk.name for desk in app.desks.all()],
            copying_database=bars[0],
            copying_files=bars[1],
            verifying=bars[2],
        )
        app.exports.record(ACTOR, "backup")
    return manifest


def _verified_desks(backup: Path) -> list[str]:
    """The desks that the backup holds. Raises ``InputError`` where one of them is not whole,
    before anything is written."""
    names = read_manifest(backup).desks
    for name in names:
        verify(backup / DESKS / name, read_manifest(backup / DESKS / name))
    return names


def _put_back(backup: Path, data_dir: Path, replace: bool) -> tuple[BackupManifest, Path | None]:
    with progress_bars("Verifying", "Files") as bars:
        return restore_backup(
            backup, data_dir, replace=replace, verifying=bars[0], copying_files=bars[1]
        )


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


def _documents(manifests: Mapping[Path, BackupManifest]) -> dict[str, object]:
    """The document of the whole deployment, and of its desks where there are any."""
    home, *desks = (_document(place, manifest) for place, manifest in manifests.items())
    return home | {"desks": desks}


def _document(path: Path, manifest: BackupManifest) -> dict[str, object]:
    said = manifest.model_dump(mode="json", exclude={"files"})
    return {"path": str(path), "files": len(manifest.files), "bytes": manifest.n_bytes, **said}
