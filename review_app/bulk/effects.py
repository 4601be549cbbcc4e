"""What each action does to a chunk of images, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.policy.audit_coin import audit_coins
from review_app.queueing.order import in_front, kept_places
from storage.enums import AuditKind, BulkKind, ItemState, PlacedBy
from storage.models import BulkAction
from storage.repositories import Repositories
from storage.repositories.assignments import Assigned
from storage.repositories.bulk_actions import BulkTarget, Changed
from storage.repositories.items import AcceptedBefore
from storage.repositories.queue import Ranks, WaitingQueue

_REVIEW, _ESCALATED = ItemState.IN_REVIEW, ItemState.ESCALATED


@dataclass(frozen=True)
class BulkChunk:
    """Images that are changed together, in one transaction."""

    repos: Repositories
    action: BulkAction
    """The action that changes them; of an undo, the one that is taken back."""
    targets: Sequence[BulkTarget]
    began: datetime
    """The time at which it was asked for: the places that an action gives do not tell which of its
    images came first."""
    secret: bytes
    """Draws the places."""

    @property
    def ids(self) -> list[int]:
        """The images' numbers."""
        return [target.item_id for target in self.targets]

    def coins(self) -> list[float]:
        """A number in [0, 1) for each image, which tells nothing of it."""
        return audit_coins((target.key for target in self.targets), 0, self.secret)

    def simply(self, to_state: ItemState | None = None) -> Changed:
        """A change that an undo needs to know nothing of."""
        return Changed({item_id: {} for item_id in self.ids}, to_state)


Effect = Callable[[BulkChunk], Changed]


def _requeue(chunk: BulkChunk) -> Changed:
    event, accepted = AuditKind.BULK_CHANGED, ItemState.AUTO_ACCEPTED
    chunk.repos.items.send_to_people(_first(chunk), accepted, event, chunk.began)
    was = {one.item_id: {**_place(one), "since": f"{one.since}+00:00"} for one in chunk.targets}
    return Changed(was, _REVIEW)


def _accept_again(chunk: BulkChunk) -> Changed:
    before = [
        AcceptedBefore(one.item_id, datetime.fromisoformat(one.was["since"]), *_former(one))
        for one in chunk.targets
    ]
    WaitingQueue(chunk.repos.session).leave(chunk.ids)
    chunk.repos.items.accept_again(before)
    return chunk.simply(ItemState.AUTO_ACCEPTED)


def _prioritise(chunk: BulkChunk) -> Changed:
    WaitingQueue(chunk.repos.session).place(_first(chunk))
    return Changed({one.item_id: _place(one) for one in chunk.targets})


def _put_back(chunk: BulkChunk) -> Changed:
    """Give images the places that they had."""
    queue = WaitingQueue(chunk.repos.session)
    for placed_by in PlacedBy:
        of_kind = [one for one in chunk.targets if _former(one)[1] is placed_by]
        queue.place(Ranks({one.item_id: _former(one)[0] for one in of_kind}, placed_by))
    return chunk.simply()


def _assign(chunk: BulkChunk) -> Changed:
    """Keep images for a person. What they have passed is everybody's again when somebody is next
    handed anything: were it left out, the count would tell whoever asks for it who has answered."""
    details, assignments = chunk.action.details, chunk.repos.assignments
    assigned = Assigned(details["person"], datetime.fromisoformat(details["until"]))
    before = assignments.of_items(chunk.ids)
    passed = assignments.passed_by(assigned.user_id, chunk.ids)
    ends = assigned._replace(until=chunk.began)
    _keep(chunk, {item_id: ends if item_id in passed else assigned for item_id in chunk.ids})
    return Changed({one.item_id: _place(one) | _kept(before, one) for one in chunk.targets})


def _unassign(chunk: BulkChunk) -> Changed:
    before = chunk.repos.assignments.of_items(chunk.ids)
    chunk.repos.assignments.end(chunk.ids)
    WaitingQueue(chunk.repos.session).place(_first(chunk))
    return Changed({one.item_id: _place(one) | _kept(before, one) for one in chunk.targets})


def _assign_as_before(chunk: BulkChunk) -> Changed:
    """Keep images for whom they were kept; those that were everybody's are so again."""
    chunk.repos.assignments.end(chunk.ids)
    chunk.repos.assignments.put(
        {
            one.item_id: Assigned(one.was["person"], datetime.fromisoformat(one.was["until"]))
            for one in chunk.targets
            if "person" in one.was
        }
    )
    return _put_back(chunk)


def _escalate(chunk: BulkChunk) -> Changed:
    chunk.repos.items.shift(chunk.ids, _REVIEW, _ESCALATED)
    return chunk.simply(_ESCALATED)


def _call_off(chunk: BulkChunk) -> Changed:
    chunk.repos.items.shift(chunk.ids, _ESCALATED, _REVIEW)
    return chunk.simply(_REVIEW)


def _tag(chunk: BulkChunk) -> Changed:
    chunk.repos.item_marks.tag(chunk.ids, chunk.action.details["tag"])
    return chunk.simply()


def _untag(chunk: BulkChunk) -> Changed:
    chunk.repos.item_marks.untag(chunk.ids, chunk.action.details["tag"])
    return chunk.simply()


def _archive(chunk: BulkChunk) -> Changed:
    chunk.repos.item_marks.archive(chunk.ids)
    return chunk.simply()


def _unarchive(chunk: BulkChunk) -> Changed:
    chunk.repos.item_marks.unarchive(chunk.ids)
    return chunk.simply()


def _delete(chunk: BulkChunk) -> Changed:
    return Changed(chunk.repos.item_marks.hide(chunk.targets, chunk.action.id))


def _bring_back(chunk: BulkChunk) -> Changed:
    chunk.repos.item_marks.bring_back(chunk.targets)
    return chunk.simply()


def bring_to_people(chunk: BulkChunk) -> Changed:
    """Take a deletion back of images that had been accepted, and are in doubt since."""
    chunk.repos.item_marks.bring_back(chunk.targets)
    accepted, event = ItemState.AUTO_ACCEPTED, AuditKind.BULK_CHANGED
    chunk.repos.items.send_to_people(_first(chunk), accepted, event, chunk.began)
    return chunk.simply(_REVIEW)


def _purge(chunk: BulkChunk) -> Changed:
    action = chunk.action
    reason = action.details["reason"]
    chunk.repos.item_marks.bury(chunk.targets, action.asked_by, chunk.began, reason)
    return chunk.simply()


EFFECTS: Mapping[BulkKind, Effect] = {
    BulkKind.REQUEUE: _requeue,
    BulkKind.PRIORITISE: _prioritise,
    BulkKind.ASSIGN: _assign,
    BulkKind.UNASSIGN: _unassign,
    BulkKind.ESCALATE: _escalate,
    BulkKind.TAG: _tag,
    BulkKind.UNTAG: _untag,
    BulkKind.ARCHIVE: _archive,
    BulkKind.UNARCHIVE: _unarchive,
    BulkKind.DELETE: _delete,
    BulkKind.PURGE: _purge,
}
TAKEN_BACK: Mapping[BulkKind, Effect] = {
    BulkKind.REQUEUE: _accept_again,
    BulkKind.PRIORITISE: _put_back,
    BulkKind.ASSIGN: _assign_as_before,
    BulkKind.UNASSIGN: _assign_as_before,
    BulkKind.ESCALATE: _call_off,
    BulkKind.TAG: _untag,
    BulkKind.UNTAG: _tag,
    BulkKind.ARCHIVE: _unarchive,
    BulkKind.UNARCHIVE: _archive,
    BulkKind.DELETE: _bring_back,
}
"""The effects that undo actions."""


def _first(chunk: BulkChunk) -> Ranks:
    """Places before all others, at random among the images of the action."""
    at = chunk.began.timestamp()
    places = in_front([at + coin for coin in chunk.coins()]).tolist()
    return Ranks(dict(zip(chunk.ids, places, strict=True)), PlacedBy.HAND)


def _keep(chunk: BulkChunk, assigned: Mapping[int, Assigned]) -> None:
    """Keep images for people: whom, and among their places."""
    chunk.repos.assignments.put(assigned)
    places = {
        item_id: float(kept_places(assigned[item_id].user_id, coin))
        for item_id, coin in zip(chunk.ids, chunk.coins(), strict=True)
    }
    WaitingQueue(chunk.repos.session).place(Ranks(places, PlacedBy.HAND))


def _place(target: BulkTarget) -> dict[str, Any]:
    return {"rank": target.rank, "placed_by": target.placed_by}


def _former(target: BulkTarget) -> tuple[float, PlacedBy]:
    """The place that it had, and what that was made from."""
    return target.was["rank"], PlacedBy(target.was["placed_by"])


def _kept(before: Mapping[int, Assigned], target: BulkTarget) -> dict[str, Any]:
    kept = before.get(target.item_id)
    return {} if kept is None else {"person": kept.user_id, "until": kept.until.isoformat()}
