"""The rows of an export one by one, from the tables' objects: what the fast way must equal."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from review_app.forensics.claims import generator_claim
from review_app.policy.undo_window import final_since
from review_app.review.consensus import agreement
from storage.database import Database
from storage.enums import LabelValue
from storage.models import Correction, DecisionRow, FaceRow, Image, Item, KnownLabel, Label
from tests.records.export_rows import ExportRows

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Exported:
    """Everything that is known of an item at the moment ``now``."""

    item: Item
    image: Image
    decision: DecisionRow | None
    """The newest one."""
    given: list[tuple[Label, str]]
    """Answers in force with their authors' pseudonyms, oldest first."""
    known: KnownLabel | None
    corrections: list[Correction]
    """The corrections, the oldest first."""
    faces: FaceRow | None
    """The faces in it; None where nobody looked."""
    now: datetime

    @cached_property
    def labels(self) -> list[tuple[Label, str]]:
        """Those of ``given`` that can no longer be taken back; of others nothing is told."""
        return [pair for pair in self.given if final_since(pair[0]) <= self.now]

    @cached_property
    def answers(self) -> list[LabelValue]:
        """The answers that count for the verdict."""
        return [
            label.value for label, _ in self.labels if not label.extra and label.value is not None
        ]

    @cached_property
    def verdict(self) -> LabelValue | None:
        """What people hold the image to be, once that is final."""
        is_open = self.item.final_at is not None and self.item.final_at > self.now
        return None if is_open else self.item.verdict

    @cached_property
    def label(self) -> tuple[LabelValue | None, str | None]:
        """The label and who it comes from: an admin's correction, else people, else what came with
        the image.

        What the policy accepted by itself is no label: training on it would teach the detector its
        own mistakes. The column ``decision`` tells of it.
        """
        if self.corrections:
            return self.corrections[-1].value, "correction"
        if answers := self.answers:
            value = self.verdict or (answers[0] if len(set(answers)) == 1 else None)
            return value, "reviewer" if value else None
        return (self.known.value, "known") if self.known else (None, None)


@dataclass(frozen=True)
class OracleColumn:
    """One column."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]
    """What its values are, unless they are None: empty in CSV, null in JSON."""
    value: Callable[[Exported], Value]


def _inclusion_probability(of: Exported) -> float | None:
    """The chance, or None where only a correction gives a label: somebody chose to look there."""
    is_chosen = bool(of.corrections) and not of.answers
    return None if is_chosen or of.decision is None else of.decision.inclusion_probability


def _joined(parts: list[str | None], by: str) -> str:
    return by.join(part for part in parts if part)


def _tags(of: Exported) -> str:
    """The tags that reviewers saw, each once."""
    return ";".join(dict.fromkeys(tag for label, _ in of.labels for tag in label.tags or ()))


def _together(of: Exported) -> int | None:
    return max((label.bulk_size for label, _ in of.labels if label.bulk_size), default=None)


def _regions(of: Exported) -> str | None:
    regions = [region for label, _ in of.labels for region in label.regions or ()]
    return json.dumps(regions) if regions else None


def _of_decision(value: Callable[[DecisionRow], Value]) -> Callable[[Exported], Value]:
    """A column that tells of the newest decision, and is None where there is none."""
    return lambda of: None if of.decision is None else value(of.decision)


COLUMNS = (
    OracleColumn("image_id", int, lambda of: of.image.id),
    OracleColumn("sha256", str, lambda of: of.image.sha256),
    OracleColumn("path", str, lambda of: of.image.path or of.item.name or None),
    OracleColumn("source", str, lambda of: of.item.source),
    OracleColumn("label", str, lambda of: of.label[0]),
    OracleColumn("label_source", str, lambda of: of.label[1]),
    OracleColumn("n_labels", int, lambda of: len(of.labels)),
    OracleColumn("agreement", float, lambda of: agreement(of.answers, of.verdict)),
    OracleColumn(
        "reviewer", str, lambda of: ";".join(dict.fromkeys(name for _, name in of.labels))
    ),
    OracleColumn(
        "labelled_at",
        str,
        lambda of: of.labels[-1][0].labelled_at.isoformat() if of.labels else None,
    ),
    OracleColumn("p_fake", float, _of_decision(lambda decision: decision.p_fake)),
    OracleColumn("std", float, _of_decision(lambda decision: decision.std)),
    OracleColumn("entropy", float, _of_decision(lambda decision: decision.entropy)),
    OracleColumn(
        "mutual_information", float, _of_decision(lambda decision: decision.mutual_information)
    ),
    OracleColumn("checkpoint", str, _of_decision(lambda decision: decision.checkpoint_id)),
    OracleColumn("policy_version", int, _of_decision(lambda decision: decision.policy_version)),
    OracleColumn("decision", str, _of_decision(lambda decision: decision.route)),
    OracleColumn("inclusion_probability", float, _inclusion_probability),
    OracleColumn("audit", bool, _of_decision(lambda decision: decision.audited)),
    OracleColumn("state", str, lambda of: of.item.state.value),
    OracleColumn(
        "comment", str, lambda of: _joined([label.comment for label, _ in of.labels], " | ")
    ),
    OracleColumn("score", float, _of_decision(lambda decision: decision.score)),
    OracleColumn("novelty", float, _of_decision(lambda decision: decision.novelty)),
    OracleColumn("mark", str, _of_decision(lambda decision: decision.mark)),
    OracleColumn("tags", str, _tags),
    OracleColumn(
        "escalation", str, lambda of: _joined([label.escalation for label, _ in of.labels], " | ")
    ),
    OracleColumn("regions", str, _regions),
    OracleColumn("not_final", int, lambda of: len(of.given) - len(of.labels)),
    OracleColumn("together", int, _together),
    OracleColumn("corrected", bool, lambda of: bool(of.corrections)),
    OracleColumn("verdict_was", str, lambda of: of.corrections[0].was if of.corrections else None),
    OracleColumn(
        "correction_reason",
        str,
        lambda of: of.corrections[-1].reason if of.corrections else None,
    ),
    OracleColumn("generator_claim", str, lambda of: generator_claim(of.image.file_metadata)),
    OracleColumn("n_frames", int, lambda of: of.image.n_frames),
    OracleColumn("faces", int, lambda of: None if of.faces is None else len(of.faces.boxes)),
    OracleColumn("decision_group", str, _of_decision(lambda decision: decision.group_name)),
    OracleColumn("weighed", bool, lambda of: of.item.weighed if of.given and of.verdict else None),
)


def row_of(of: Exported) -> dict[str, Value]:
    """The row that tells of an item, by column."""
    return {column.name: column.value(of) for column in COLUMNS}


def rows_one_by_one(database: Database, now: datetime) -> list[dict[str, Value]]:
    """What an export of every item says at the moment ``now``."""
    with database.read() as repos:
        return [
            row_of(Exported(now=now, given=entry.pop("labels"), **entry))
            for batch in ExportRows(repos.session).batches()
            for entry in batch
        ]
