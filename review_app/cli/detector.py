"""``train`` and ``evaluate``: the detector on labelled manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from review_app.cli.common import AsJson, figure, progress_bar, progress_bars, result
from review_app.cli.lab import BackboneName, Weights, open_lab, weighed_words
from review_app.cli.scores import DetectorName, ScoreFile, evaluate_scores, write_own_scores
from review_app.core.errors import InputError
from review_app.inference.backbones import DEFAULT_BACKBONE
from storage.types import utc_now

Manifest = Annotated[
    Path, typer.Argument(help="CSV with path, label, and where known source, group, split.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(train)
    app.command()(evaluate)


def train(
    manifest: Manifest,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to make for the checkpoint; by default in the data directory."),
    ] = None,
    backbone: BackboneName = DEFAULT_BACKBONE,
    weights: Weights = None,
    preset: Annotated[
        str,
        typer.Option(
            help="robust (the best, in minutes), extended, or source (the source method)."
        ),
    ] = "robust",
    licence: Annotated[
        str | None, typer.Option(help="What may be done with the result, for the card.")
    ] = None,
    scopes: Annotated[
        Path | None,
        typer.Option(help="JSON that says what the sources show, for the card and the pages."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train heads on splits train and val, measure them on test; write a checkpoint."""
    from review_app.inference.checkpoint import refuse_existing
    from review_app.lab.scope_words import NO_WORDS, read_scope_words
    from review_app.lab.training import LICENCE_OF_UNKNOWN_DATA
    from review_app.lab.training import train as train_checkpoint
    from review_app.manifests.manifest import read_manifest

    lab = open_lab()
    named = f"{manifest.stem}-{utc_now():%Y%m%d-%H%M%S}"
    out = out or lab.settings.data_dir / "checkpoints" / named
    refuse_existing(out)
    words = NO_WORDS if scopes is None else read_scope_words(scopes)
    rows = read_manifest(manifest, check_files=True)
    with progress_bars("Features", "Training") as (progress, fits):
        checkpoint = train_checkpoint(
            rows,
            lab.backbone(backbone, weights),
            out,
            cache=lab.cache,
            preset=preset,
            licence=licence or LICENCE_OF_UNKNOWN_DATA,
            words=words,
            decode=lab.decode,
            progress=progress,
            fits=fits,
        )
    document = {
        "checkpoint": checkpoint.id,
        "path": str(out),
        "default_head": checkpoint.default_head.value,
        "test": {name.value: head.test for name, head in checkpoint.card.heads.items()},
    }
    result(document, as_json, f"checkpoint {checkpoint.id} in {out}")


def evaluate(
    manifest: Annotated[
        Path | None, typer.Argument(help="CSV with path, label, and where known source, split.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint folder; by default the one of the settings.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="By default test where the manifest has it, else all rows.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for report.html, metrics.json and figures.")
    ] = None,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Show the worst images small in the report.")
    ] = False,
    search: Annotated[
        Path | None, typer.Option(help="JSON of a grid search, to be drawn in the report.")
    ] = None,
    scores_out: Annotated[
        Path | None, typer.Option(help="Score file to write, of the default head; for simulate.")
    ] = None,
    scores: ScoreFile = None,
    detector: DetectorName = None,
    as_json: AsJson = False,
) -> None:
    """Measure every head on labelled images, with the checkpoint's own thresholds.

    With --scores instead of a manifest: measure any detector's scores, at the threshold 0.5.
    """
    if scores is not None:
        if any((manifest, checkpoint, report, search, scores_out)):
            raise InputError("--scores goes with --detector and --split only: no model is run")
        document = evaluate_scores(scores, detector, split)
        result(document, as_json, _words(document))
        return
    if manifest is None:
        raise typer.BadParameter("name a manifest, or a score file by --scores")
    from review_app.inference.checkpoint import Checkpoint
    from review_app.lab.evaluation import evaluate_manifest, examine_manifest
    from review_app.manifests.manifest import read_manifest

    if report is None and (thumbnails or search is not None):
        raise InputError("--thumbnails and --search belong to a report; add --report FOLDER")
    lab = open_lab()
    loaded = Checkpoint.load(checkpoint or lab.settings.checkpoint)
    searched = _searched(search)
    rows = read_manifest(manifest, check_files=True)
    backbone = lab.backbone(loaded.card.backbone.name)
    with progress_bar("Features") as progress:
        if report is None:
            document = evaluate_manifest(
                loaded,
                rows,
                backbone,
                split=split,
                cache=lab.cache,
                decode=lab.decode,
                progress=progress,
            )
        else:
            evaluation = examine_manifest(
                loaded,
                rows,
                backbone,
                split=split,
                cache=lab.cache,
                decode=lab.decode,
                progress=progress,
                search=searched,
            )
    if report is not None:
        from review_app.lab.report import write_report

        document = evaluation.document
        write_report(evaluation, report, thumbnails=thumbnails, decode=lab.shown)
    if scores_out is not None:
        write_own_scores(loaded, rows, backbone, scores_out, split=split, cache=lab.cache)
    result(document, as_json, _words(document))


def _words(document: dict[str, Any]) -> str:
    lines = [f"{document['checkpoint']} on {document['n']} images{weighed_words(document)}"]
    for head, figures in document["heads"].items():
        lines.append(
            f"{head:>12}: AUROC {figure(figures['auroc'])}, accuracy "
            f"{figures['accuracy']:.3f}, AURC {figures['aurc']:.3f}, ECE {figures['ece']:.3f}"
        )
    return "\n".join(lines)


def _searched(path: Path | None) -> dict[str, Any] | None:
    """The grid search to draw, read before any work is done."""
    if path is None:
        return None
    from review_app.lab.report import read_search

    return read_search(path)
