"""``search``: grid searches over the heads' hyper-parameters on a labelled manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from review_app.cli.common import AsJson, figure, progress_bar, result
from review_app.cli.lab import BackboneName, Weights, open_lab
from review_app.lab.datasets.deepfake_eval import SEED


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
    backbone: BackboneName = "efficientnet_lite0",
    weights: Weights = None,
    seed: Annotated[int, typer.Option(help="Seed of every fit.")] = SEED,
    as_json: AsJson = False,
) -> None:
    """Try the grids of the heads that declare one on train; choose on val."""
    from review_app.inference.dataset import load_labelled
    from review_app.lab.datasets.leaks import refuse_leaks
    from review_app.lab.search import search as search_grids
    from review_app.lab.versions import rows_of
    from review_app.manifests.manifest import read_manifest

    lab = open_lab()
    rows = read_manifest(manifest, check_files=True)
    train, val = rows_of(rows, "train"), rows_of(rows, "val")
    with progress_bar("Features") as progress:
        data = load_labelled(
            rows,
            train + val,
            lab.backbone(backbone, weights),
            lab.cache,
            purpose="searching",
            decode=lab.decode,
            progress=progress,
        )
    refuse_leaks(data.keys, train + val)
    cut = len(train)
    with progress_bar("Search") as progress:
        document = search_grids(data[:cut], data[cut:], out, seed=seed, progress=progress)
    result(document, as_json, "\n".join(_words(head, found) for head, found in document.items()))


def _words(head: str, found: dict[str, Any]) -> str:
    chosen = next(cell for cell in found["grid"] if cell["params"] == found["best"])
    params = ", ".join(f"{name} {value:g}" for name, value in found["best"].items())
    cells = len(found["grid"])
    return f"{head}: {params} of {cells} cells, AUROC on val {figure(chosen['val_auroc'])}"
