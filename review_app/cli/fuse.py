"""``fuse``, and fused detectors in ``checkpoint list`` and ``checkpoint show``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.common import (
    AsJson,
    application,
    figure,
    find_checkpoint,
    progress_bar,
    result,
)
from review_app.cli.operator import operator
from review_app.core.errors import NotFoundError
from review_app.detectors.fusing import DEFAULT_LABELS
from review_app.fusion.card import FusedCard, FusedMember, fused_id
from review_app.i18n.formatting import count

if TYPE_CHECKING:
    from review_app.bootstrap import Application
    from review_app.detectors.teaching import Member


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(fuse)


def fuse(
    name: Annotated[str, typer.Argument(help="What it is to be called: fused:NAME.")],
    member: Annotated[
        list[str],
        typer.Option(
            help="external:NAME, a checkpoint's id or folder; :HEAD behind it names another head "
            "than its default one. Once for each member."
        ),
    ],
    labels: Annotated[
        int, typer.Option(min=0, help="How many labels may make it; the others can certify it.")
    ] = DEFAULT_LABELS,
    as_json: AsJson = False,
) -> None:
    """Make one detector of several, by the labels that are here. Nothing is put in force."""
    with application() as app, progress_bar("Fusing") as progress:
        person = operator(app)
        members = [typed_member(app, each, app.fusion.resolve) for each in member]
        card = app.fusion.fuse(person, name, members, labels, progress)
    found = fused_id(card.name)
    words = f"{portrait(found, card)}\nNext: deepfake-review checkpoint adopt {found}"
    result({"id": found, "card": shown(card)}, as_json, words)


def show_fused(checkpoint_id: str, as_json: bool) -> None:
    """Tell what a fused detector was made of and what each member is worth to it."""
    with application() as app:
        found = app.detectors.fused_detector(checkpoint_id)
    if found is None:
        raise NotFoundError(
            f"nobody has made a detector {checkpoint_id}; see: deepfake-review checkpoint list"
        )
    document = {"id": found.id, "images": found.n_images, "card": shown(found.card)}
    result(document, as_json, portrait(found.id, found.card))


def fused_words(entry: dict[str, Any]) -> str:
    """The line of `FusedEntry.to_json` for people."""
    mark = "*" if entry["in_force"] else " "
    return (
        f"{mark} {entry['id']}: {count(len(entry['members']), 'member')}, from "
        f"{count(entry['labels'], 'label')}, AUROC {figure(entry['auroc'])}"
    )


def shown(card: FusedCard) -> dict[str, Any]:
    """The card without what only scoring needs."""
    document = card.model_dump(mode="json", exclude={"model", "draws"})
    return {**document, "seen_images": len(card.draws)}


def portrait(checkpoint_id: str, card: FusedCard) -> str:
    """The card for people."""
    lines = [
        f"{checkpoint_id}: {count(len(card.members), 'member')}, from "
        f"{count(card.n_labels, 'label')} ({card.n_fake:,} fake), which prove nothing any more",
    ]
    if not card.learned:
        lines.append(
            "  too few labels to tell members apart (5 of each class are needed): all count alike"
        )
    elif (figures := card.figures) is None:
        lines.append("  too few labels to set some aside: what it is worth was not measured")
    else:
        best = card.members[figures.best].checkpoint
        lines.append(
            f"  AUROC {figure(figures.auroc)}, {_signed(figures.gain)} than {best} alone, on "
            "labels that did not make it (cross-fitting)"
        )
    lines += [f"  {_member_words(card, each)}" for each in card.members]
    return "\n".join(lines)


def _member_words(card: FusedCard, member: FusedMember) -> str:
    words = [f"weight {member.weight:.2f} ± {member.weight_std:.2f}"]
    if member.included is not None:
        words.append(f"counts with {member.included:.0%}")
    if member.auroc is not None:
        words.append(f"AUROC alone {member.auroc:.3f}")
    if member.cost is not None:
        words.append(f"without it {-member.cost[0]:+.3f}")
    if member.like:
        others = ", ".join(card.members[other].checkpoint for other in member.like)
        words.append(f"says the same as {others}: one weight for both")
    if member.inverted:
        words.append("its scores mean the opposite, and are turned round")
    return f"{member.checkpoint}:{member.head}: {', '.join(words)}"


def _signed(interval: tuple[float, float, float]) -> str:
    value, low, high = interval
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f}) more"


def typed_member(app: Application, named: str, resolve: Callable[[str], Member]) -> Member:
    """The member that somebody typed: an id, as ``resolve`` takes it, or a folder, with or without
    a head."""
    try:
        return resolve(named)
    except NotFoundError:
        before, colon, head = named.rpartition(":")
        for path, wanted in ((named, ""), (before, head)):
            folder = find_checkpoint(Path(path), app.settings) if path else Path(path)
            if path and (folder / "card.json").is_file():
                checkpoint = app.detectors.register(folder)
                return resolve(f"{checkpoint.id}{colon and wanted and ':' + wanted}")
        raise
