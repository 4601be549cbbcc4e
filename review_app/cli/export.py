"""``export``: labels that leave, as a table of everything or as a manifest to train on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from review_app.cli.common import ACTOR, REFUSED, AsJson, application, progress_bar, result
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.selection import Selection
from review_app.records.exports.service import ExportService
from review_app.records.manifest import TrainingExport
from storage.enums import TriageFlag

_TOLD = {
    "certifying": "bear the certificates in force: a detector that learns from them cannot be "
    "certified by them",
    "audited": "come from the blind audit, with the weight of those that nobody was asked about",
    "corrected": "have the label that an admin put right, and weigh 1 where nobody had been asked",
    "put_first": "were put before others in the queue, so they lean towards what was looked for",
    "moved": "went to the split of their near-duplicates or group",
}
"""What whoever trains should know of some of the rows."""


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(export)


def export(
    out: Annotated[Path | None, typer.Argument(help="File to write.")] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="Folder to make instead: a manifest to train on (docs/exports.md)."),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="With --manifest: copy the images into the folder, too.")
    ] = False,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="How the file is written.")
    ] = ExportFormat.CSV,
    mark: Annotated[
        TriageFlag | None, typer.Option(help="Only the items that are marked so.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write every item with its labels, scores and decision.

    With --manifest: only images that are settled as real or fake, to train and evaluate on.
    """
    if (out is None) == (manifest is None):
        raise typer.BadParameter("name a file to write, or a folder with --manifest")
    if manifest is not None:
        _export_manifest(manifest, copy, mark, as_json)
        return
    if copy:
        raise typer.BadParameter("--copy goes with --manifest")
    assert out is not None
    with application() as app:
        rows = app.exports.write(out, form, Selection(mark=mark)).rows
        _record(app.exports, form)
        not_final = app.policies.not_final()
    document = {"path": str(out), "format": form.value, "rows": rows}
    result(document, as_json, f"{rows} rows in {out}. {not_final}".rstrip())


def _record(exports: ExportService, form: str) -> None:
    if not exports.record(ACTOR, form):
        sys.stderr.write("note: the data directory may only be read, so this is not on record\n")


def _export_manifest(folder: Path, copy: bool, mark: TriageFlag | None, as_json: bool) -> None:
    with application() as app, progress_bar("Images") as progress:
        made = app.exports.write_manifest(folder, copy=copy, mark=mark, progress=progress)
        _record(app.exports, "manifest")
        not_final = app.policies.not_final()
    for lost in made.lost:
        sys.stderr.write(f"lost: {lost}\n")
    words = "\n".join(filter(None, [*_lines(made), not_final]))
    result(made.to_json(), as_json, words)
    if made.lost:
        raise typer.Exit(REFUSED)


def _lines(made: TrainingExport) -> list[str]:
    document = made.to_json()
    labels, effective = document["labels"], document["weights"]["effective_n"]
    words = f"{len(made.rows)} rows in {made.path}: {labels['real']} real, {labels['fake']} fake"
    if round(effective) < len(made.rows):
        words += f", weighed (as good as {effective:,.0f} of equal weight)"
    lines = [words]
    if made.left_out:
        reasons = (f"{n} {why.value.replace('_', ' ')}" for why, n in made.left_out.most_common())
        lines.append(f"left out: {', '.join(reasons)}")
    lines += [f"{n} of them {_TOLD[what]}" for what, n in made.told.items() if n]
    if "none" in document["splits"]:
        split = made.path.with_name("split.csv")
        lines.append(f"next: deepfake-review dataset split {made.path} {split}")
    return lines
