"""A way to each step of an item that no person takes: intake, triage, and what an alarm reopens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from review_app.bulk.order import BulkOrder, ImageSelection
from storage.enums import AuditKind, BulkKind, ItemState
from storage.models import Item
from storage.states import Transition
from tests.applications import write_pictures
from tests.audits.audited import Audited
from tests.review.bench import REAL
from tests.scores.files import good_detector, write

PENDING, ACCEPTED, FAILED = ItemState.PENDING, ItemState.AUTO_ACCEPTED, ItemState.FAILED
REVIEW, RESOLVED, ESCALATED = ItemState.IN_REVIEW, ItemState.RESOLVED, ItemState.ESCALATED


def _ingest(place: Audited, folder: Path) -> None:
    place.app.intake.ingest(write_pictures(folder / "in", 1), "test")


def _ingest_scores(place: Audited, folder: Path) -> None:
    place.app.scores.ingest(write(folder / "scores.csv", good_detector(2)), "test")


def _accept(place: Audited, _folder: Path) -> None:
    place.certify(audit_probability=0.0)
    place.accept(1)


def _review(place: Audited, _folder: Path) -> None:
    place.accept(1)


def _settle(place: Audited, _folder: Path) -> None:
    place.place.scored(1.0, REAL, split="calibration")
    place.app.triage.run("test")


def _fail(place: Audited, folder: Path) -> None:
    """The detector in force cannot score what is here without a picture."""
    _ingest_scores(place, folder)
    place.app.triage.run("test")


def _retry(place: Audited, folder: Path) -> None:
    _fail(place, folder)
    assert place.app.triage.retry_failed("test") == 2


def _reopen(place: Audited, _folder: Path) -> None:
    place.certify(audit_probability=0.5)
    place.accept(60)
    place.answer_all(REAL)


def _accept_later(place: Audited, _folder: Path) -> None:
    place.accept(1)
    place.certify(audit_probability=0.0)
    place.app.triage.retriage("test")


def _settle_later(place: Audited, _folder: Path) -> None:
    (item,) = place.accept(1)
    with place.app.database.write() as repos:
        repos.session.get_one(Item, item).split = "calibration"
        repos.known_labels.add(item, REAL, "later.csv (row 1)", "test")
    place.certify(audit_probability=0.0)
    place.app.triage.retriage("test")


def _done(place: Audited, kind: BulkKind, item_id: int) -> int:
    """Have something done to the image, as to many; the action's number."""
    bulk, selection = place.app.bulk, ImageSelection(picked=(item_id,))
    action = bulk.ask(place.admin, BulkOrder(kind, selection), in_background=False)
    assert bulk.run(action.id, lambda _done, _total: None)["images"] == 1
    return action.id


def _undone(place: Audited, action: int) -> None:
    undo = place.app.bulk.undo(place.admin, action, in_background=False)
    assert place.app.bulk.run(undo.id, lambda _done, _total: None)["images"] == 1


def _requeue(place: Audited, _folder: Path) -> int:
    place.certify(audit_probability=0.0)
    return _done(place, BulkKind.REQUEUE, place.accept(1)[0])


def _escalate(place: Audited, _folder: Path) -> int:
    place.certify(audit_probability=0.0)
    waits = place.place.scored(0.5, score=0.5)
    place.app.triage.run("test")
    return _done(place, BulkKind.ESCALATE, waits)


TRIAGED, BULK = AuditKind.TRIAGED, AuditKind.BULK_CHANGED
WAYS: dict[Transition, Callable[[Audited, Path], object]] = {
    Transition(None, AuditKind.INGESTED, PENDING): _ingest,
    Transition(None, AuditKind.SCORES_INGESTED, PENDING): _ingest_scores,
    Transition(PENDING, TRIAGED, ACCEPTED): _accept,
    Transition(PENDING, TRIAGED, REVIEW): _review,
    Transition(PENDING, TRIAGED, RESOLVED): _settle,
    Transition(PENDING, AuditKind.FAILED, FAILED): _fail,
    Transition(FAILED, AuditKind.RETRIED, PENDING): _retry,
    Transition(ACCEPTED, AuditKind.REOPENED, REVIEW): _reopen,
    Transition(REVIEW, TRIAGED, ACCEPTED): _accept_later,
    Transition(REVIEW, TRIAGED, RESOLVED): _settle_later,
    Transition(ACCEPTED, BULK, REVIEW): _requeue,
    Transition(REVIEW, BULK, ACCEPTED): lambda p, f: _undone(p, _requeue(p, f)),
    Transition(REVIEW, BULK, ESCALATED): _escalate,
    Transition(ESCALATED, BULK, REVIEW): lambda p, f: _undone(p, _escalate(p, f)),
}
