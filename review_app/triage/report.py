"""The report of a run of triage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from review_app.i18n import t


@dataclass
class TriageReport:
    """Counts of one run, or of several."""

    policy_version: int
    scored: int = 0
    auto_accepted: int = 0
    to_review: int = 0
    failed: int = 0
    calibration: int = 0
    """Scored for calibration only: their labels are known, and nobody is asked."""
    images_per_second: float = 0.0
    rescored: int = 0
    """Labelled items that only an older detector had scored, and now the one in force; not among
    the scored."""

    def __add__(self, other: TriageReport) -> TriageReport:
        """Both runs as one; the speed is that of the one that scored more."""
        faster = max((self, other), key=lambda report: report.scored)
        return TriageReport(
            other.policy_version,
            self.scored + other.scored,
            self.auto_accepted + other.auto_accepted,
            self.to_review + other.to_review,
            self.failed + other.failed,
            self.calibration + other.calibration,
            faster.images_per_second,
            self.rescored + other.rescored,
        )

    @property
    def rescored_words(self) -> str:
        """A sentence about the labels that count from now on; empty where there is none."""
        if not self.rescored:
            return ""
        return f" {t('data.rescored', n=self.rescored)}"

    def to_json(self) -> dict[str, Any]:
        """The document of ``triage --json``."""
        return {
            "scored": self.scored,
            "auto_accepted": self.auto_accepted,
            "to_review": self.to_review,
            "failed": self.failed,
            "images_per_second": self.images_per_second,
            "policy_version": self.policy_version,
        }
