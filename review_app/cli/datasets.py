"""``dataset make|import-deepfake-eval|join|split|card``: manifests made, joined, divided and looked
into."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from review_app.bootstrap import file_limits
from review_app.cli.common import REFUSED, AsJson, progress_bar, result, settings
from review_app.cli.dialects import MapColumn, MapLabel
from review_app.intake.decode import decoder
from review_app.intake.sources import files_below, not_taken
from review_app.lab.datasets.deepfake_eval import SEED, read_deepfake_eval
from review_app.lab.datasets.fingerprints import Inspected, inspect_rows
from review_app.lab.datasets.join import Part, join_manifests
from review_app.lab.datasets.origin import (
    Dropped,
    DropReason,
    counts,
    read_origin,
    step,
    write_origin,
)
from review_app.lab.datasets.splits import SOURCE_SHARES, split_rows
from review_app.manifests.dialect import Dialect, dialect
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.layout import rows_of_folder
from review_app.manifests.manifest import (
    ManifestRow,
    read_manifest,
    refuse_existing,
    write_manifest,
)

ManifestFile = Annotated[
    Path,
    typer.Argument(help="CSV with path, and where known label, source, group, split, generator."),
]
Out = Annotated[Path, typer.Argument(help="Manifest to write; must not exist yet.")]
Seed = Annotated[int, typer.Option(help="Seed of every random draw.")]
Share = Annotated[float, typer.Option(min=0, max=1, help="Share of the images.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        help="Manifests: make, import, join, split, data card.", no_args_is_help=True
    )
    group.command("make")(make)
    group.command("import-deepfake-eval")(import_deepfake_eval)
    group.command("join")(join)
    group.command("split")(split)
    group.command("card")(card)
    app.add_typer(group, name="dataset")


def make(
    source: Annotated[
        Path, typer.Argument(help="Folder of images (real/, fake/, train/...), or any table.")
    ],
    out: Annotated[
        Path | None, typer.Argument(help="Manifest to write; by default manifest.csv beside it.")
    ] = None,
    columns: MapColumn = None,
    labels: MapLabel = None,
    as_json: AsJson = False,
) -> None:
    """Make a manifest of a folder, by the names of its folders, or of a table that calls things by
    other names.
    """
    settings()
    folder = source if source.is_dir() else source.parent
    out = out or folder / "manifest.csv"
    refuse_existing(out)
    meant = dialect(columns or (), labels or ())
    rows: Sequence[ManifestRow]
    dropped: list[Dropped] = []
    if source.is_dir():
        rows, dropped = _rows_of_folder(source, meant)
    else:
        rows = read_manifest(source, dialect=meant, check_groups=False).rows
    write_manifest(out, rows)
    write_origin(out, [step("make", source, len(rows), dropped)])
    tally = {label.value: sum(row.label is label for row in rows) for label in ManifestLabel}
    unlabelled = len(rows) - sum(tally.values())
    document = {
        "path": str(out),
        "rows": len(rows),
        "labels": tally | {"none": unlabelled},
        **_told(dropped),
    }
    words = f"{len(rows)} rows in {out}: {tally['real']} real, {tally['fake']} fake"
    if unlabelled:
        words += f", {unlabelled} without a label (folders: --map-label NAME=real|fake)"
    result(document, as_json, words + _dropped_words(dropped))
    if dropped:
        raise typer.Exit(REFUSED)


def _rows_of_folder(folder: Path, meant: Dialect) -> tuple[Sequence[ManifestRow], list[Dropped]]:
    """A row for each image below ``folder``; what is none is dropped, with the reason."""
    images, dropped = [], []
    for path in files_below(folder):
        why = not_taken(path)
        if why is None:
            images.append(path)
        else:
            name = str(path.relative_to(folder))
            dropped.append(Dropped(0, name, DropReason.UNREADABLE, why))
    return rows_of_folder(folder, images, meant), dropped


def import_deepfake_eval(
    metadata: Annotated[Path, typer.Argument(help="The image metadata CSV of its authors.")],
    images: Annotated[Path, typer.Argument(help="Folder that holds the images.")],
    out: Out,
    seed: Seed = SEED,
    as_json: AsJson = False,
) -> None:
    """Make a manifest of Deepfake-Eval-2024, with its own test set and a carved validation set."""
    settings()
    refuse_existing(out)
    found = read_deepfake_eval(metadata, images, seed=seed)
    write_manifest(out, found.rows)
    write_origin(
        out, [step("import-deepfake-eval", metadata, len(found.rows), found.dropped, seed=seed)]
    )
    sizes = {name: sum(row.split == name for row in found.rows) for name in SOURCE_SHARES}
    document = {"path": str(out), "rows": len(found.rows), "splits": sizes, **_told(found.dropped)}
    words = f"{len(found.rows)} rows in {out}: " + ", ".join(f"{n} {s}" for s, n in sizes.items())
    result(document, as_json, words + _dropped_words(found.dropped))
    # A row without a name refuses nothing: there is no input that it stands for.
    if any(each.reason is not DropReason.NO_NAME for each in found.dropped):
        raise typer.Exit(REFUSED)


def join(
    files: Annotated[
        list[Path], typer.Argument(help="Manifests to join, and the manifest to write.")
    ],
    together: Annotated[
        bool,
        typer.Option(
            "--together", help="Put what belongs together in several splits into test, else val."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Join manifests to one: sources and splits stay, each file counts once, and no picture of one
    lies in another split than its copies in others.
    """
    settings()
    *manifests, out = files
    if len(manifests) < 2:
        raise typer.BadParameter("name two manifests or more, and then the one to write")
    refuse_existing(out)
    read = [read_manifest(path, check_files=True) for path in manifests]
    inspected = iter(_inspected([row for manifest in read for row in manifest.rows]))
    parts = [Part(each.path, list(islice(inspected, len(each.rows)))) for each in read]
    done = join_manifests(parts, together=together)
    write_manifest(out, done.rows)
    steps = [
        one
        for path, kept, dropped in zip(manifests, done.kept, done.dropped, strict=True)
        for one in (*read_origin(path), step("join", path, kept, dropped, together=together))
    ]
    write_origin(out, steps)
    for family in done.families:
        names = " and ".join(f"row {row.row} ({row.name})" for row in family)
        sys.stderr.write(f"belong together: {names}\n")
    for group in done.renamed:
        sys.stderr.write(f"group {group!r} means several things; it goes by its manifest's name\n")
    dropped = [each for drops in done.dropped for each in drops]
    words = f"{len(done.rows)} rows in {out}"
    if done.moved:
        words += f"; {done.moved} moved to the split of their family"
    result(
        {"path": str(out), **done.to_json(), **_told(dropped)},
        as_json,
        words + _dropped_words(dropped),
    )
    if any(each.reason is DropReason.UNREADABLE for each in dropped):
        raise typer.Exit(REFUSED)


def split(
    manifest: ManifestFile,
    out: Out,
    train: Share = SOURCE_SHARES["train"],
    val: Share = SOURCE_SHARES["val"],
    test: Share = SOURCE_SHARES["test"],
    seed: Seed = SEED,
    keep: Annotated[
        bool, typer.Option("--keep", help="Rows that have a split stay there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Divide a manifest by label and source, without tearing groups, copies or near-copies."""
    settings()
    refuse_existing(out)
    rows = read_manifest(manifest, check_files=True, check_groups=keep)
    inspected = _inspected(rows.rows)
    dropped = [
        Dropped(one.row.row, one.row.name, DropReason.UNREADABLE, one.failure)
        for one in inspected
        if one.failure
    ]
    readable = [one for one in inspected if one.found]
    done = split_rows(readable, {"train": train, "val": val, "test": test}, seed=seed, keep=keep)
    write_manifest(out, done.rows)
    facts = {"shares": done.shares, "merged": len(done.merged), "seed": seed, "keep": keep}
    steps = [*read_origin(manifest), step("split", manifest, len(done.rows), dropped, **facts)]
    write_origin(out, steps)
    shares = ", ".join(f"{name} {share:.1%}" for name, share in done.shares.items())
    words = f"{len(done.rows)} rows in {out}: {shares}"
    for family in done.merged:
        names = " and ".join(f"row {row.row} ({row.name})" for row in family)
        sys.stderr.write(f"kept together as copies or near-copies: {names}\n")
    result(
        {"path": str(out), **done.to_json(), **_told(dropped)},
        as_json,
        words + _dropped_words(dropped),
    )
    if dropped:
        raise typer.Exit(REFUSED)


def card(
    manifest: ManifestFile,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write card.json and card.html to.")
    ] = None,
    seed: Seed = SEED,
    as_json: AsJson = False,
) -> None:
    """Count, measure and compare the images of a manifest: balance, shortcuts, copies, leaks."""
    from review_app.lab.datasets.card import data_card
    from review_app.lab.datasets.card_page import card_words, write_card

    settings()
    rows = read_manifest(manifest, check_groups=False)
    document = data_card(rows, _inspected(rows.rows), seed=seed)
    if out is not None:
        write_card(document, out)
    result(document, as_json, card_words(document))


def _inspected(rows: Sequence[ManifestRow]) -> list[Inspected]:
    """The files of ``rows``, decoded as the queue decodes them."""
    with progress_bar("Files") as progress:
        return inspect_rows(rows, decode=decoder(file_limits(settings())), progress=progress)


def _told(dropped: Sequence[Dropped]) -> dict[str, object]:
    return {
        "dropped_counts": counts(dropped),
        "dropped": [asdict(each) for each in dropped],
    }


def _dropped_words(dropped: Sequence[Dropped]) -> str:
    for each in dropped:
        detail = f" ({each.detail})" if each.detail else ""
        sys.stderr.write(f"dropped: row {each.row} ({each.name}): {each.reason}{detail}\n")
    reasons = ", ".join(f"{n} {reason}" for reason, n in counts(dropped).items())
    return f"; dropped {len(dropped)}: {reasons}" if dropped else ""
