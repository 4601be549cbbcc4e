"""The columns of an export: the one list of them, and how each is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from review_app.forensics.claims import generator_claim
from review_app.records.exports.batch import (
    Read,
    as_said,
    as_said_each,
    as_stored,
    as_truth,
    of_files,
    unless_said,
    with_picture,
)
from review_app.records.exports.said import Said
from review_app.review.consensus import agreement


@dataclass(frozen=True)
class Column:
    """One column. The catalogues explain it under ``description``, docs/exports.md in full."""

    name: str
    type: type[str] | type[int] | type[float] | type[bool]
    """What its values are, unless they are None: empty in CSV, null in JSON and Parquet."""
    read: Read
    """How a batch tells it."""

    @property
    def description(self) -> str:
        """The key of the text that explains it."""
        return f"export.column_{self.name}"


def _joined(parts: list[str | None], by: str) -> str:
    return by.join(part for part in parts if part)


def _tags(said: Said) -> str:
    """The tags that reviewers saw, each once."""
    return ";".join(dict.fromkeys(tag for label in said.labels for tag in label.tags or ()))


def _together(said: Said) -> int | None:
    return max((label.bulk_size for label in said.labels if label.bulk_size), default=None)


def _regions(said: Said) -> str | None:
    regions = [region for label in said.labels for region in label.regions or ()]
    return json.dumps(regions) if regions else None


def _labelled_at(said: Said) -> str | None:
    return said.labels[-1].labelled_at.isoformat() if said.labels else None


def _reviewers(said: Said) -> str:
    return ";".join(dict.fromkeys(label.pseudonym for label in said.labels))


def _last_reason(said: Said) -> str | None:
    return said.corrections[-1].reason if said.corrections else None


def _n_frames(metadata: Mapping[str, Any]) -> int:
    """How many pictures the file has, as `Image.n_frames` counts."""
    frames = metadata.get("frames", 1)
    return frames if isinstance(frames, int) else 1


COLUMNS = (
    Column("image_id", int, as_stored("image_id")),
    Column("sha256", str, as_stored("sha256")),
    Column("path", str, as_stored("path")),
    Column("source", str, as_stored("source")),
    Column("label", str, as_said(lambda said: said.label)),
    Column("label_source", str, as_said(lambda said: said.label_source)),
    Column("n_labels", int, as_said(lambda said: len(said.labels))),
    Column("agreement", float, as_said(lambda said: agreement(said.answers, said.verdict))),
    Column("reviewer", str, as_said(_reviewers)),
    Column("labelled_at", str, as_said_each(_labelled_at)),
    Column("p_fake", float, as_stored("p_fake")),
    Column("std", float, as_stored("std")),
    Column("entropy", float, as_stored("entropy")),
    Column("mutual_information", float, as_stored("mutual_information")),
    Column("checkpoint", str, as_stored("checkpoint")),
    Column("policy_version", int, as_stored("policy_version")),
    Column("decision", str, as_stored("route")),
    Column(
        "inclusion_probability",
        float,
        unless_said(lambda said: said.is_chosen, "inclusion_probability"),
    ),
    Column("audit", bool, as_truth("audited")),
    Column("state", str, as_stored("state")),
    Column(
        "comment", str, as_said(lambda said: _joined([one.comment for one in said.labels], " | "))
    ),
    Column("score", float, as_stored("score")),
    Column("novelty", float, as_stored("novelty")),
    Column("mark", str, as_stored("mark")),
    Column("tags", str, as_said(_tags)),
    Column(
        "escalation",
        str,
        as_said(lambda said: _joined([one.escalation for one in said.labels], " | ")),
    ),
    Column("regions", str, as_said(_regions)),
    Column("not_final", int, as_said(lambda said: len(said.given) - len(said.labels))),
    Column("together", int, as_said(_together)),
    Column("corrected", bool, as_said(lambda said: bool(said.corrections))),
    Column(
        "verdict_was",
        str,
        as_said(lambda said: said.corrections[0].was if said.corrections else None),
    ),
    Column("correction_reason", str, as_said(_last_reason)),
    Column("generator_claim", str, of_files(generator_claim)),
    Column("n_frames", int, with_picture(of_files(_n_frames))),
    Column("faces", int, as_stored("faces")),
    Column("decision_group", str, as_stored("group_name")),
    Column("weighed", bool, as_said(lambda said: said.weighed)),
)
"""The outside contract's columns, in order, and ours after them, the newest last: scripts may count
on places. docs/exports.md explains each."""
COLUMN_NAMES = tuple(column.name for column in COLUMNS)
