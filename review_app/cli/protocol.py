"""``protocol``, ``robustness``, ``transfer`` and ``leave-out``: what a detector is worth, one
command each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from review_app.cli.common import AsJson, figure, progress_bar, progress_bars, result
from review_app.cli.lab import BackboneName, Weights, open_lab, tell_unweighted
from review_app.inference.backbones import DEFAULT_BACKBONE
from review_app.lab.hold_outs import HoldOutBy
from review_app.manifests.manifest import Manifest as ManifestRows
from review_app.manifests.manifest import read_manifest

Manifest = Annotated[
    Path, typer.Argument(help="CSV with path, label, split, and where known source, group.")
]
ReportFolder = Annotated[
    Path | None, typer.Option(help="Folder for report.html, metrics.json and the figure.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(protocol)
    app.command()(robustness)
    app.command()(transfer)
    app.command()(leave_out)


def protocol(
    manifest: Manifest,
    out: Annotated[
        Path, typer.Option(help="Folder of the run; what is finished there is not redone.")
    ],
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Run the source method whole: features, searches, two checkpoints, reports, comparison."""
    from review_app.lab.protocol import run_protocol

    lab = open_lab()
    document = run_protocol(
        read_manifest(manifest, check_files=True),
        lab.backbone(backbone, weights),
        out,
        cache=lab.cache,
        decode=lab.decode,
        bar=progress_bar,
    )
    lines = [
        f"{run['checkpoint']}, {head:>12}: AUROC {figure(figures['auroc'])}, accuracy "
        f"{figures['accuracy']:.3f}, AURC {figures['aurc']:.3f}"
        for run in document["runs"].values()
        for head, figures in run["heads"].items()
    ]
    lines.append(f"report: {out / 'report' / 'index.html'}")
    result(document, as_json, "\n".join(lines))


def robustness(
    manifest: Manifest,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Checkpoint folder; by default the one of the settings.")
    ] = None,
    split: Annotated[str, typer.Option(help="Split to measure on.")] = "test",
    report: ReportFolder = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Measure a checkpoint on images prepared again: JPEG, WebP, scaling, blur, screenshot."""
    from review_app.inference.checkpoint import Checkpoint
    from review_app.lab.robustness import measure_robustness

    lab = open_lab()
    loaded = Checkpoint.load(checkpoint or lab.settings.checkpoint)
    rows = _unweighted_rows(manifest)
    _make_folder(report)
    with progress_bar("Features") as progress:
        document = measure_robustness(
            loaded,
            rows,
            lab.backbone(loaded.card.backbone.name, weights),
            split=split,
            cache=lab.cache,
            decode=lab.decode,
            progress=progress,
        )
    if report is not None:
        from review_app.lab.report.robustness import write_robustness

        write_robustness(document, report)
    head = document["default_head"]
    lines = [f"{document['checkpoint']}, head {head}, on {document['n']} images of {split}"]
    for version, figures in document["heads"][head].items():
        lines.append(
            f"{version:>12}: AUROC {figure(figures['auroc'])}, accuracy "
            f"{figures['accuracy']:.3f}, AURC {figures['aurc']:.3f}, ECE {figures['ece']:.3f}"
        )
    result(document, as_json, "\n".join(lines))


def transfer(
    manifest: Manifest,
    preset: Annotated[str, typer.Option(help="How each source is trained.")] = "robust",
    backbone: BackboneName = DEFAULT_BACKBONE,
    report: ReportFolder = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Train on each source alone and test on all: what happens on images of unknown kinds."""
    from review_app.inference.presets import preset_called
    from review_app.lab.transfer import measure_transfer

    lab = open_lab()
    chosen = preset_called(preset)
    rows = _unweighted_rows(manifest)
    _make_folder(report)
    with progress_bars("Features", "Training") as (progress, fits):
        document = measure_transfer(
            rows,
            lab.backbone(backbone, weights),
            preset=chosen,
            cache=lab.cache,
            decode=lab.decode,
            progress=progress,
            fits=fits,
        )
    if report is not None:
        from review_app.lab.report.transfer import write_transfer

        write_transfer(document, report)
    lines = [_transferred(source, found) for source, found in document["trained"].items()]
    result(document, as_json, "\n".join(lines))


def leave_out(
    manifest: Manifest,
    by: Annotated[HoldOutBy, typer.Option(help="What is left out, each in turn.")],
    only: Annotated[
        list[str] | None, typer.Option(help="Leave out this one only; may be repeated.")
    ] = None,
    preset: Annotated[str, typer.Option(help="How each training is done.")] = "robust",
    heads: Annotated[
        str | None, typer.Option(help="Train these heads only, separated by commas.")
    ] = None,
    backbone: BackboneName = DEFAULT_BACKBONE,
    report: ReportFolder = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Train without each generator or source in turn: what a kind costs that nobody has shown."""
    from review_app.inference.presets import only_heads, preset_called
    from review_app.lab.baselines import CONTENT_BACKBONE
    from review_app.lab.leave_out import measure_leave_out

    lab = open_lab()
    chosen = preset_called(preset)
    if heads is not None:
        chosen = only_heads(chosen, [name.strip() for name in heads.split(",")])
    rows = _unweighted_rows(manifest)
    _make_folder(report)
    with progress_bars("Images", "Training") as (progress, fits):
        document = measure_leave_out(
            rows,
            lab.backbone(backbone, weights),
            lab.backbone(CONTENT_BACKBONE),
            by,
            preset=chosen,
            only=tuple(only or ()),
            cache=lab.cache,
            decode=lab.decode,
            progress=progress,
            fits=fits,
        )
    if report is not None:
        from review_app.lab.report.leave_out import write_leave_out

        write_leave_out(document, report)
    result(document, as_json, _left_out(document))


def _left_out(document: dict[str, Any]) -> str:
    head = document["default_head"]
    lines = [
        f"without {kind}, head {head}: AUROC {figure(figures['unseen'])}, known "
        f"{figure(figures['known'])}; content alone {figure(content['unseen'])}, low-level alone "
        f"{figure(low['unseen'])}; a certified policy accepts {accepted['accepted']} of "
        f"{accepted['n']}, {accepted['errors']} wrongly"
        for kind, found in document["left_out"].items()
        for figures in [found["heads"][head]]
        for accepted in [figures["accepted"]]
        for low, content in [(found["baselines"]["low_level"], found["baselines"]["content"])]
    ]
    if overall := document["summary"]["heads"][head]["unseen"]:
        lines.append(
            f"mean {overall['mean']:.3f}, worst {overall['worst']:.3f} ({overall['worst_of']})"
        )
    return "\n".join(lines)


def _unweighted_rows(path: Path) -> ManifestRows:
    """The rows of a manifest for a measurement that counts every image once, which is said."""
    rows = read_manifest(path, check_files=True, weighted=False)
    tell_unweighted(rows)
    return rows


def _make_folder(report: Path | None) -> None:
    """The folder of a report, before the work that it is to tell of."""
    if report is not None:
        from review_app.lab.report.write import make_folder

        make_folder(report)


def _transferred(source: str, found: dict[str, Any]) -> str:
    head = found["heads"][found["default_head"]]
    tested = ", ".join(
        f"{other} {figures['auroc'][0]:.3f}" if figures["auroc"] else f"{other} -"
        for other, figures in head["tested"].items()
    )
    orders = ", ".join(
        f"{what} {head[what]['reject'][0]:.3f} (by confidence {head[what]['confidence'][0]:.3f})"
        for what in ("own", "stream")
    )
    return f"trained on {source}, head {found['default_head']}: AUROC on {tested}; AURC {orders}"
