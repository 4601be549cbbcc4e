"""A settled item teaches something: its label and how much it counts, or why it is left out.
Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from review_app.manifests.labels import ManifestLabel
from review_app.policy.undo_window import final_since
from review_app.records.exports.said import Said
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


class ItemStanding(NamedTuple):
    """How an item stands, beside what is said of it."""

    has_picture: bool
    state: str
    verdict: LabelValue | None
    """What people said, final or not."""
    final_at: datetime | None
    """The time at which the verdict becomes final, or became; None where it was at once."""


def settled(item: ItemStanding, said: Said, now: datetime) -> ManifestLabel | LeftOut:
    """The item's label: an admin's correction, else its final verdict, else what it came with."""
    if not item.has_picture:
        return LeftOut.NO_PICTURE
    value = _value(item, said, now)
    if isinstance(value, LeftOut):
        return value
    return _TEACHES.get(value) or _STANDS_FOR_NOTHING[value]


def weight(said: Said, inclusion_probability: float | None) -> float:
    """How many images of the stream the item's label stands for: one over the probability, known
    beforehand, that people were asked about it.

    A label that came with the image was in nobody's hand; and an image that somebody chose to look
    at, to correct it, stands for itself alone.
    """
    answered = any(not answer.extra for answer in said.given)
    if said.known is not None or not answered:
        return 1.0
    return 1 / inclusion_probability if inclusion_probability else 1.0


def _value(item: ItemStanding, said: Said, now: datetime) -> LabelValue | LeftOut:
    if said.corrections:
        return said.corrections[-1].value
    if item.verdict is None:
        return said.known or _unsettled(item, said, now)
    if item.final_at and item.final_at > now:
        return LeftOut.NOT_FINAL
    if said.known is not None and said.known is not item.verdict:
        return LeftOut.CONTRADICTED
    return item.verdict


def _unsettled(item: ItemStanding, said: Said, now: datetime) -> LeftOut:
    given = [answer for answer in said.given if not answer.extra]
    values = {answer.value for answer in given}
    if any(final_since(answer) > now for answer in given):
        return LeftOut.NOT_FINAL
    if values == {LabelValue.UNSURE}:
        return LeftOut.UNSURE
    if len(values) > 1:
        return LeftOut.DISPUTED
    if item.state == ItemState.ESCALATED:
        return LeftOut.ESCALATED
    if given:
        return LeftOut.UNSETTLED
    return LeftOut.ACCEPTED if item.state == ItemState.AUTO_ACCEPTED else LeftOut.UNLABELLED
