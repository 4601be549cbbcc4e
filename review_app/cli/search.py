"""``search``: the source method's grid searches on a labelled manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from review_app.bootstrap import file_limits
from review_app.cli.common import AsJson, progress_bar, result, settings
from review_app.datasets.deepfake_eval import SEED
from review_app.errors import ManifestError
from review_app.intake.decode import decoder


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(search)


def search(
    manifest: Annotated[
        Path, typer.Argument(help="CSV with path, label, split, and where known source, group.")
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the search; what is finished there is not redone.")
    ],
    backbone: Annotated[str, typer.Option(help="Backbone by name.")] = "efficientnet_lite0",
    weights: Annotated[
        Path | None, typer.Option(help="Local weights, for a backbone that brings none.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of every fit.")] = SEED,
    as_json: AsJson = False,
) -> None:
    """Try the grids of the variational and the MC dropout head on train; choose on val."""
    from review_app.datasets.leaks import refuse_leaks
    from review_app.datasets.manifest import read_manifest, require_labels
    from review_app.detector.backbones import load_backbone
    from review_app.detector.dataset import load_labelled
    from review_app.detector.feature_cache import DirectoryFeatureCache
    from review_app.detector.search import search as search_grids

    here = settings()
    rows = read_manifest(manifest, check_files=True)
    parts = [rows.split("train"), rows.split("val")]
    if not all(parts):
        raise ManifestError(
            f"{manifest} has no rows of split 'train' or none of 'val'; a search needs both. Make "
            "them: deepfake-review dataset split MANIFEST OUT.csv"
        )
    for part, what in zip(parts, ("train", "val"), strict=True):
        require_labels(rows, part, what)
    with progress_bar("Features") as progress:
        data = load_labelled(
            rows,
            parts[0] + parts[1],
            load_backbone(backbone, weights=weights or here.weights_for(backbone)),
            DirectoryFeatureCache(here.data_dir / "features"),
            purpose="searching",
            decode=decoder(file_limits(here)),
            progress=progress,
        )
    refuse_leaks(data.keys, parts[0] + parts[1])
    cut = len(parts[0])
    with progress_bar("Search") as progress:
        document = search_grids(data[:cut], data[cut:], out, seed=seed, progress=progress)
    result(document, as_json, "\n".join(_words(head, found) for head, found in document.items()))


def _words(head: str, found: dict[str, Any]) -> str:
    chosen = next(cell for cell in found["grid"] if cell["params"] == found["best"])
    value, low, high = chosen["val_auroc"]
    params = ", ".join(f"{name} {value:g}" for name, value in found["best"].items())
    cells = len(found["grid"])
    return f"{head}: {params} of {cells} cells, AUROC on val {value:.3f} ({low:.3f} to {high:.3f})"
