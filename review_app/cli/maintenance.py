"""``db upgrade|check`` and ``doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

import migrations
from review_app.bootstrap import Application, upgradable_revision
from review_app.cli.common import AsJson, application, progress_bar, result, settings
from review_app.errors import ReviewAppError
from review_app.intake.media_check import MediaReport, check_media
from storage.database import Database


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="The database.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    group.command("check")(check)
    app.add_typer(group, name="db")
    app.command()(doctor)


def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to this program's schema."""
    here = settings()
    here.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(here.url)
    try:
        before = upgradable_revision(database)
        migrations.upgrade(database.engine)
    finally:
        database.close()
    after = migrations.head_revision()
    words = f"the database is at revision {after}" + ("" if before == after else f" (was {before})")
    result({"before": before, "after": after}, as_json, words)


def check(
    media: Annotated[
        bool, typer.Option("--media", help="Read every stored image from beginning to end, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the schema, the database file, the audit log's chain and the decisions it seals."""
    with application() as app:
        with app.database.read() as repos:
            broken = repos.audit.first_broken()
            unsealed = repos.batches.first_broken()
            damage = repos.integrity()
        stored = _check_media(app) if media else None
    document: dict[str, object] = {
        "audit_log_broken_at": broken,
        "decisions_broken_at": unsealed,
        "integrity": damage,
    }
    if broken is not None:
        raise ReviewAppError(
            f"the audit log was changed at event {broken}: restore a backup from before, and find "
            "out who can write to the database file"
        )
    if unsealed is not None:
        raise ReviewAppError(
            f"decisions that event {unsealed} of the audit log covers were changed since: restore "
            "a backup from before, and find out who can write to the database file"
        )
    if damage != "ok":
        raise ReviewAppError(f"the database file is damaged ({damage}); restore a backup")
    words = "the schema, the file, the audit log's chain and the decisions are in order"
    if stored is not None:
        document["media"], words = stored.to_json(), f"{words}\n{stored.words}"
    result(document, as_json, words)
    if stored is not None and not stored.is_whole:
        raise ReviewAppError(
            f"{len(stored.missing)} stored images are missing and {len(stored.damaged)} damaged: "
            "take the same files in again, or restore a backup"
        )


def _check_media(app: Application) -> MediaReport:
    with progress_bar("Images") as progress:
        return check_media(app.database, app.media, progress)


def doctor(as_json: AsJson = False) -> None:
    """Check that this installation can score an image, and say with what."""
    with application() as app:
        policy = app.policies.current()
        heads = app.inspector.heads()
        detector = app.detectors.reader(policy.checkpoint)
        detector.warm_up()
        backbone = detector.checkpoint.card.backbone_key
    document = {
        "data_dir": str(app.settings.data_dir.resolve()),
        "database": migrations.head_revision(),
        "checkpoint": policy.checkpoint,
        "backbone": backbone,
        "heads": heads,
    }
    lines = [f"{name:>10}: {value}" for name, value in document.items()]
    result(document, as_json, "\n".join(lines))
