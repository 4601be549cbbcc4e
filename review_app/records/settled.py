"""A settled item teaches something: its label and how much it counts, or why it is left out.

An entry is a row of `ExportRows.batches`. Pure.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from review_app.manifests.labels import ManifestLabel
from review_app.policy.undo_window import final_since
from storage.enums import ItemState, LabelValue


class LeftOut(StrEnum):
    """A reason why an item is no training image."""

    UNSURE = "unsure"
    """Whoever looked cannot tell."""
    UNDECIDABLE = "undecidable"
    """Nobody can tell from this image."""
    DISPUTED = "disputed"
    """People disagree, and no admin has decided."""
    ESCALATED = "escalated"
    """It waits for an admin."""
    UNSETTLED = "unsettled"
    """More answers are wanted."""
    NOT_FINAL = "not_final"
    """Answers can still be taken back."""
    CONTRADICTED = "contradicted"
    """People say other than the label it came with."""
    ACCEPTED = "accepted"
    """The policy accepted it: no label, or the detector would learn its own mistakes."""
    UNLABELLED = "unlabelled"
    """Nobody has said anything of it."""
    NO_PICTURE = "no_picture"
    """Only its scores are here."""
    MISSING = "missing"
    """Its stored file is gone."""
    DAMAGED = "damaged"
    """Its stored file is not what was stored."""


_TEACHES = {LabelValue.REAL: ManifestLabel.REAL, LabelValue.FAKE: ManifestLabel.FAKE}
_STANDS_FOR_NOTHING = {
    LabelValue.UNSURE: LeftOut.UNSURE,
    LabelValue.UNDECIDABLE: LeftOut.UNDECIDABLE,
}


def settled(entry: dict[str, Any], now: datetime) -> ManifestLabel | LeftOut:
    """The item's label: an admin's correction, else its final verdict, else what it came with."""
    if entry["image"].picture is None:
        return LeftOut.NO_PICTURE
    value = _value(entry, now)
    if isinstance(value, LeftOut):
        return value
    return _TEACHES.get(value) or _STANDS_FOR_NOTHING[value]


def weight(entry: dict[str, Any]) -> float:
    """How many images of the stream the item's label stands for: one over the probability, known
    beforehand, that people were asked about it.

    A label that came with the image was in nobody's hand; and an image that somebody chose to look
    at, to correct it, stands for itself alone.
    """
    decision = entry["decision"]
    answered = any(not label.extra and label.value is not None for label, _ in entry["labels"])
    if entry["known"] is not None or decision is None or not answered:
        return 1.0
    probability: float = decision.inclusion_probability
    return 1 / probability if probability else 1.0


def _value(entry: dict[str, Any], now: datetime) -> LabelValue | LeftOut:
    item, known = entry["item"], entry["known"]
    if entry["corrections"]:
        found: LabelValue = entry["corrections"][-1].value
        return found
    verdict: LabelValue | None = item.verdict
    if verdict is not None and item.final_at and item.final_at > now:
        return LeftOut.NOT_FINAL
    if verdict is not None and known is not None and known.value is not verdict:
        return LeftOut.CONTRADICTED
    if verdict is not None:
        return verdict
    if known is not None:
        return LabelValue(known.value)
    return _unsettled(entry, now)


def _unsettled(entry: dict[str, Any], now: datetime) -> LeftOut:
    state: ItemState = entry["item"].state
    given = [label for label, _ in entry["labels"] if not label.extra and label.value is not None]
    values = {label.value for label in given}
    if any(final_since(label) > now for label in given):
        return LeftOut.NOT_FINAL
    if values == {LabelValue.UNSURE}:
        return LeftOut.UNSURE
    if len(values) > 1:
        return LeftOut.DISPUTED
    if state is ItemState.ESCALATED:
        return LeftOut.ESCALATED
    if given:
        return LeftOut.UNSETTLED
    return LeftOut.ACCEPTED if state is ItemState.AUTO_ACCEPTED else LeftOut.UNLABELLED
