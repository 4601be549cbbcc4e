"""``db upgrade|check|recount|head|rekey`` and ``doctor``."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import typer

import migrations
from review_app.bootstrap import desk_names
from review_app.cli import backup, checking
from review_app.cli.common import AsJson, application, result, settings
from review_app.core.settings import Settings
from review_app.opening import open_database, upgradable_revision, upgrade_database


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="The database.", no_args_is_help=True)
    group.command("upgrade")(upgrade)
    checking.register(group)
    backup.register(group)
    app.add_typer(group, name="db")
    app.command()(doctor)


def upgrade(as_json: AsJson = False) -> None:
    """Bring the database to this program's schema; with every desk's, unless one is named."""
    here = settings()
    document, words = _upgraded(here)
    desks = {name: _upgraded(here.for_desk(name)) for name in desk_names(here)}
    if desks:
        document["desks"] = {name: found for name, (found, _) in desks.items()}
    lines = [words, *(f"desk {name}: {said}" for name, (_, said) in desks.items())]
    result(document, as_json, "\n".join(lines))


def _upgraded(here: Settings) -> tuple[dict[str, Any], str]:
    """Upgrade one database; what happened, as a document and in words."""
    here.data_dir.mkdir(parents=True, exist_ok=True)
    with closing(open_database(here)) as database:
        before = upgradable_revision(database)
        sealed_from = upgrade_database(database)
    after = migrations.head_revision()
    words = f"the database is at revision {after}" + ("" if before == after else f" (was {before})")
    if sealed_from is not None:
        words += f"; what it holds is sealed from now on, by event {sealed_from} of the audit log"
    return {"before": before, "after": after, "sealed_from": sealed_from}, words


def doctor(as_json: AsJson = False) -> None:
    """Check that this installation can score an image, and say with what, on which engine."""
    from review_app.inference.engines import EngineName  # slow to import

    with application() as app:
        policy = app.policies.current()
        heads = app.inspector.heads()
        detector = app.detectors.reader(policy.checkpoint)
        detector.warm_up()
        backbone = detector.checkpoint.card.backbone_key
        engines = app.detectors.engines
        if app.settings.engine != EngineName.TORCH:
            engines.try_all(detector.backbone, list(EngineName))
        tried = [
            {
                "engine": each.engine.value,
                "images_per_second": each.images_per_second,
                "error": each.error,
                "agrees": each.agrees,
            }
            for each in engines.measured(backbone)
        ]
        sides = (policy.real, policy.fake)
        certified = {side.provenance.engine for side in sides if side and side.provenance.engine}
    document = {
        "data_dir": str(app.settings.data_dir.resolve()),
        "database": migrations.head_revision(),
        "checkpoint": policy.checkpoint,
        "backbone": backbone,
        "heads": heads,
        "engine": detector.engine.value,
        "certified_on": sorted(certified),
        "engines": tried,
    }
    lines = [f"{name:>12}: {value}" for name, value in document.items() if name != "engines"]
    lines += [
        f"{row['engine']:>12}: {row['images_per_second']:.1f} images/s through the networks, "
        f"features off by {row['error']:.1e}: "
        + ("the same detector" if row["agrees"] else "another detector")
        for row in tried
    ]
    result(document, as_json, "\n".join(lines))
