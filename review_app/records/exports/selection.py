"""Which rows an export has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from review_app.core.progress import Progress
from review_app.records.exports.batch import ItemBatch, batch_of, kept
from review_app.records.exports.said import Said
from storage.enums import ItemState, LabelValue, TriageFlag
from storage.repositories import Repositories
from storage.repositories.export_batches import changed_since, has_mark, has_source, has_state


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

    def batches(
        self, repos: Repositories, now: datetime, progress: Progress | None = None
    ) -> Iterator[ItemBatch]:
        """The items that leave at the moment ``now``, in order of intake."""
        where = [
            *([has_state(self.states)] if self.states else []),
            *([has_source(self.sources)] if self.sources else []),
            *([has_mark(self.mark)] if self.mark else []),
            *([changed_since(self.changed_since)] if self.changed_since else []),
        ]
        total = repos.export_batches.count(where) if progress else 0
        for stored in repos.export_batches.batches(where):
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


EVERYTHING = Selection()
"""The selection that lets every item leave."""
