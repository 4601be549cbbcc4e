"""``export``: labels that leave, as a table of everything or as a manifest to train on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from review_app.cli.common import ACTOR, REFUSED, AsJson, application, progress_bar, result
from review_app.core.errors import InputError
from review_app.records.exports.history import EarlierExport
from review_app.records.exports.request import LAST, ExportKind, ExportRequest, since_of
from review_app.records.exports.selection import Selection, moment_of
from review_app.records.exports.service import ExportService
from review_app.records.exports.tables import RowKind
from review_app.records.manifest import TrainingExport
from storage.enums import ItemState, LabelValue, TriageFlag

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
    out: Annotated[Path | None, typer.Argument(help="File or new folder to write.")] = None,
    manifest: Annotated[
        Path | None,
        typer.Option(help="Folder to make instead: a manifest to train on (docs/exports.md)."),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="With --manifest: copy the images into the folder, too.")
    ] = False,
    form: Annotated[
        ExportKind, typer.Option("--format", help="What is written: a table, or a folder.")
    ] = ExportKind.CSV,
    rows: Annotated[
        RowKind, typer.Option(help="One row per image, or one per answer of a person.")
    ] = RowKind.IMAGES,
    mark: Annotated[
        TriageFlag | None, typer.Option(help="Only the items that are marked so.")
    ] = None,
    state: Annotated[list[ItemState], typer.Option(help="Only items in this state.")] = [],  # noqa: B006
    source: Annotated[list[str], typer.Option(help="Only items from this source.")] = [],  # noqa: B006
    label: Annotated[list[LabelValue], typer.Option(help="Only items with this label.")] = [],  # noqa: B006
    reviewer: Annotated[
        list[str], typer.Option(help="Only items that this pseudonym has answered.")
    ] = [],  # noqa: B006
    tag: Annotated[list[str], typer.Option(help="Only items where somebody saw this.")] = [],  # noqa: B006
    answered_from: Annotated[
        str | None, typer.Option(help="Only items with an answer at this time (UTC) or later.")
    ] = None,
    answered_before: Annotated[str | None, typer.Option(help="And one before this time.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            help="Only what has changed since a time, since the export at a path, or since the "
            "last one of the same kind that was made here: last."
        ),
    ] = None,
    zipped: Annotated[
        bool, typer.Option("--zip", help="With imagefolder: an archive for each split.")
    ] = False,
    without_images: Annotated[
        bool, typer.Option("--without-images", help="With coco: only what is said of them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write every item with its labels, scores and decision, as a table or a folder.

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
    selection = Selection(
        states=frozenset(state),
        sources=frozenset(source),
        labels=frozenset(label),
        reviewers=frozenset(reviewer),
        tags=frozenset(tag),
        mark=mark,
        answered_from=moment_of(answered_from) if answered_from else None,
        answered_before=moment_of(answered_before) if answered_before else None,
        changed_since=since_of(since) if since and since != LAST else None,
    )
    request = ExportRequest(form, selection, rows, zipped, without_images)
    _export(out, request, since == LAST, as_json)


def _export(out: Path, request: ExportRequest, since_last: bool, as_json: bool) -> None:
    request.require_possible()
    with application() as app, progress_bar("Items") as progress:
        last = _last(app.exports, request) if since_last else None
        if last is not None:
            request = request.since(last.since)
        told = app.exports.run(request, out, progress)
        written = {**told, "file": out.name, "lost": len(told["lost"])}
        _tell_unless(app.exports.history.note(request, ACTOR, written))
        not_final = app.policies.not_final()
    for lost in told["lost"]:
        sys.stderr.write(f"lost: {lost}\n")
    words = f"{told['rows']} rows in {out}"
    if last is not None:
        told["since"] = {"job": last.job, "file": last.file, "as_of": last.as_of.isoformat()}
        words += f", changed since export {last.job} of {last.as_of:%Y-%m-%d %H:%M} ({last.file})"
    result(told, as_json, f"{words}. {not_final}".rstrip())
    if told["lost"]:
        raise typer.Exit(REFUSED)


def _last(exports: ExportService, request: ExportRequest) -> EarlierExport:
    last = exports.history.last_alike(request)
    if last is None:
        raise InputError(
            "no export of this format, with these conditions, was made here before; leave "
            "--since last out this time"
        )
    return last


def _tell_unless(is_on_record: bool) -> None:
    if not is_on_record:
        sys.stderr.write("note: the data directory may only be read, so this is not on record\n")


def _export_manifest(folder: Path, copy: bool, mark: TriageFlag | None, as_json: bool) -> None:
    with application() as app, progress_bar("Images") as progress:
        made = app.exports.write_manifest(folder, copy=copy, mark=mark, progress=progress)
        _tell_unless(app.exports.record(ACTOR, "manifest"))
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
