"""Which labels are evidence for a certificate, and why the others are not: the one place that says.

A label counts where all `of_image` holds and, unless it came with the image, all `of_verdict`. Each
condition is named by what stands against a label where it does not hold. Two more reasons hang on
more than the item: `review_app.policy.eligibility` leaves out what the checkpoint was trained on,
and what came before an alarm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select

from storage.enums import ItemState, LabelValue, PlacedBy, PolicyState
from storage.models import DecisionRow, Image, Item, KnownLabel, Label, PolicyRow, Prediction
from storage.repositories.labels import IN_FORCE, is_final
from storage.repositories.second_looks import was_drawn

TUNING_SPLITS = ("train", "val")
"""What a manifest sets aside for training and tuning proves nothing."""
DECIDES = (LabelValue.REAL, LabelValue.FAKE)
"""The labels that a prediction can be compared with."""


class Uncounted(StrEnum):
    """A reason why an image's label is not among those that certificates are computed on."""

    NEAR = "near"
    """It is a copy of an earlier image, whose label may count."""
    SPLIT = "split"
    """A manifest sets it aside for training or tuning."""
    UNSCORED = "unscored"
    UNLOOKED = "unlooked"
    """The policy accepted it, and no audit drew it."""
    UNLABELLED = "unlabelled"
    UNDECIDED = "undecided"
    """The label is unsure or undecidable."""
    NOT_FINAL = "not_final"
    UNMET = "unmet"
    """Triage never decided on it."""
    CHOSEN = "chosen"
    """A certified policy decided on it."""
    PLACED = "placed"
    """It was put before others."""
    SECOND_LOOK = "second_look"
    """It was drawn to be looked at by a second person, whatever they said."""
    SWAYED = "swayed"
    """Somebody answered after having seen what the detector says."""


Conditions = Mapping[Uncounted, ColumnElement[bool]]


def of_image() -> Conditions:
    """What must hold of the image, whoever labelled it; over `Item` and `Image`."""
    return {
        Uncounted.NEAR: Image.near_id.is_(None),
        Uncounted.SPLIT: or_(Item.split.is_(None), Item.split.not_in(TUNING_SPLITS)),
        Uncounted.UNSCORED: select(Prediction.image_id)
        .where(Prediction.image_id == Item.image_id)
        .exists(),
    }


def of_verdict(now: datetime) -> Conditions:
    """What must hold of a verdict of people, over `Item`; ``now`` tells whether it is final."""
    return {
        Uncounted.UNLABELLED: and_(Item.state == ItemState.RESOLVED, Item.verdict.is_not(None)),
        Uncounted.UNDECIDED: decides(Item.verdict),
        Uncounted.NOT_FINAL: is_final(Item.final_at, now),
        Uncounted.UNMET: select(DecisionRow.id).where(DecisionRow.item_id == Item.id).exists(),
        Uncounted.CHOSEN: ~chosen_by_policy(),
        Uncounted.PLACED: Item.placed_by == PlacedBy.TIME,
        Uncounted.SECOND_LOOK: ~was_drawn(),
        Uncounted.SWAYED: given_blind(),
    }


def holding(conditions: Conditions, but: Collection[Uncounted] = ()) -> ColumnElement[bool]:
    """All of ``conditions``, ``but`` for these."""
    return and_(*(holds for why, holds in conditions.items() if why not in but))


def decides(
    label: SQLColumnExpression[LabelValue] | SQLColumnExpression[LabelValue | None],
) -> ColumnElement[bool]:
    """Condition for a label that says real or fake."""
    return func.coalesce(label, LabelValue.UNSURE).in_(DECIDES)


def given_blind() -> ColumnElement[bool]:
    """Condition for an item on which no answer that is in force and counts was given after seeing
    the model's opinion. The rule holds for the verdicts of audits, too."""
    seen = select(Label.id).where(
        Label.item_id == Item.id, Label.blind.is_(False), Label.extra.is_(False), *IN_FORCE
    )
    return ~seen.exists()


def has_known_label() -> ColumnElement[bool]:
    """Condition for an item whose label came with the image: people's verdict on it counts no
    second time."""
    return select(KnownLabel.id).where(KnownLabel.item_id == Item.id).exists()


def chosen_by_policy() -> ColumnElement[bool]:
    """Condition for an item that a certified policy ever decided on: it chose what people see, and
    in every other state everything goes to them."""
    decisions = select(DecisionRow.id).join(
        PolicyRow, PolicyRow.version == DecisionRow.policy_version
    )
    certified = PolicyRow.state == PolicyState.CERTIFIED
    return decisions.where(DecisionRow.item_id == Item.id, certified).exists()
