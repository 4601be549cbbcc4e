"""Data: take images in, triage them, and say what was refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError, RefusalReason, RefusedFile
from review_app.intake.service import IntakeReport
from review_app.permissions import Permission
from review_app.triage.report import TriageReport
from review_app.triage.wording import count
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, notice, table

SHOWN_REFUSALS = 200
"""More would make the page heavy; the count tells of the rest."""


class DataTab:
    """What the tab's button does."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def take_in(self, call: Call, uploads: Sequence[str] | None) -> tuple[Markup, Markup, None]:
        """Take the uploaded files in and triage them. The uploads themselves are deleted."""
        if not uploads:
            raise InputError("choose files first: images, or zip archives of images")
        paths = [Path(upload) for upload in uploads]
        try:
            taken, refused = _without_tables(paths)
            report = self._app.intake.ingest(
                taken, call.person.name, call.count("Taking in"), bare_names=True
            )
            report.refused[:0] = refused
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        triaged = self._app.triage.run(call.person.name, call.count("Scoring"))
        return _outcome(report, triaged), _refusals(report.refused), None


def build_data(app: Application) -> None:
    """Add the tab's components to the open context."""
    desk = DataTab(app)
    limits = app.settings
    remark = (
        "JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP, or zip archives of them; at most "
        f"{limits.max_file_mb:g} MiB and {limits.max_megapixels:g} megapixels an image. What "
        "reviewers see is a copy without metadata. Folders, manifests with known labels, and "
        "score files go through the command line: deepfake-review ingest."
    )
    with section("Take images in", remark):
        files = gr.File(label="Images or zip archives", file_count="multiple", height=180)
        button = gr.Button("Take in and triage", variant="primary")
        message = html(min_height=96)
        refused = html()
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    outputs: list[Any] = [message, refused, files]
    wiring.slow(button.click, desk.take_in, outputs, [files])


def _without_tables(paths: Sequence[Path]) -> tuple[list[Path], list[RefusedFile]]:
    """Uploaded tables are refused: as manifests they could name any file of the server."""
    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    detail = "a table cannot be uploaded; use the command line for manifests"
    refused = [RefusedFile(path.name, RefusalReason.UNSUPPORTED, detail) for path in tables]
    return [path for path in paths if path not in tables], refused


def _outcome(report: IntakeReport, triaged: TriageReport) -> Markup:
    words = f"{count(report.added, 'image')} taken in"
    if report.duplicates:
        words += f", {report.duplicates:,} known already"
    if report.refused:
        words += f", {len(report.refused):,} refused"
    words += f". {triaged.auto_accepted:,} accepted by the policy, {triaged.to_review:,} to people."
    if triaged.failed:
        words += f" {triaged.failed:,} could not be scored."
    words += triaged.rescored_words
    return notice(words, Tone.DONE if report.added or report.duplicates else Tone.NOTE)


def _refusals(refused: Sequence[RefusedFile]) -> Markup:
    if not refused:
        return Markup()
    caption = f"{count(len(refused), 'file')} refused"
    if len(refused) > SHOWN_REFUSALS:
        caption += f", the first {SHOWN_REFUSALS} shown"
    rows = [
        (file.path, file.reason.value.replace("_", " "), file.detail)
        for file in refused[:SHOWN_REFUSALS]
    ]
    return table(caption, ("File", "Reason", "What was found"), rows)
