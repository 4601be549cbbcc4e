"""``db upgrade|check|recount|head|rekey`` and ``doctor``."""

from __future__ import annotations

from contextlib import closing

import typer

import migrations
from review_app.bootstrap import open_database, upgradable_revision, upgrade_database
from review_app.cli import checking
from review_app.cli.common import AsJson, application, result, settings


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="The database.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    checking.register(group)
    app.add_typer(group, name="db")
    app.command()(doctor)


def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to this program's schema."""
    here = settings()
    here.data_dir.mkdir(parents=True, exist_ok=True)
    with closing(open_database(here)) as database:
        before = upgradable_revision(database)
        sealed_from = upgrade_database(database)
    after = migrations.head_revision()
    words = f"the database is at revision {after}" + ("" if before == after else f" (was {before})")
    if sealed_from is not None:
        words += f"; what it holds is sealed from now on, by event {sealed_from} of the audit log"
    document = {"before": before, "after": after, "sealed_from": sealed_from}
    result(document, as_json, words)


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
