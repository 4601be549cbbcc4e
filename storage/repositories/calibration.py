"""Labels that may prove something about a checkpoint's head."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.enums import ItemState, LabelValue, PlacedBy, PolicyState
from storage.models import DecisionRow, Image, Item, KnownLabel, Label, PolicyRow, Prediction
from storage.repositories.labels import IN_FORCE, is_final

Labelled = InstrumentedAttribute[LabelValue] | InstrumentedAttribute[LabelValue | None]

CHOOSING = PolicyState.CERTIFIED
"""The policy state that chooses what people see; in every other, everything goes to them."""
TUNING_SPLITS = ("train", "val")
"""What a manifest sets aside for training and tuning proves nothing."""
_DECIDES = (LabelValue.REAL, LabelValue.FAKE)


@dataclass(frozen=True)
class CalibrationRow:
    """A scored image whose label is known, or was found while everything went to people."""

    key: str
    """The key of the image."""
    label: LabelValue
    known: bool
    met_at: datetime
    """The time at which triage first decided on the image; before that, when it came in."""
    score: float


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
    SWAYED = "swayed"
    """Somebody answered after having seen what the detector says."""


class CalibrationQueries:
    """A read-only repository of the labels that may calibrate. Near-duplicates of earlier images
    and the splits for training never count."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, checkpoint_id: str, head: str, now: datetime) -> list[CalibrationRow]:
        """Return known labels first, then verdicts on items that have none.

        A verdict counts once it is final, where no certified policy ever decided on the item, and
        no answer behind it was given after seeing the model's opinion (change, undo and answer
        again). An item that was placed by anything but time was put before others for what the
        detector said of it, or for its age: its verdict is a chosen one.
        """
        known = self._query(checkpoint_id, head, KnownLabel.value, literal(True)).join(
            KnownLabel, KnownLabel.item_id == Item.id
        )
        reviewed = self._query(checkpoint_id, head, Item.verdict, literal(False)).where(
            _unselected_verdict(), is_final(Item.final_at, now), ~_has_known_label()
        )
        found = [*self._session.execute(known), *self._session.execute(reviewed)]
        return [CalibrationRow(*row) for row in found]

    def counts(self, item_id: int, now: datetime) -> bool:
        """Whether a label of the item may have served a certificate, as `rows` says of some
        checkpoint that has scored it."""
        known = select(KnownLabel.id).where(
            KnownLabel.item_id == Item.id, KnownLabel.value.in_(_DECIDES)
        )
        reviewed = and_(
            _unselected_verdict(),
            Item.verdict.in_(_DECIDES),
            is_final(Item.final_at, now),
            ~_has_known_label(),
        )
        query = (
            select(Item.id)
            .join(Image, Image.id == Item.image_id)
            .where(Item.id == item_id, *_PROVING, _scored(), or_(known.exists(), reviewed))
        )
        return self._session.scalar(query) is not None

    def uncounted(self, item_id: int, now: datetime) -> list[Uncounted]:
        """Why a label of the item cannot serve a certificate by now; nothing where it `counts`."""
        columns = (Image.near_id, Item.split, _scored(), KnownLabel.value, Item.state, Item.verdict)
        put_first = Item.placed_by != PlacedBy.TIME
        later = (is_final(Item.final_at, now), _decided(), _chosen(), put_first, _swayed())
        query = (
            select(*columns, *later)
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .outerjoin(KnownLabel, KnownLabel.item_id == Item.id)
            .where(Item.id == item_id)
        )
        near, split, scored, known, state, verdict, final, decided, chosen, placed, swayed = (
            self._session.execute(query).one()
        )
        of_image = {
            Uncounted.NEAR: near is not None,
            Uncounted.SPLIT: split in TUNING_SPLITS,
            Uncounted.UNSCORED: not scored,
        }
        of_verdict = {
            Uncounted.UNDECIDED: verdict not in _DECIDES,
            Uncounted.NOT_FINAL: not final,
            Uncounted.UNMET: not decided,
            Uncounted.CHOSEN: chosen,
            Uncounted.PLACED: placed,
            Uncounted.SWAYED: swayed,
        }
        found = [why for why, holds in of_image.items() if holds]
        if known is not None:
            return found if known in _DECIDES else [*found, Uncounted.UNDECIDED]
        if state is ItemState.AUTO_ACCEPTED:
            return [*found, Uncounted.UNLOOKED]
        if state is not ItemState.RESOLVED or verdict is None:
            return [*found, Uncounted.UNLABELLED]
        return found + [why for why, holds in of_verdict.items() if holds]

    def unscored(self, checkpoint_id: str) -> list[tuple[int, str]]:
        """Items that triage has met and whose label would count had the checkpoint scored them: id,
        and the image's key."""
        scored = select(Prediction.image_id).where(
            Prediction.image_id == Item.image_id, Prediction.checkpoint_id == checkpoint_id
        )
        waiting = (
            select(Item.id, Image.key)
            .join(Image, Image.id == Item.image_id)
            .where(~scored.exists(), *_PROVING)
        )
        # Two queries, so that each can start at the few items that are labelled.
        known = waiting.join(KnownLabel, KnownLabel.item_id == Item.id).where(
            Item.state.not_in((ItemState.PENDING, ItemState.FAILED))
        )
        reviewed = waiting.where(_unselected_verdict(), ~_has_known_label())
        found = [*self._session.execute(known), *self._session.execute(reviewed)]
        return [(item_id, key) for item_id, key in found]

    def _query(
        self, checkpoint_id: str, head: str, label: Labelled, known: ColumnElement[bool]
    ) -> Select[str, LabelValue | None, bool, datetime, float]:
        met_at = func.coalesce(_first_decided(), Item.created_at)
        return (
            select(Image.key, label, known, met_at, Prediction.score)
            .select_from(Item)
            .join(Image, Image.id == Item.image_id)
            .join(Prediction, Prediction.image_id == Image.id)
            .where(Prediction.checkpoint_id == checkpoint_id, Prediction.head == head, *_PROVING)
            .order_by(Item.id)
        )


_PROVING = (
    Image.near_id.is_(None),
    or_(Item.split.is_(None), Item.split.not_in(TUNING_SPLITS)),
)


def _first_decided() -> ColumnElement[datetime]:
    return (
        select(func.min(DecisionRow.decided_at))
        .where(DecisionRow.item_id == Item.id)
        .correlate(Item)
        .scalar_subquery()
    )


def _has_known_label() -> ColumnElement[bool]:
    return select(KnownLabel.id).where(KnownLabel.item_id == Item.id).exists()


def _scored() -> ColumnElement[bool]:
    return select(Prediction.image_id).where(Prediction.image_id == Item.image_id).exists()


def _decided() -> ColumnElement[bool]:
    return select(DecisionRow.id).where(DecisionRow.item_id == Item.id).exists()


def _chosen() -> ColumnElement[bool]:
    """Whether a certified policy ever decided on the item."""
    decisions = select(DecisionRow.id).join(
        PolicyRow, PolicyRow.version == DecisionRow.policy_version
    )
    return decisions.where(DecisionRow.item_id == Item.id, PolicyRow.state == CHOOSING).exists()


def _swayed() -> ColumnElement[bool]:
    """Whether an answer in force was given after seeing the model's opinion."""
    return (
        select(Label.id)
        .where(Label.item_id == Item.id, Label.blind.is_(False), Label.extra.is_(False), *IN_FORCE)
        .exists()
    )


def _unselected_verdict() -> ColumnElement[bool]:
    return and_(
        Item.state == ItemState.RESOLVED,
        Item.verdict.is_not(None),
        Item.placed_by == PlacedBy.TIME,
        _decided(),
        ~_chosen(),
        ~_swayed(),
    )
