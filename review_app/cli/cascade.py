"""``cascade``, and cascades in ``checkpoint list`` and ``checkpoint show``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from review_app.cascade.card import CascadeCard, CascadePoint, cascade_id
from review_app.cli.common import AsJson, application, figure, progress_bar, result
from review_app.cli.fuse import typed_member
from review_app.cli.operator import operator
from review_app.core.errors import NotFoundError
from review_app.detectors.fusing import DEFAULT_LABELS
from review_app.i18n.formatting import count

DEFAULT_RISK = 0.05


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(cascade)


def cascade(
    name: Annotated[str, typer.Argument(help="What it is to be called: cascade:NAME.")],
    cheap: Annotated[
        str,
        typer.Option(
            help="The detector that meets every image: a checkpoint's id or folder; :HEAD behind "
            "it names another head than its default one."
        ),
    ],
    dear: Annotated[
        str,
        typer.Option(help="The one that meets what is left: another checkpoint, or fused:NAME."),
    ],
    risk: Annotated[
        float,
        typer.Option(help="The share of errors that the cheap one may make in what it decides."),
    ] = DEFAULT_RISK,
    labels: Annotated[
        int, typer.Option(min=0, help="How many labels may make it; the others can certify it.")
    ] = DEFAULT_LABELS,
    as_json: AsJson = False,
) -> None:
    """Put a cheap detector before a dear one, by the labels that are here. Nothing is put in
    force."""
    with application() as app, progress_bar("Scoring") as progress:
        person = operator(app)
        first, second = (typed_member(app, each, app.cascades.resolve) for each in (cheap, dear))
        card = app.cascades.cascade(person, name, first, second, risk, labels, progress)
    found = cascade_id(card.name)
    words = f"{portrait_of(found, card)}\nNext: deepfake-review checkpoint adopt {found}"
    result({"id": found, "card": cascade_shown(card)}, as_json, words)


def show_cascade(checkpoint_id: str, as_json: bool) -> None:
    """Tell which detectors a cascade has, what reaches the dear one, and what that costs."""
    with application() as app:
        found = app.detectors.cascade(checkpoint_id)
    if found is None:
        raise NotFoundError(
            f"nobody has made a cascade {checkpoint_id}; see: deepfake-review checkpoint list"
        )
    shown = cascade_shown(found.card)
    document = {"id": found.id, "images": found.n_images, "card": shown}
    result(document, as_json, portrait_of(found.id, found.card))


def cascade_words(entry: dict[str, Any]) -> str:
    """The line of `CascadeEntry.to_json` for people."""
    mark = "*" if entry["in_force"] else " "
    sent = "" if entry["sent"] is None else f", {entry['sent']:.0%} reach the second"
    return f"{mark} {entry['id']}: {entry['cheap']}, then {entry['dear']}{sent}"


def cascade_shown(card: CascadeCard) -> dict[str, Any]:
    """The card without what only says which labels prove nothing."""
    document = card.model_dump(mode="json", exclude={"draws"})
    return {**document, "seen_images": len(card.draws)}


def portrait_of(checkpoint_id: str, card: CascadeCard) -> str:
    """The card for people."""
    gate, members = card.gate, [f"{m.checkpoint}:{m.head}" for m in (card.cheap, card.dear)]
    cuts = [
        f"{words} {cut:.3f}"
        for words, cut in (("at or below", gate.real), ("at or above", gate.fake))
        if cut is not None
    ]
    lines = [
        f"{checkpoint_id}: {members[0]}, then {members[1]}; from "
        f"{count(card.n_labels, 'label')} ({card.n_fake:,} fake), which prove nothing any more",
        f"  the first decides scores {' and '.join(cuts)}, where it errs on at most "
        f"{card.risk:.0%} with 90% confidence",
    ]
    if card.costs is not None:
        costs = card.costs
        lines.append(
            f"  features of an image: {costs.cheap:.0f} ms by the first, {costs.dear:.0f} ms by "
            f"the second alone, {costs.after:.0f} ms by it after the first (processor time)"
        )
    if (figures := card.figures) is None:
        return "\n".join([*lines, "  too few labels to tell what it is worth"])
    lines += [
        f"  AURC on labels that did not make the gate (cross-fitting): {figures.cheap_aurc:.4f} by "
        f"the first alone, {figures.dear_aurc:.4f} by the second alone",
        *(_point(each, each == figures.chosen) for each in figures.curve),
    ]
    return "\n".join(lines)


def _point(point: CascadePoint, chosen: bool) -> str:
    cost = "" if point.cost is None else f", {point.cost:.0%} of the second's cost"
    difference = figure([100 * each for each in point.difference])
    return (
        f"  {'*' if chosen else ' '} risk {point.risk:.0%}: {point.sent:.0%} reach the second"
        f"{cost}, AURC {point.aurc:.4f}, in hundredths {difference} more than by it alone"
    )
