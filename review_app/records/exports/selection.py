"""Which rows an export has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.records.exports.batch import ItemBatch, batch_of, kept
from review_app.records.exports.said import Said
from storage.enums import ItemState, LabelValue, TriageFlag
from storage.repositories import Repositories
from storage.repositories.export_batches import ExportBatches
from storage.repositories.export_columns import (
    TABLE,
    changed_since,
    has_mark,
    has_source,
    has_state,
)
from storage.types import to_utc


@dataclass(frozen=True)
class Selection:
    """What an item must be to leave. Every condition that is given must hold; of several values of
    one, any. Without a condition, every item leaves."""

    states: frozenset[ItemState] = frozenset()
    sources: frozenset[str] = frozenset()
    labels: frozenset[LabelValue] = frozenset()
    """Its label, as the column ``label`` has it."""
    reviewers: frozenset[str] = frozenset()
    """Pseudonyms: one of them has answered."""
    tags: frozenset[str] = frozenset()
    """Somebody has seen one of these."""
    mark: TriageFlag | None = None
    answered_from: datetime | None = None
    """Somebody has answered at this time or later, and before ``answered_before``."""
    answered_before: datetime | None = None
    changed_since: datetime | None = None
    """Something has happened to it since; see docs/exports.md."""
    _asks_people: bool = field(init=False)

    def __post_init__(self) -> None:
        asked = (self.labels, self.reviewers, self.tags, self.answered_from, self.answered_before)
        object.__setattr__(self, "_asks_people", any(asked))

    def to_json(self) -> dict[str, Any]:
        """The conditions that were given, by name: numbers, text and lists of text."""
        several = {
            "states": self.states,
            "sources": self.sources,
            "labels": self.labels,
            "reviewers": self.reviewers,
            "tags": self.tags,
        }
        times = {
            "answered_from": self.answered_from,
            "answered_before": self.answered_before,
            "changed_since": self.changed_since,
        }
        return {
            **{name: sorted(map(str, values)) for name, values in several.items() if values},
            **({"mark": self.mark.value} if self.mark else {}),
            **{name: time.isoformat() for name, time in times.items() if time},
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Selection:
        """The selection that ``document`` tells, as `to_json` has it.

        Raises:
            InputError: a condition is unknown, or its value is none.
        """
        readers: dict[str, Callable[[Any], Any]] = {
            "states": lambda values: frozenset(map(ItemState, values)),
            "sources": lambda values: frozenset(map(str, values)),
            "labels": lambda values: frozenset(map(LabelValue, values)),
            "reviewers": lambda values: frozenset(map(str, values)),
            "tags": lambda values: frozenset(map(str, values)),
            "mark": TriageFlag,
            **dict.fromkeys(("answered_from", "answered_before", "changed_since"), moment_of),
        }
        if unknown := sorted(document.keys() - readers.keys()):
            raise InputError(f"an export knows no condition {unknown[0]!r}")
        try:
            return cls(**{name: readers[name](value) for name, value in document.items()})
        except (TypeError, ValueError) as error:
            raise InputError(f"an export cannot choose by that ({error})") from error

    def batches(
        self,
        repos: Repositories,
        now: datetime,
        progress: Progress | None = None,
        names: Sequence[str] = TABLE,
    ) -> Iterator[ItemBatch]:
        """The items that leave at the moment ``now``, in order of intake, with what is stored under
        ``names``."""
        return self.told(repos.export_batches, now, progress, names)

    def told(
        self,
        batches: ExportBatches,
        now: datetime,
        progress: Progress | None = None,
        names: Sequence[str] = TABLE,
    ) -> Iterator[ItemBatch]:
        """The same of whatever reads ``batches``."""
        where = [
            *([has_state(self.states)] if self.states else []),
            *([has_source(self.sources)] if self.sources else []),
            *([has_mark(self.mark)] if self.mark else []),
            *([changed_since(self.changed_since)] if self.changed_since else []),
        ]
        total = batches.count(where) if progress else 0
        for stored in batches.batches(where, names):
            batch = batch_of(stored, now)
            yield self._of_people(batch)
            if progress:
                progress(stored.n_seen, total)

    def _of_people(self, batch: ItemBatch) -> ItemBatch:
        if not self._asks_people:
            return batch
        return kept(batch, [at for at, said in sorted(batch.said.items()) if self._lets(said)])

    def _lets(self, said: Said) -> bool:
        """Whether what is said of an item is what is asked for."""
        labels, wanted = said.labels, self.tags
        return (
            (not self.labels or said.label in self.labels)
            and (not self.reviewers or any(one.pseudonym in self.reviewers for one in labels))
            and (not wanted or any(not wanted.isdisjoint(one.tags or ()) for one in labels))
            and (self._any_time or any(self._in_time(one.labelled_at) for one in labels))
        )

    @property
    def _any_time(self) -> bool:
        return self.answered_from is None and self.answered_before is None

    def _in_time(self, at: datetime) -> bool:
        is_late = self.answered_from is None or at >= self.answered_from
        return is_late and (self.answered_before is None or at < self.answered_before)


def moment_of(text: str) -> datetime:
    """The moment that ``text`` names, as 2026-11-30 or 2026-11-30T08:00+01:00; UTC where it names
    no zone. Raises InputError."""
    try:
        found = datetime.fromisoformat(text)
        return to_utc(found if found.tzinfo else found.replace(tzinfo=UTC))
    except ValueError as error:
        raise InputError(
            f"{text!r} is no time; write it as 2026-11-30 or 2026-11-30T08:00 (UTC)"
        ) from error


EVERYTHING = Selection()
"""The selection that lets every item leave."""
