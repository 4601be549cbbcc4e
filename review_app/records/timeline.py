"""The timeline of an image, in words: events of the log and decisions, oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from review_app.i18n import listed, number, t
from review_app.policy.decision_text import text_of
from storage.enums import AuditKind
from storage.models import AuditEvent, BulkAction, BulkChange, DecisionRow, ScoreFile

ANSWERS = (AuditKind.LABELLED, AuditKind.UNDONE, AuditKind.CHANGED)
NEUTRAL = (
    AuditKind.INGESTED,
    AuditKind.FAILED,
    AuditKind.RETRIED,
)
"""What tells nothing of what the image is."""


@dataclass(frozen=True)
class TimelineEvent:
    """One thing that happened."""

    at: datetime
    by: str
    """A person, "command line", or a part of the program."""
    text: str
    """A sentence in the language of whoever is served."""
    note: str = ""
    """What the record adds, as it was written then: a reason, a file's name."""


def timeline(
    events: Iterable[AuditEvent],
    file: ScoreFile | None,
    decisions: Iterable[DecisionRow],
    changes: Iterable[tuple[BulkChange, BulkAction]] = (),
) -> list[TimelineEvent]:
    """All of it in order of time."""
    brought = [] if file is None else [_file(file)]
    told = [*map(_event, events), *brought, *map(_decision, decisions)]
    told += [_changed(change, action) for change, action in changes]
    return sorted(told, key=lambda happening: happening.at)


def _decision(row: DecisionRow) -> TimelineEvent:
    by = t("records.by_policy", version=str(row.policy_version))
    return TimelineEvent(row.decided_at, by, text_of(row))


def _changed(change: BulkChange, action: BulkAction) -> TimelineEvent:
    """What was done to the image together with others."""
    told = action.details
    did = t("bulk.did", what=t(f"bulk.kind_{action.kind}"))
    words = t("bulk.did_undo", what=t(f"bulk.kind_{told['of']}")) if action.undoes_id else did
    note = told.get("name") or told.get("tag") or told.get("reason") or ""
    return TimelineEvent(change.changed_at, action.asked_by, words, note)


def _file(row: ScoreFile) -> TimelineEvent:
    return TimelineEvent(row.taken_at, row.taken_by, t("records.event_scores_ingested"), row.name)


def _event(event: AuditEvent) -> TimelineEvent:
    return TimelineEvent(event.at, event.actor, _words(event), _note(event))


def _words(event: AuditEvent) -> str:
    value = event.details.get("value") or event.details.get("known_label")
    said = {"value": value, "was": event.details.get("was")}
    words = t(_key(event), **{k: t(f"review.answer_{v}") for k, v in said.items() if v})
    if event.from_state is None or event.to_state in (None, event.from_state):
        return words
    return t("records.and_state", words=words, state=t(f"records.state_{event.to_state}"))


def _key(event: AuditEvent) -> str:
    """A known label that settled the image has an event of its own among those of triage."""
    settled = event.kind is AuditKind.TRIAGED and "known_label" in event.details
    return "records.event_settled" if settled else f"records.event_{event.kind}"


def _note(event: AuditEvent) -> str:
    if "weighed" in event.details:
        weighed = event.details["weighed"]
        weights = listed([number(weight, 1) for weight in weighed["weights"]])
        return t("records.weighed", weights=weights, day=weighed["as_of"])
    names = {
        AuditKind.INGESTED: "name",
        AuditKind.FAILED: "reason",
        AuditKind.KNOWN_LABEL: "provenance",
        AuditKind.CORRECTED: "reason",
    }
    return str(event.details.get(names.get(event.kind, ""), ""))
