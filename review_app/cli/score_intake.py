"""``ingest --scores``: an external detector's scores into the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from review_app.cli.common import ACTOR, application, progress_bar, result
from review_app.i18n.formatting import count
from review_app.intake.scores import DetectorReport, ScoreReport
from review_app.scores.remedies import contradiction


def ingest_scores(path: Path, detector: str | None, as_json: bool) -> None:
    """Take in the score file at ``path`` and tell what to do next."""
    with application() as app, progress_bar("Reading") as progress:
        report = app.scores.ingest(path, ACTOR, detector, progress)
    result(_document(report), as_json, "\n".join(_lines(report)))


def _document(report: ScoreReport) -> dict[str, Any]:
    return {
        "file": report.path.name,
        "sha256": report.sha256,
        "rows": report.rows,
        "added": report.added,
        "duplicates": report.images - report.added,
        "refused": [],
        "known_labels": report.labels,
        "contradicting": report.contradicting,
        "detectors": [
            {
                "detector": found.name,
                "checkpoint": found.checkpoint,
                "rows": found.rows,
                "new": found.new,
                "ladder_images": found.grid_images,
                "in_force": found.checkpoint == report.in_force,
            }
            for found in report.detectors
        ],
    }


def _lines(report: ScoreReport) -> list[str]:
    images = f"{count(report.added, 'image')} added, {report.images - report.added:,} known already"
    labels = f", {count(report.labels, 'known label')} added" if report.labels else ""
    return [
        images + labels,
        *([contradiction(report.contradicting, report.rows)] if report.contradicting else ()),
        *(_detector_words(found) for found in report.detectors),
        *_next_steps(report),
    ]


def _detector_words(found: DetectorReport) -> str:
    return (
        f"{found.name}: {count(found.new, 'new score')} of {found.rows:,}; its thresholds come "
        f"from {count(found.grid_images, 'image')}, whose labels prove nothing"
    )


def _next_steps(report: ScoreReport) -> list[str]:
    if any(found.checkpoint == report.in_force for found in report.detectors):
        return [f"next: deepfake-review triage ({report.in_force} is in force)"]
    now = f"{report.in_force} stays in force" if report.in_force else "none of them is in force"
    commands = (f"deepfake-review checkpoint adopt {f.checkpoint}" for f in report.detectors)
    return [f"{now}; to put one in force:", *(f"  {command}" for command in commands)]
