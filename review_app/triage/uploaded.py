"""The files that people uploaded last, and what became of them: told again after a reload, or a
restart."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from review_app.core.errors import RefusedFile
from review_app.core.files import atomic_write
from review_app.core.messages import packed, packed_text, unpacked, unpacked_text
from review_app.i18n import Text
from review_app.intake.service import IntakeReport
from review_app.triage.report import TriageReport
from storage.types import utc_now

_logger = logging.getLogger(__name__)
MAX_TOLD = 200
"""Refused files, and remarks, of a batch: more would make the page heavy."""
_COUNTS = ("added", "duplicates", "labels", "labelled", "noted")


@dataclass(frozen=True)
class UploadedBatch:
    """The files of one upload."""

    began_at: datetime
    report: IntakeReport = field(default_factory=IntakeReport)
    n_refused: int = 0
    """The number of refused files; the report lists the first `MAX_TOLD`."""
    triaged: TriageReport | None = None
    """The report of triage; None until it is through: it is under way, was cut off, or an error
    ended it."""

    @classmethod
    def of(cls, began_at: datetime, report: IntakeReport) -> UploadedBatch:
        """What was taken in, before it is triaged."""
        refused, remarks = report.refused[:MAX_TOLD], report.remarks[:MAX_TOLD]
        short = replace(report, refused=refused, remarks=remarks)
        return cls(began_at, short, len(report.refused))

    def to_json(self) -> dict[str, Any]:
        """The batch as it is kept."""
        told = {
            "refused": [packed(file) for file in self.report.refused],
            "remarks": [packed_text(remark) for remark in self.report.remarks],
        }
        return {
            "began_at": self.began_at.isoformat(),
            "report": {**{name: getattr(self.report, name) for name in _COUNTS}, **told},
            "n_refused": self.n_refused,
            "triaged": self.triaged and asdict(self.triaged),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> UploadedBatch:
        """The inverse of `to_json`. Raises LookupError, TypeError or ValueError."""
        given = document["report"]
        refused = [unpacked(said) for said in given["refused"]]
        remarks = [unpacked_text(said) for said in given["remarks"]]
        report = IntakeReport(
            refused=[file for file in refused if isinstance(file, RefusedFile)],
            remarks=[remark for remark in remarks if isinstance(remark, Text)],
            **{name: given[name] for name in _COUNTS},
        )
        triaged = document["triaged"] and TriageReport(**document["triaged"])
        began_at = datetime.fromisoformat(document["began_at"])
        return cls(began_at, report, document["n_refused"], triaged)


class UploadedBatches:
    """The last batch of each person, in ``folder``; safe to share between threads.

    It serves to be read again and is no record: where the disk is full it is kept in memory alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: dict[int, UploadedBatch] = {}
        self._under_way: Counter[int] = Counter()
        self._lock = Lock()

    @contextmanager
    def under_way(self, person_id: int) -> Iterator[datetime]:
        """A batch of the person is being taken in; when that began."""
        began_at = utc_now()
        with self._lock:
            self._under_way[person_id] += 1
        try:
            self.keep(person_id, UploadedBatch(began_at))
            yield began_at
        finally:
            with self._lock:
                self._under_way[person_id] -= 1

    def is_under_way(self, person_id: int) -> bool:
        """Whether a batch of the person is being taken in now."""
        return self._under_way[person_id] > 0

    def keep(self, person_id: int, batch: UploadedBatch) -> None:
        """The person's last batch, as far as it has come."""
        self._last[person_id] = batch
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with atomic_write(self._place(person_id), mode=0o600) as file:
                file.write(json.dumps(batch.to_json()).encode())
        except OSError:
            _logger.warning("what became of an upload is kept in memory alone", exc_info=True)

    def last(self, person_id: int) -> UploadedBatch | None:
        """The person's last batch, if any is known."""
        if person_id in self._last:
            return self._last[person_id]
        try:
            return UploadedBatch.from_json(json.loads(self._place(person_id).read_bytes()))
        except (OSError, ValueError, LookupError, TypeError):
            return None  # none was kept, or not by this version

    def _place(self, person_id: int) -> Path:
        return self._folder / f"{person_id}.json"
