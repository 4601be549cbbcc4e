"""Labels with their provenance, streamed as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

from review_app.review.consensus import agreement
from storage.database import Database
from storage.enums import AuditKind
from storage.models import Decision, KnownLabel, Label
from storage.repositories.audit import Event

COLUMNS = (
    "image_id", "sha256", "path", "source", "label", "label_source", "n_labels", "agreement",
    "reviewer", "labelled_at", "p_fake", "std", "entropy", "mutual_information", "checkpoint",
    "policy_version", "decision", "inclusion_probability", "audit", "state", "comment",
)  # fmt: skip
"""The outside contract's columns, in order, and ours after them; docs/exports.md explains each."""

_ACCEPTED = {"accept_real": "real", "accept_fake": "fake"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


def rows(database: Database) -> Iterator[Row]:
    """One row per item, in order of intake; only a batch of them is in memory at a time."""
    with database.read() as repos:
        for batch in repos.export_rows.batches():
            for entry in batch:
                yield _row(**entry)


def stream_csv(database: Database) -> Iterator[bytes]:
    """A CSV with a header; cells that a spreadsheet would run as a formula are quoted."""
    yield from _encode_csv(rows(database))


def stream_jsonl(database: Database) -> Iterator[bytes]:
    """One JSON object a line."""
    for row in rows(database):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


FORMATS: dict[str, Callable[[Database], Iterator[bytes]]] = {
    "csv": stream_csv,
    "jsonl": stream_jsonl,
}


def record_export(database: Database, actor: str, form: str) -> None:
    """Put into the audit log that labels left the system."""
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, actor, details={"format": form}))


def _encode_csv(stream: Iterator[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS)
    writer.writeheader()
    for row in stream:
        writer.writerow({key: _neutral(value) for key, value in row.items()})
        yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _neutral(value: object) -> object:
    """Text that begins like a formula gets an apostrophe in front (OWASP, CSV injection)."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _row(
    item: Any,
    image: Any,
    decision: Decision | None,
    labels: list[tuple[Label, str]],
    known: KnownLabel | None,
) -> Row:
    counted = [(label, name) for label, name in labels if not label.extra]
    value, source = _final(item.verdict, decision, bool(counted), known)
    answers = [label.value for label, _ in counted if label.value is not None]
    return {
        "image_id": image.id,
        "sha256": image.sha256,
        "path": item.name,
        "source": item.source,
        "label": value,
        "label_source": source,
        "n_labels": len(labels),
        "agreement": agreement(answers, item.verdict),
        "reviewer": ";".join(dict.fromkeys(name for _, name in labels)),
        "labelled_at": labels[-1][0].labelled_at.isoformat() if labels else None,
        **_scores(decision),
        "state": item.state.value,
        "comment": " | ".join(label.comment for label, _ in labels if label.comment),
    }


def _final(
    verdict: str | None, decision: Decision | None, by_people: bool, known: KnownLabel | None
) -> tuple[str | None, str | None]:
    """The label in force and who it comes from: people, a known label, or the policy."""
    if verdict is not None and by_people:
        return str(verdict), "reviewer"
    if known is not None:
        return known.value.value, "known"
    if decision is not None and decision.route in _ACCEPTED:
        return _ACCEPTED[decision.route], "policy"
    return None, None


def _scores(decision: Decision | None) -> Row:
    if decision is None:
        names = ("p_fake", "std", "entropy", "mutual_information", "checkpoint")
        more = ("policy_version", "decision", "inclusion_probability", "audit")
        return dict.fromkeys((*names, *more))
    return {
        "p_fake": decision.p_fake,
        "std": decision.std,
        "entropy": decision.entropy,
        "mutual_information": decision.mutual_information,
        "checkpoint": decision.checkpoint_id,
        "policy_version": decision.policy_version,
        "decision": decision.route,
        "inclusion_probability": decision.inclusion_probability,
        "audit": decision.audited,
    }
