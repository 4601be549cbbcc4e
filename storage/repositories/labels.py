"""Labels: append-only answers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from storage.enums import LabelValue
from storage.models import Claim, Label, LabelCount, User
from storage.prepared import Prepared, each_of
from storage.prepared_entities import PreparedEntities, PreparedInsert

CLEAR = (LabelValue.REAL, LabelValue.FAKE)
"""Values that say what an image is."""

MAX_WINDOW = timedelta(days=1)
"""The longest time in which an answer can be taken back."""

_later = aliased(Label)
IN_FORCE = (
    Label.value.is_not(None),
    ~select(_later.id).where(_later.supersedes_id == Label.id).exists(),
)
"""Conditions for a label that has a value and that no later row supersedes."""

# Made once: what every answer asks for takes longer to put together than to run.
_ID_BY_CLIENT_ID = Prepared(select(Label.id).where(Label.client_id == bindparam("client_id")))
_IN_FORCE_ON = PreparedEntities(
    select(Label).where(Label.item_id == bindparam("item_id"), *IN_FORCE).order_by(Label.id), Label
)
_RECENT_OF = (
    select(Label)
    .where(Label.user_id == bindparam("user_id"), *IN_FORCE)
    # What was answered aside, without the image in hand, is no step of the review to go back to.
    .where(exists().where(Claim.user_id == Label.user_id, Claim.item_id == Label.item_id))
    .order_by(Label.id.desc())
    .limit(bindparam("n"))
)
_SEEN_OPINION = Prepared(
    select(Label.id)
    .where(
        Label.user_id == bindparam("user_id"),
        Label.item_id == bindparam("item_id"),
        Label.revealed,
    )
    .limit(1)
)
_N_ROWS = Prepared(
    select(func.count())
    .select_from(Label)
    .where(Label.user_id == bindparam("user_id"), Label.item_id == bindparam("item_id"))
)
_withdrawal, _newer = aliased(Label), aliased(Label)
_WITHDRAWN = Prepared(
    select(Label.id)
    .join(_withdrawal, _withdrawal.supersedes_id == Label.id)
    .where(
        _withdrawal.item_id.in_(each_of("items")),
        _withdrawal.user_id == bindparam("user_id"),
        _withdrawal.value.is_(None),
        ~select(_newer.id)
        .where(
            _newer.item_id == _withdrawal.item_id,
            _newer.user_id == _withdrawal.user_id,
            _newer.id > _withdrawal.id,
        )
        .exists(),
    )
)
_APPEND = PreparedInsert(Label)
_NEWEST_ID = Prepared(select(func.max(Label.id)))
_COUNT_OF = Prepared(
    select(func.count())
    .select_from(Label)
    .where(
        Label.user_id == bindparam("user_id"),
        Label.labelled_at >= bindparam("since"),
        *IN_FORCE,
    )
)


def is_final(
    final_at: InstrumentedAttribute[datetime | None], now: datetime | BindParameter[datetime]
) -> ColumnElement[bool]:
    """Condition for a label, or an item's verdict, that nobody can take back any more."""
    return or_(final_at.is_(None), final_at <= now)


class Labels:
    """The repository of people's labels."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_client_id(self, client_id: str) -> Label | None:
        # Every answer asks, and hardly any is known: a bare id says so soonest.
        """The answer that a page sent under that id; None where none has come."""
        known = _ID_BY_CLIENT_ID.value(self._session, client_id=client_id)
        return None if known is None else self._session.get(Label, known)

    def add(self, label: Label) -> Label:
        """Append ``label`` and give it its id."""
        return _APPEND.add(self._session, label)

    def in_force(self, item_id: int) -> list[Label]:
        """The item's labels in force, oldest first."""
        return [row[0] for row in _IN_FORCE_ON.rows(self._session, item_id=item_id)]

    def n_rows(self, user_id: int, item_id: int) -> int:
        """How many rows the person has on the item, withdrawals and superseded ones included."""
        n: int = _N_ROWS.value(self._session, user_id=user_id, item_id=item_id)
        return n

    def ever_on(self, item_id: int) -> list[tuple[Label, str]]:
        """Every row on the item, oldest first, also those that others supersede or that withdraw
        others; each with its author's name."""
        query = (
            select(Label, User.name)
            .join(User, User.id == Label.user_id)
            .where(Label.item_id == item_id)
            .order_by(Label.id)
        )
        return [(label, name) for label, name in self._session.execute(query)]

    def last_of(self, user_id: int) -> Label | None:
        """The user's newest label in force."""
        return next(iter(self.recent_of(user_id, 1)), None)

    def recent_of(self, user_id: int, n: int) -> list[Label]:
        """The user's ``n`` newest labels in force of images that they had in hand, newest first."""
        return list(self._session.scalars(_RECENT_OF, {"user_id": user_id, "n": n}))

    def successor_of(self, label_id: int) -> Label | None:
        """The row that supersedes the label, if one does."""
        return self._session.scalar(select(Label).where(Label.supersedes_id == label_id))

    def withdrawn_by(self, user_id: int, item_ids: Collection[int]) -> dict[int, Label]:
        """What the user has withdrawn of ``item_ids`` (a batch) and not answered again, by item."""
        if not item_ids:
            return {}
        asked = {"user_id": user_id, "items": list(item_ids)}
        ids = [row[0] for row in _WITHDRAWN.rows(self._session, **asked)]
        if not ids:
            return {}
        found = self._session.scalars(select(Label).where(Label.id.in_(ids)))
        return {label.item_id: label for label in found}

    def has_seen_opinion(self, user_id: int, item_id: int) -> bool:
        """Whether the user was ever shown the model's opinion of the item, on answering it."""
        return _SEEN_OPINION.value(self._session, user_id=user_id, item_id=item_id) is not None

    def count_open(self, now: datetime) -> int:
        """How many labels in force can still be taken back."""
        query = select(func.count()).select_from(Label).where(Label.final_at > now, *IN_FORCE)
        return self._session.scalar(query) or 0

    def count_final(self, since: datetime | None, now: datetime) -> int:
        """How many labels in force say real or fake and became final after ``since``, up to
        ``now``; without it, ever."""
        clear = Label.value.in_(CLEAR)
        if since is None:
            counted = select(func.sum(LabelCount.n)).where(LabelCount.value.in_(CLEAR))
            waiting = select(func.count()).select_from(Label).where(clear, Label.final_at > now)
            open_ones = self._session.scalar(waiting.where(*IN_FORCE)) or 0
            return (self._session.scalar(counted) or 0) - open_ones
        final_since = func.coalesce(Label.final_at, Label.labelled_at)
        is_new = (
            # Somebody's labels have an index of their times, all labels have none.
            Label.user_id.in_(select(User.id)),
            Label.labelled_at > since - MAX_WINDOW,
            final_since > since,
            final_since <= now,
        )
        query = select(func.count()).select_from(Label).where(clear, *is_new, *IN_FORCE)
        return self._session.scalar(query) or 0

    def newest_id(self) -> int:
        """The highest id of all labels; 0 without any."""
        return _NEWEST_ID.value(self._session) or 0

    def count_of(self, user_id: int, since: datetime) -> int:
        """How many of the user's labels in force were given since ``since``."""
        return _COUNT_OF.value(self._session, user_id=user_id, since=since) or 0
