"""What an export tells of an item, its image, its newest decision and its faces, by name; and
conditions for the items that it tells of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    case,
    func,
    null,
    or_,
    select,
    type_coerce,
)

from storage.enums import ItemState, PlacedBy, Route, TriageFlag
from storage.models import Correction, DecisionRow, FaceRow, Image, Item, KnownLabel, Label

NEWEST: Final = (
    select(func.max(DecisionRow.id))
    .where(DecisionRow.item_id == Item.id)
    .correlate(Item)
    .scalar_subquery()
)
"""The id of an item's newest decision."""
COLUMNS: Final[dict[str, Any]] = {
    "item_id": Item.id,
    "state": type_coerce(Item.state, String),
    "source": Item.source,
    "image_id": Image.id,
    "sha256": Image.sha256,
    "path": func.coalesce(func.nullif(Image.path, ""), func.nullif(Item.name, "")),
    "has_picture": and_(
        Image.sha256 != "", Image.public_type != "", Image.width != 0, Image.height != 0
    ),
    "file_metadata": func.nullif(type_coerce(Image.file_metadata, Text), "{}"),
    "policy_version": DecisionRow.policy_version,
    "checkpoint": DecisionRow.checkpoint_id,
    "route": type_coerce(DecisionRow.route, String),
    "p_fake": DecisionRow.p_fake,
    "std": DecisionRow.std,
    "entropy": DecisionRow.entropy,
    "mutual_information": DecisionRow.mutual_information,
    "score": DecisionRow.score,
    "novelty": DecisionRow.novelty,
    "mark": type_coerce(DecisionRow.mark, String),
    "audited": DecisionRow.audited,
    # None where people say something of what the policy had accepted: somebody chose to ask them.
    "inclusion_probability": case(
        (and_(Item.placed_by == PlacedBy.HAND, DecisionRow.route != Route.REVIEW), null()),
        else_=DecisionRow.inclusion_probability,
    ),
    "group_name": DecisionRow.group_name,
    "faces": func.json_array_length(FaceRow.boxes),
}
TABLE: Final = tuple(COLUMNS)
"""The names of what a table tells."""
COLUMNS.update(
    {
        "width": Image.width,
        "height": Image.height,
        "format": Image.format,
        "name": Item.name,
        "verdict": type_coerce(Item.verdict, String),
        "final_at": Item.final_at,
        "created_at": Item.created_at,
        "alike": func.coalesce(func.nullif(Item.duplicate_group_id, 0), Item.image_id),
        "group_key": Item.group_key,
        "split": Item.split,
        "placed_by": type_coerce(Item.placed_by, String),
        "rank": Item.rank,
    }
)
PICTURES: Final = ("item_id", "image_id", "sha256", "has_picture", "width", "height", "format")
"""The names of what tells of stored pictures."""
SETTLED: Final = (
    *("item_id", "image_id", "sha256", "has_picture", "format", "name", "state", "source"),
    *("verdict", "final_at", "created_at", "alike", "group_key", "split", "placed_by", "rank"),
    *("audited", "inclusion_probability"),
)
"""The names of what tells whether an item is settled, and of what a training wants of it."""


@cache
def items(names: Sequence[str]) -> Select[Any]:
    """The query for what is stored of each item under ``names``, in order of intake."""
    return (
        select(*(COLUMNS[name].label(name) for name in names))
        .join(Image, Image.id == Item.image_id)
        .outerjoin(DecisionRow, DecisionRow.id == NEWEST)
        .outerjoin(FaceRow, FaceRow.item_id == Item.id)
        .order_by(Item.id)
    )


def is_labelled() -> ColumnElement[bool]:
    """Condition for an item that has a verdict, came with a label, or was corrected."""
    return or_(
        Item.verdict.is_not(None),
        select(KnownLabel.id).where(KnownLabel.item_id == Item.id).exists(),
        select(Correction.id).where(Correction.item_id == Item.id).exists(),
    )


def has_state(states: Collection[ItemState]) -> ColumnElement[bool]:
    """Condition for an item in one of ``states``."""
    return Item.state.in_(states)


def has_source(sources: Collection[str]) -> ColumnElement[bool]:
    """Condition for an item from one of ``sources``."""
    return Item.source.in_(sources)


def has_mark(mark: TriageFlag) -> ColumnElement[bool]:
    """Condition for an item whose newest decision has ``mark``."""
    return DecisionRow.mark == mark


def changed_since(time: datetime) -> ColumnElement[bool]:
    """Condition for an item of which anything that an export tells was written at ``time`` or
    later, or became final since."""
    return or_(
        Item.created_at >= time,
        Item.state_since >= time,
        Item.final_at >= time,
        DecisionRow.decided_at >= time,
        select(Label.id)
        .where(Label.item_id == Item.id, or_(Label.labelled_at >= time, Label.final_at >= time))
        .exists(),
        select(Correction.id)
        .where(Correction.item_id == Item.id, Correction.created_at >= time)
        .exists(),
        select(KnownLabel.id)
        .where(KnownLabel.item_id == Item.id, KnownLabel.created_at >= time)
        .exists(),
    )
