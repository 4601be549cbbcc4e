"""What is settled, from objects of the tables, one by one: what the fast way must equal."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from review_app.manifests.labels import ManifestLabel
from review_app.policy.undo_window import final_since
from review_app.records.settled import LeftOut
from storage.database import Database
from storage.enums import ItemState, LabelValue
from tests.records.export_rows import ExportRows

Settled = dict[str, tuple[ManifestLabel, float]]
_SAYS: dict[LabelValue, ManifestLabel | LeftOut] = {
    LabelValue.REAL: ManifestLabel.REAL,
    LabelValue.FAKE: ManifestLabel.FAKE,
    LabelValue.UNSURE: LeftOut.UNSURE,
    LabelValue.UNDECIDABLE: LeftOut.UNDECIDABLE,
}


def settled_one_by_one(database: Database, now: datetime) -> tuple[Settled, Counter[LeftOut]]:
    """Label and weight of each settled image by its hash, and how many are left out, by reason."""
    found: Settled = {}
    left_out: Counter[LeftOut] = Counter()
    with database.read() as repos:
        for entry in (one for batch in ExportRows(repos.session).batches() for one in batch):
            outcome = _outcome(entry, now)
            if isinstance(outcome, LeftOut):
                left_out[outcome] += 1
            else:
                found[entry["image"].sha256] = outcome, _weight(entry)
    return found, left_out


def _outcome(entry: dict[str, Any], now: datetime) -> ManifestLabel | LeftOut:
    if entry["image"].picture is None:
        return LeftOut.NO_PICTURE
    value = _value(entry, now)
    return value if isinstance(value, LeftOut) else _SAYS[value]


def _weight(entry: dict[str, Any]) -> float:
    decision = entry["decision"]
    answered = any(not label.extra for label, _ in entry["labels"])
    if entry["known"] is not None or decision is None or not answered:
        return 1.0
    return 1 / (decision.inclusion_probability or 1.0)


def _value(entry: dict[str, Any], now: datetime) -> LabelValue | LeftOut:
    item, known = entry["item"], entry["known"]
    if entry["corrections"]:
        return LabelValue(entry["corrections"][-1].value)
    if item.verdict is not None and item.final_at and item.final_at > now:
        return LeftOut.NOT_FINAL
    if item.verdict is not None and known is not None and known.value is not item.verdict:
        return LeftOut.CONTRADICTED
    if item.verdict is not None or known is not None:
        return LabelValue(item.verdict or known.value)
    return _unsettled(entry, now)


def _unsettled(entry: dict[str, Any], now: datetime) -> LeftOut:
    state: ItemState = entry["item"].state
    given = [label for label, _ in entry["labels"] if not label.extra]
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
