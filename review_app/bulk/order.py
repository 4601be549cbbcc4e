"""An order for something to be done to many images: which images, what, and what it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from review_app.core.errors import InputError, NotFoundError
from review_app.core.permissions import GRANTS, Permission
from review_app.i18n import Text
from review_app.records.filters import search_of, wanted_by
from storage.enums import BulkKind
from storage.models import BulkAction, User
from storage.models.bulk import MAX_TAG
from storage.repositories import Repositories
from storage.repositories.bulk_bars import UNDOABLE, BulkTerms
from storage.repositories.wanted import Wanted

__all__ = [
    "ASKED_FOR",
    "MAX_HOURS",
    "MAX_PICKED",
    "MAX_REASON",
    "MAX_TAG",
    "UNDOABLE",
    "USUAL_HOURS",
    "BulkOrder",
    "ImageSelection",
    "due_of",
    "kind_of",
    "permission_for",
    "selection_of",
    "terms_of",
]

MAX_PICKED: Final = 2000
"""The most images that can be picked one by one."""
MAX_REASON: Final = 1000
USUAL_HOURS: Final = 24.0
MAX_HOURS: Final = 24.0 * 60
ASKED_FOR: Final = tuple(kind for kind in BulkKind if kind not in (BulkKind.UNDO, BulkKind.PURGE))
"""What can be ordered; an undo is asked for by the action that it takes back, and files that were
deleted go when that is due."""
_PUTS_AWAY: Final = frozenset(
    {BulkKind.ARCHIVE, BulkKind.UNARCHIVE, BulkKind.DELETE, BulkKind.PURGE}
)
_LARGEST_ID: Final = 2**63 - 1


class ImageSelection(BaseModel):
    """The images that are meant: those that filters find, or some that were picked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filters: dict[str, str] = Field(default_factory=dict)
    """The filters that are set, by name."""
    zone: str = ""
    """The time zone that their days are of."""
    picked: tuple[int, ...] | None = Field(None, max_length=MAX_PICKED)
    """The images that were picked; the filters count for nothing then."""

    def wanted(self, repos: Repositories) -> Wanted:
        """The selection as the database is asked.

        Raises:
            InputError: there is no such filter, or it can have no such value.
            NotFoundError: it names somebody, or an image, that there is not.
        """
        if self.picked is not None:
            return Wanted(only=[one for one in self.picked if 0 < one <= _LARGEST_ID])
        return wanted_by(repos, search_of(self.filters, self.zone))


@dataclass(frozen=True)
class BulkOrder:
    """What somebody wants done. ``name``: to whom images are assigned; ``hours``: for how long, or
    how long files stay that are deleted."""

    kind: BulkKind
    selection: ImageSelection = field(default_factory=ImageSelection)
    name: str = ""
    hours: float = USUAL_HOURS
    tag: str = ""
    reason: str = ""

    def details(self, repos: Repositories, now: datetime) -> dict[str, Any]:
        """What the action keeps of the order beside its selection.

        Raises:
            InputError: something that it needs is missing, or is none.
            NotFoundError: there is nobody of that name.
        """
        return _DETAILS[self.kind](self, repos, now) if self.kind in _DETAILS else {}


def kind_of(name: object) -> BulkKind:
    """The kind of action that a page or a command names. Raises InputError."""
    if name not in ASKED_FOR:
        raise InputError(Text("bulk.choose_kind"))
    return BulkKind(name)  # type: ignore[arg-type]


def selection_of(given: object) -> ImageSelection:
    """The selection that a page holds. Raises InputError where it is none."""
    try:
        return ImageSelection.model_validate(given)
    except ValidationError:
        raise InputError(Text("images.unknown_filter")) from None


def permission_for(kind: BulkKind) -> Permission:
    """What somebody needs who has ``kind`` done, or taken back."""
    return Permission.MANAGE_IMAGES if kind in _PUTS_AWAY else Permission.MOVE_IMAGES


def terms_of(kind: BulkKind, details: dict[str, Any], now: datetime) -> BulkTerms:
    """What decides which images an action with these ``details`` leaves out."""
    return BulkTerms(kind, now, details.get("person"), details.get("tag", ""), details.get("of"))


def due_of(deletion: BulkAction) -> datetime:
    """The time from which on the files go that ``deletion`` is about."""
    due = deletion.details.get("due")
    return deletion.asked_at if due is None else datetime.fromisoformat(due)


def _requeue(_order: BulkOrder, repos: Repositories, _now: datetime) -> dict[str, Any]:
    policy = repos.policies.current()
    return {"policy": None if policy is None else policy.version}


def _assign(order: BulkOrder, repos: Repositories, now: datetime) -> dict[str, Any]:
    if not 0 < order.hours <= MAX_HOURS:
        raise InputError(Text("bulk.wrong_hours", {"n": int(MAX_HOURS)}))
    user = _reviewer(repos, order.name.strip())
    until = now + timedelta(hours=order.hours)
    return {"person": user.id, "name": user.name, "until": until.isoformat()}


def _reviewer(repos: Repositories, name: str) -> User:
    if not name:
        raise InputError(Text("bulk.choose_person"))
    user = repos.users.by_name(name)
    if user is None:
        raise NotFoundError(Text("people.gone", {"name": repr(name)}))
    if user.disabled_at is not None or Permission.REVIEW not in GRANTS[user.role]:
        raise InputError(Text("bulk.cannot_review", {"name": user.name}))
    return user


def _tag(order: BulkOrder, _repos: Repositories, _now: datetime) -> dict[str, Any]:
    tag = " ".join(order.tag.split())
    if not tag or not tag.isprintable():
        raise InputError(Text("bulk.give_tag"))
    if len(tag) > MAX_TAG:
        raise InputError(Text("bulk.long_tag", {"n": MAX_TAG}))
    return {"tag": tag}


def _delete(order: BulkOrder, repos: Repositories, now: datetime) -> dict[str, Any]:
    if not 0 <= order.hours <= MAX_HOURS:
        raise InputError(Text("bulk.wrong_wait", {"n": int(MAX_HOURS)}))
    reason = order.reason.strip()
    if not reason:
        raise InputError(Text("bulk.give_reason"))
    if len(reason) > MAX_REASON:
        raise InputError(Text("corrections.reason_too_long", {"n": MAX_REASON}))
    due = now + timedelta(hours=order.hours)
    return {"reason": reason, "due": due.isoformat(), **_requeue(order, repos, now)}


_DETAILS = {
    BulkKind.REQUEUE: _requeue,
    BulkKind.ASSIGN: _assign,
    BulkKind.TAG: _tag,
    BulkKind.UNTAG: _tag,
    BulkKind.DELETE: _delete,
}
