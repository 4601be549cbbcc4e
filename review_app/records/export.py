"""Labels with their provenance, streamed as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.files import atomic_write
from review_app.forensics.claims import generator_claim
from review_app.policy.flags import TriageFlag
from review_app.policy.undo_window import final_since
from review_app.review.consensus import agreement
from storage.database import Database
from storage.enums import AuditKind, LabelValue
from storage.models import Correction, DecisionRow, Image, Item, KnownLabel, Label
from storage.repositories.event_log import Event
from storage.types import utc_now

COLUMNS = (
    "image_id", "sha256", "path", "source", "label", "label_source", "n_labels", "agreement",
    "reviewer", "labelled_at", "p_fake", "std", "entropy", "mutual_information", "checkpoint",
    "policy_version", "decision", "inclusion_probability", "audit", "state", "comment",
    "score", "novelty", "mark", "tags", "escalation", "regions", "not_final",
    "together", "corrected", "verdict_was", "correction_reason",
    "generator_claim", "n_frames",
)  # fmt: skip
"""The outside contract's columns, in order, and ours after them, the newest last: scripts may count
on places. docs/exports.md explains each."""

_FORMULA = re.compile(r"(?:\A|(?<=[;\t]))(?=[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])(?=[=+\-@＝＋－＠])")
"""The places where a formula may begin in some spreadsheet or locale (OWASP, CSV injection): where
text begins, and where whoever separates cells by semicolons or tabs would take it apart."""

Row = dict[str, Any]


def rows(
    database: Database, mark: TriageFlag | None = None, now: datetime | None = None
) -> Iterator[Row]:
    """One row per item, or per item with ``mark``, in order of intake; only a batch of them is in
    memory at a time. Answers that can still be taken back are counted, and told nothing of."""
    now = now or utc_now()
    with database.read() as repos:
        for batch in repos.export_rows.batches():
            for entry in batch:
                row = _row(**entry, now=now)
                if mark is None or row["mark"] == mark:
                    yield row


def stream_csv(database: Database, mark: TriageFlag | None = None) -> Iterator[bytes]:
    """A CSV with a header; text that a spreadsheet would run as a formula is made harmless."""
    yield from _encode_csv(rows(database, mark))


def stream_jsonl(database: Database, mark: TriageFlag | None = None) -> Iterator[bytes]:
    """One JSON object a line."""
    for row in rows(database, mark):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


class ExportFormat(StrEnum):
    """How an export is written."""

    CSV = "csv"
    """A table for spreadsheets and pandas; formulas are neutralised."""
    JSONL = "jsonl"
    """One JSON object a line; text is exactly as it was typed."""


FORMATS: dict[str, Callable[[Database, TriageFlag | None], Iterator[bytes]]] = {
    ExportFormat.CSV: stream_csv,
    ExportFormat.JSONL: stream_jsonl,
}


def write_export(
    database: Database, out: Path, form: ExportFormat, mark: TriageFlag | None = None
) -> int:
    """Write an export, of items with ``mark`` where one is given, to ``out``, whole or not at all;
    how many rows it has.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        if out.exists() and not out.is_file():
            raise InputError(f"{out} is no file that could be replaced; choose another name")
        return _write_whole(out, FORMATS[form](database, mark)) - (form is ExportFormat.CSV)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); choose another file"
        ) from error


def _write_whole(out: Path, chunks: Iterator[bytes]) -> int:
    """Write ``chunks`` to ``out``; how many."""
    n = 0
    with atomic_write(out) as file:
        for chunk in chunks:
            file.write(chunk)
            n += 1
    return n


def record_export(database: Database, actor: str, form: str) -> bool:
    """Put into the audit log that labels left the system; False where that may only be read."""
    if database.read_only:
        return False
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, actor, details={"format": form}))
    return True


def _encode_csv(stream: Iterator[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    # Quoted, text stays one cell where a locale separates by semicolons.
    writer = csv.DictWriter(buffer, COLUMNS, quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    yield _drain(buffer)
    for row in stream:
        writer.writerow({key: _neutral(value) for key, value in row.items()})
        yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _neutral(value: object) -> object:
    """Text gets an apostrophe wherever a cell may begin in it like a formula."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


def _row(
    item: Item,
    image: Image,
    decision: DecisionRow | None,
    labels: list[tuple[Label, str]],
    known: KnownLabel | None,
    corrections: list[Correction],
    now: datetime,
) -> Row:
    given, labels = len(labels), [pair for pair in labels if final_since(pair[0]) <= now]
    answers = [label.value for label, _ in labels if not label.extra and label.value is not None]
    verdict = None if item.final_at and item.final_at > now else item.verdict
    value, source = _label(verdict, answers, known, corrections)
    return {
        "image_id": image.id,
        "sha256": image.sha256,
        "path": image.path or item.name or None,
        "source": item.source,
        "label": value,
        "label_source": source,
        "n_labels": len(labels),
        "agreement": agreement(answers, verdict),
        "reviewer": ";".join(dict.fromkeys(name for _, name in labels)),
        "labelled_at": labels[-1][0].labelled_at.isoformat() if labels else None,
        **_scores(decision),
        **({"inclusion_probability": None} if corrections and not answers else {}),
        "state": item.state.value,
        "comment": " | ".join(label.comment for label, _ in labels if label.comment),
        "score": decision.score if decision else None,
        "novelty": decision.novelty if decision else None,
        "mark": decision.mark if decision else None,
        **_remarks(labels),
        "not_final": given - len(labels),
        "together": max((label.together for label, _ in labels if label.together), default=None),
        **_corrected(corrections),
        "generator_claim": generator_claim(image.file_metadata),
        "n_frames": image.n_frames,
    }


def _corrected(corrections: list[Correction]) -> Row:
    """The columns that tell that an admin put the label right, what the image was held to be at
    first, and why not."""
    return {
        "corrected": bool(corrections),
        "verdict_was": corrections[0].was if corrections else None,
        "correction_reason": corrections[-1].reason if corrections else None,
    }


def _remarks(labels: list[tuple[Label, str]]) -> Row:
    """What else people said: each tag once, reasons for asking an admin, and regions as JSON."""
    tags = dict.fromkeys(tag for label, _ in labels for tag in label.tags or ())
    regions = [region for label, _ in labels for region in label.regions or ()]
    return {
        "tags": ";".join(tags),
        "escalation": " | ".join(label.escalation for label, _ in labels if label.escalation),
        "regions": json.dumps(regions) if regions else None,
    }


def _label(
    verdict: LabelValue | None,
    answers: list[LabelValue],
    known: KnownLabel | None,
    corrections: list[Correction],
) -> tuple[LabelValue | None, str | None]:
    """The label and who it comes from: an admin's correction, else people, else what came with the
    image.

    What the policy accepted by itself is no label: training on it would teach the detector its own
    mistakes. The column ``decision`` tells of it.
    """
    if corrections:
        return corrections[-1].value, "correction"
    if answers:
        value = verdict or (answers[0] if len(set(answers)) == 1 else None)
        return value, "reviewer" if value else None
    return (known.value, "known") if known else (None, None)


def _scores(decision: DecisionRow | None) -> Row:
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
