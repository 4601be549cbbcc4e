"""``ingest``, ``triage``, ``stats``: the queue from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from review_app.cli.common import ACTOR, REFUSED, AsJson, application, progress_bar, result
from review_app.cli.dialects import MapColumn, MapLabel
from review_app.cli.score_intake import ingest_scores
from review_app.cli.scores import DetectorName, ScoreFile
from review_app.i18n import ENGLISH
from review_app.i18n.formatting import count
from review_app.intake.service import IntakeReport
from review_app.manifests.dialect import dialect
from review_app.manifests.tables import SUFFIXES


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(ingest)
    app.command()(triage)
    app.command()(stats)


def ingest(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files, folders, zip archives, manifests (CSV, JSON lines: path, label, ...)."
        ),
    ] = None,
    scores: ScoreFile = None,
    detector: DetectorName = None,
    columns: MapColumn = None,
    labels: MapLabel = None,
    as_json: AsJson = False,
) -> None:
    """Take images into the queue; each once, whatever its name.

    With --scores: take in what a detector elsewhere says of images, without the images.
    """
    if bool(paths) == (scores is not None):
        raise typer.BadParameter("name files to take in, or a score file with --scores")
    if scores is not None:
        ingest_scores(scores, detector, as_json)
        return
    meant = dialect(columns or (), labels or ())
    with application() as app, progress_bar("Taking in") as progress:
        report = app.intake.ingest(paths or [], ACTOR, progress, dialect=meant)
    document = {
        "added": report.added,
        "duplicates": report.duplicates,
        "refused": [{"path": r.path, "reason": r.reason} for r in report.refused],
        "known_labels": report.labels,
    }
    for refusal in report.refused:
        sys.stderr.write(f"refused: {refusal}\n")
    for remark in report.remarks:
        sys.stderr.write(f"note: {remark.render(ENGLISH)}\n")
    result(document, as_json, _taken_in(report, from_table=_names_table(paths or [])))
    if report.refused:
        raise typer.Exit(REFUSED)


def _names_table(paths: list[Path]) -> bool:
    return any(path.suffix.lower() in SUFFIXES for path in paths)


def _taken_in(report: IntakeReport, *, from_table: bool) -> str:
    """What came in, in words; of labels wherever some came, or a manifest could have had them."""
    words = f"{report.added} added, {report.duplicates} known already"
    if report.refused:
        words += f", {len(report.refused)} refused"
    if report.labelled or from_table:
        words += f"; {count(report.labelled, 'label')} taken, {report.labels} of them new"
    return words


def triage(
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Also apply the policy in force to items that wait untouched."
        ),
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try failed items once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Score what is pending and route it under the policy in force."""
    with application() as app, progress_bar("Triaging") as progress:
        if retry:
            app.triage.retry_failed(ACTOR)
        report = app.triage.run(ACTOR, progress)
        if again:
            report += app.triage.retriage(ACTOR, progress)
    words = (
        f"{report.scored} scored: {report.auto_accepted} accepted by policy "
        f"{report.policy_version}, {report.to_review} to reviewers, {report.failed} failed "
        f"({report.images_per_second:.1f} images/s).{report.rescored_words}"
    )
    result(report.to_json(), as_json, words)
    if report.failed:
        raise typer.Exit(REFUSED)


def stats(as_json: AsJson = False) -> None:
    """Count items by state, labels and reviewers."""
    with application() as app:
        document = app.monitoring.stats()
    lines = [f"{name:>14}: {n}" for name, n in document["items"].items()]
    lines += [f"{name:>14}: {document[name]}" for name in ("labels", "reviewers")]
    result(document, as_json, "\n".join(lines))
