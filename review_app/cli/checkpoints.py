"""``checkpoint ...``: what detectors are here, which is better, and which is in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cascade.card import PREFIX as CASCADED
from review_app.cli.adoption import adopt, external_words, show_external
from review_app.cli.cascade import cascade_words, show_cascade
from review_app.cli.challenges import lineage
from review_app.cli.common import (
    REFUSED,
    AsJson,
    application,
    figure,
    find_checkpoint,
    progress_bar,
    result,
    settings,
)
from review_app.cli.fuse import fused_words, show_fused
from review_app.cli.lab import Lab, Weights, open_lab, weighed_words
from review_app.core.errors import CheckpointError, InputError
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings
from review_app.fusion.card import PREFIX as FUSED
from review_app.manifests.manifest import Manifest, read_manifest
from review_app.scores.card import PREFIX

if TYPE_CHECKING:  # the detector is slow to import, and most commands do without it
    from review_app.inference.card import CheckpointCard, MeasuredKind
    from review_app.inference.checkpoint import Checkpoint
    from review_app.inference.dataset import LabelledFeatures
    from review_app.inference.heads import HeadName
    from review_app.lab.comparison import Contender

Folder = Annotated[Path, typer.Argument(help="Checkpoint folder, or its name in the list.")]
_FIGURES = {
    "auroc": "AUROC",
    "accuracy": "accuracy",
    "f1": "F1",
    "ece": "ECE",
    "nll": "NLL",
    "brier": "Brier",
    "aurc": "AURC",
    "error_auroc": "error AUROC",
}
"""Headline figures, as they are written."""


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(
        help="Detectors: list, show, verify, compare, adopt, lineage.", no_args_is_help=True
    )
    group.command("list")(list_checkpoints)
    group.command("show")(show)
    group.command("verify")(verify)
    group.command("compare")(compare)
    group.command("adopt")(adopt)
    group.command("lineage")(lineage)
    app.add_typer(group, name="checkpoint")


def list_checkpoints(as_json: AsJson = False) -> None:
    """Every checkpoint of the data directory, of the database, of the settings, and the shipped."""
    with application() as app:
        known = app.detectors.inventory()
        folders = [*_folders(app.settings), *known.folders]
    external = [one.to_json(known.in_force) for one in known.external]
    found = [_entry(folder, known.in_force) for folder in dict.fromkeys(map(Path.resolve, folders))]
    fused = [one.to_json(known.in_force) for one in known.fused]
    cascades = [one.to_json(known.in_force) for one in known.cascades]
    lines = [*map(_entry_words, found), *map(external_words, external), *map(fused_words, fused)]
    lines += map(cascade_words, cascades)
    document = {
        "checkpoints": found, "external": external, "fused": fused, "cascades": cascades
    }  # fmt: skip
    result(document, as_json, "\n".join(lines))
    if any("error" in entry for entry in found):
        raise typer.Exit(REFUSED)


def show(checkpoint: Folder, as_json: AsJson = False) -> None:
    """Tell what a checkpoint was trained on, what it is worth and what may be done with it; or
    what is known of an external or a fused detector, or of a cascade."""
    from review_app.inference.checkpoint import Checkpoint

    if str(checkpoint).startswith(PREFIX):
        show_external(str(checkpoint), as_json)
        return
    if str(checkpoint).startswith(FUSED):
        show_fused(str(checkpoint), as_json)
        return
    if str(checkpoint).startswith(CASCADED):
        show_cascade(str(checkpoint), as_json)
        return
    folder = find_checkpoint(checkpoint, settings())
    loaded = Checkpoint.load(folder)
    card = loaded.card.model_dump(mode="json")
    result({"id": loaded.id, "path": str(folder), "card": card}, as_json, _portrait(loaded))


def verify(
    checkpoint: Folder,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Check hash, schema and shapes, load the backbone and check that it is the same."""
    from review_app.inference.checkpoint import Checkpoint, require_backbone

    lab = open_lab()
    folder = find_checkpoint(checkpoint, lab.settings)
    loaded = Checkpoint.load(folder)
    backbone = lab.backbone(loaded.card.backbone.name, weights)
    require_backbone(loaded, backbone)
    document = {
        "id": loaded.id,
        "path": str(folder),
        "heads_sha256": loaded.card.heads_sha256,
        "backbone": backbone.key,
        "heads": [name.value for name in loaded.heads],
    }
    result(document, as_json, f"{loaded.id} is in order: {len(loaded.heads)} heads, {backbone.key}")


def compare(
    first: Folder,
    second: Folder,
    manifest: Annotated[
        Path | None, typer.Argument(help="CSV with path and label, to measure both on.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="By default test where the manifest has it, else all rows.")
    ] = None,
    weights: Weights = None,
    as_json: AsJson = False,
) -> None:
    """Set two checkpoints side by side: by their cards, or both measured on the same images."""
    from review_app.inference.checkpoint import Checkpoint

    lab = open_lab()
    loaded = [Checkpoint.load(find_checkpoint(folder, lab.settings)) for folder in (first, second)]
    if loaded[0].id == loaded[1].id:
        raise InputError(f"both folders hold checkpoint {loaded[0].id}; name two different ones")
    document: dict[str, Any] = {
        "first": loaded[0].id,
        "second": loaded[1].id,
        "cards": {each.id: _test(each, each.default_head) for each in loaded},
        "measured": None,
    }
    lines = [
        f"{each.id}, {each.default_head.value} on its own test images: "
        + (_figures(_test(each, each.default_head)) or "not measured")
        for each in loaded
    ]
    if manifest is not None:
        measured = _measure(loaded[0], loaded[1], manifest, split, weights, lab)
        document["measured"] = measured
        lines += _measured_lines(measured)
    result(document, as_json, "\n".join(lines))


def _folders(here: Settings) -> list[Path]:
    """The folders where a checkpoint is to be expected: those of ``train`` newest last."""
    homes = (DEFAULT_CHECKPOINT.parent, here.data_dir / "checkpoints")
    cards = (card for home in homes for card in sorted(home.glob("*/card.json")))
    known = [card.parent for card in cards if not card.parent.name.startswith(".")]
    return [here.checkpoint, *known]


def _entry(folder: Path, in_force: str | None) -> dict[str, Any]:
    """One line of the list; ``error`` in place of all else where the folder cannot be loaded."""
    from review_app.inference.checkpoint import Checkpoint

    try:
        checkpoint = Checkpoint.load(folder)
    except CheckpointError as error:
        return {"path": str(folder), "error": str(error)}
    card = checkpoint.card
    return {
        "id": checkpoint.id,
        "path": str(folder),
        "created_at": card.created_at.isoformat(),
        "backbone": card.backbone.name,
        "default_head": card.default_head.value,
        "data": card.data.name,
        "test_auroc": _test(checkpoint, card.default_head).get("auroc"),
        "in_force": checkpoint.id == in_force,
        "parent": card.parent,
        "data_sha256": None if card.learned is None else card.learned.data_sha256,
    }


def _entry_words(entry: dict[str, Any]) -> str:
    if "error" in entry:
        return f"  {entry['path']}: {entry['error']}"
    mark = "*" if entry["in_force"] else " "
    return (
        f"{mark} {entry['id']}: {entry['default_head']} on {entry['backbone']}, from "
        f"{entry['data']}, AUROC {figure(entry['test_auroc'])}; {entry['path']}"
    )


def _test(checkpoint: Checkpoint, head: HeadName) -> dict[str, Any]:
    """The head's figures on all test images; empty where the checkpoint had none."""
    figures: dict[str, Any] = checkpoint.card.heads[head].test.get("all", {})
    return figures


def _portrait(checkpoint: Checkpoint) -> str:
    card, data = checkpoint.card, checkpoint.card.data
    sources = ", ".join(f"{name or 'no source'} {n}" for name, n in data.sources.items())
    generators = ", ".join(f"{name} {n}" for name, n in data.generators.items())
    lines = [
        checkpoint.id,
        f"  made:     {card.created_at:%Y-%m-%d %H:%M} UTC, preset {card.preset}, seed {card.seed}",
        f"  parent:   {card.parent or 'none'}",
        f"  backbone: {card.backbone.name}, {card.backbone.width} numbers an image; weights: "
        f"{card.backbone.weights} ({card.backbone.licence})",
        f"  data:     {data.name}: {data.n_train} training ({data.fake_share:.0%} fake), "
        f"{data.n_val} validation, {data.n_test} test images; training images by source: {sources}"
        + (f"; by generator: {generators}" if generators else ""),
        *_learned_lines(card),
        f"  licence:  {card.licence}",
        "  heads on test images (* the default head):",
    ]
    for name, head in card.heads.items():
        mark = "*" if name is card.default_head else " "
        lines.append(f"  {mark} {name.value}" + ("" if head.test else ": not measured"))
        lines += [f"      {which}: {_figures(test)}" for which, test in head.test.items()]
    return "\n".join([*lines, *_scope_lines(card)])


def _learned_lines(card: CheckpointCard) -> list[str]:
    """What people's labels taught it, where they did."""
    learned = card.learned
    if learned is None:
        return []
    changed = f"changed {learned.head.value}" if learned.head else "taught all heads"
    labels = f"{learned.labels['real']} real and {learned.labels['fake']} fake labels"
    return [
        f"  learned:  {labels} of people {changed} (as good as {learned.n_effective:,.0f} of equal "
        f"weight); {learned.held_out} held out"
    ]


def _scope_lines(card: CheckpointCard) -> list[str]:
    """The kinds that it was measured on, by the default head, and what it is known to fail at."""
    from review_app.inference.scopes import in_language, scopes_of

    lines = [f"  kinds, by {card.default_head.value}:"]
    for scope in scopes_of(card):
        lines.append(f"    {_kind(scope, card.default_head)}")
        lines += [f"      {_kind(each, card.default_head)}" for each in scope.generators]
    if card.failures:
        lines.append("  known to fail at:")
        lines += [f"    {in_language(words, 'en', '')}" for words in card.failures]
    return lines


def _kind(kind: MeasuredKind, head: HeadName) -> str:
    from review_app.inference.scopes import in_language

    content = in_language(kind.content, "en", "")
    named = f"{kind.name} ({content})" if content else kind.name
    figures = kind.heads.get(head)
    if figures is None:
        return f"{named}: not measured"
    unlike = "" if kind.unlike is None else f", {kind.unlike:.0%} called unlike"
    return f"{named}: AUROC {figure(figures.auroc)}, error {figure(figures.error)}{unlike}"


def _figures(metrics: dict[str, Any]) -> str:
    """The headline figures, each with its interval where the metrics have one."""
    intervals = metrics.get("intervals", {})
    return ", ".join(
        f"{words} {figure(metrics[name], intervals.get(name))}"
        for name, words in _FIGURES.items()
        if metrics.get(name) is not None
    )


def _measure(
    first: Checkpoint,
    second: Checkpoint,
    manifest: Path,
    split: str | None,
    weights: Weights,
    lab: Lab,
) -> dict[str, Any]:
    """Both default heads on the same rows: their figures, and tests of the differences."""
    from review_app.lab.comparison import compare_all
    from review_app.lab.evaluation import effective

    whole = read_manifest(manifest, check_files=True)
    chosen, measured = whole.to_measure(split)
    rows = replace(whole, rows=measured)
    contenders, figures, seen = {}, {}, {}
    for each in (first, second):
        data = _load(each, rows, weights, lab)
        contenders[each.id], figures[each.id] = _contender(each, data)
        seen[each.id] = sum(each.seen(key) for key in data.keys)
    return {
        "manifest": manifest.name,
        "split": chosen,
        "n": len(data),
        **effective(data),
        "seen": seen,
        "figures": figures,
        "difference": compare_all(contenders, data.is_fake, weighted=data.weighting is not None)[0],
    }


def _load(checkpoint: Checkpoint, rows: Manifest, weights: Weights, lab: Lab) -> LabelledFeatures:
    from review_app.inference.checkpoint import require_backbone
    from review_app.inference.dataset import load_labelled

    backbone = lab.backbone(checkpoint.card.backbone.name, weights)
    require_backbone(checkpoint, backbone)
    with progress_bar(f"Features for {checkpoint.card.name}") as progress:
        return load_labelled(
            rows,
            rows.rows,
            backbone,
            lab.cache,
            purpose="comparison",
            decode=lab.decode,
            progress=progress,
        )


def _contender(checkpoint: Checkpoint, data: LabelledFeatures) -> tuple[Contender, dict[str, Any]]:
    """The default head with its shipped reject score, as ``compare_all`` takes it; its figures."""
    from review_app.core.placements import auroc
    from review_app.inference.heads.base import SOURCE_SEED
    from review_app.lab.comparison import Contender
    from review_app.lab.evaluation import head_inputs
    from review_app.lab.metrics import believable, head_metrics, replicates
    from review_app.lab.resampling import Resamples
    from review_app.lab.selective import risk_coverage

    head = head_inputs(checkpoint, checkpoint.judge(data.features))[checkpoint.default_head]
    p_fake, called = head.prediction.p_fake, head.called_fake
    wrong = called != data.is_fake
    weights = data.weighting
    drawn = replicates(
        Resamples(data.is_fake, SOURCE_SEED), p_fake, called, data.is_fake, head.reject, weights
    )
    figures = head_metrics(
        head.prediction, data.is_fake, head.threshold, has_std=head.has_std, weights=weights
    )
    figures["aurc"] = risk_coverage(head.reject, wrong, weights).aurc
    figures["error_auroc"] = auroc(head.reject, wrong, weights)
    shown = {name: figures[name] for name in _FIGURES} | {
        "intervals": believable(
            drawn, p_fake, called, data.is_fake, head.reject, figures["ece"], weights
        )
    }
    values = figures | {"auroc": (figures["auroc"] or [None])[0]}
    return Contender(p_fake, values, drawn), shown


def _measured_lines(measured: dict[str, Any]) -> list[str]:
    from review_app.lab.comparison import COMPARED

    weighed = weighed_words(measured)
    lines = [f"measured on {measured['n']} images of {measured['manifest']}{weighed}:"]
    lines += [f"  {each}: {_figures(figures)}" for each, figures in measured["figures"].items()]
    lines += [
        f"  {each} has learned from {n} of these images: its figures are too good"
        for each, n in measured["seen"].items()
        if n
    ]
    lines.append("first minus second, with the 95% interval of the paired difference:")
    for name in ("auroc", *COMPARED):
        if test := measured["difference"][name]:
            lines.append(f"  {_FIGURES[name]}: {test['difference']:+.3f}{_certainty(test)}")
    return lines


def _certainty(test: dict[str, Any]) -> str:
    """The interval of a difference, and its p-value; that images are too few, where they are."""
    if test["low"] is None:
        return "; too few images to tell" if test["p_value"] is None else ""
    return f" ({test['low']:+.3f} to {test['high']:+.3f}), p = {test['p_value']:.3g}"
