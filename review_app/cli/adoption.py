"""``checkpoint adopt``, and external detectors in ``checkpoint list`` and ``checkpoint show``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from review_app.cli.common import AsJson, application, find_checkpoint, result
from review_app.cli.operator import operator
from review_app.core.errors import ConflictError, NotFoundError
from review_app.i18n.formatting import count
from review_app.policy.policy_text import describe
from review_app.scores.card import HEAD

if TYPE_CHECKING:
    from review_app.bootstrap import Application


def adopt(
    checkpoint: Annotated[
        str,
        typer.Argument(help="external:NAME of a score file, fused:NAME, or a checkpoint folder."),
    ],
    as_json: AsJson = False,
) -> None:
    """Put another detector in force. It starts learning: old certificates say nothing of it."""
    with application() as app:
        person = operator(app)
        found, head = named(app, checkpoint)
        now = app.policies.current()
        if now.checkpoint == found:
            raise ConflictError(f"{found} is in force already")
        policy = app.policies.adopt(person, found, head, f"adopted {found}", now.version)
        app.triage.keep_order()
    result(policy.to_json(), as_json, f"{found} is in force. {describe(policy)}")


def external_words(entry: dict[str, Any]) -> str:
    """The line of `InventoryEntry.to_json` for people."""
    mark = "*" if entry["in_force"] else " "
    return (
        f"{mark} {entry['id']}: scores of {count(entry['images'], 'image')}; thresholds from "
        f"{count(entry['ladder_images'], 'image')} of {', '.join(entry['files'])}"
    )


def show_external(checkpoint_id: str, as_json: bool) -> None:
    """Tell what is known of an external detector: where its thresholds and cuts come from."""
    with application() as app:
        found = app.detectors.external_detector(checkpoint_id)
    if found is None:
        raise NotFoundError(
            f"no score file has brought a detector {checkpoint_id}; "
            "see: deepfake-review checkpoint list"
        )
    card, images = found.card, found.n_images
    grid = card.heads[HEAD].ladder
    lines = [
        f"{found.id}: scores of {count(images, 'image')}; its model is not here",
        *(
            f"  file:       {file.name}, {count(file.rows, 'row')}, taken in "
            f"{file.taken_at:%Y-%m-%d %H:%M} UTC, SHA-256 {file.sha256}"
            for file in card.files
        ),
        f"  thresholds: {len(grid.real.thresholds)} for real and {len(grid.fake.thresholds)} "
        f"for fake, from {count(len(card.sample), 'image')}, whose labels prove nothing",
    ]
    shown = card.model_dump(mode="json", exclude={"sample"})
    document = {"id": found.id, "images": images, "ladder_images": len(card.sample), "card": shown}
    result(document, as_json, "\n".join(lines))


def named(app: Application, name: str) -> tuple[str, str]:
    """Id and head of the external or fused detector or the cascade called ``name``, or of the
    checkpoint in that folder."""
    known = app.detectors.external() | app.detectors.fused() | app.detectors.cascaded()
    if name in known:
        return name, known[name]
    folder = find_checkpoint(Path(name), app.settings)
    if not folder.is_dir():
        raise NotFoundError(
            f"there is no external detector, no fused one, no cascade and no checkpoint folder "
            f"{name}; see: deepfake-review checkpoint list"
        )
    checkpoint = app.detectors.register(folder)
    return checkpoint.id, checkpoint.default_head.value
