"""Which labels may prove something about the detector in force, and which are set aside.

Known labels count, and reviewers' verdicts that no policy chose and nothing swayed:
`storage.repositories.evidence` names each reason that stands against a label of an item. Two hang
on more than the item and stand here. Images that the checkpoint was trained or tuned on never
count; any of them would make the proof look better than it is.

After an alarm only images count that triage met since. The alarm says that what comes in is no
longer what the older labels were drawn from, whichever detector is asked next. So the confidence
that tries at certifying had spent on those labels is whole again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from review_app.certification.grouping import UNKNOWN
from review_app.i18n import ENGLISH, day, t, use_language
from review_app.policy.group_facts import groups_of
from review_app.policy.policy import Policy
from review_app.policy.undo_window import not_final_words
from storage.enums import LabelValue
from storage.repositories import Repositories
from storage.repositories.calibration import CalibrationRow
from storage.types import utc_now


@dataclass(frozen=True)
class CalibrationLabels:
    """The labels that count, for one checkpoint and head."""

    scores: list[float]
    is_fake: list[bool]
    groups: list[str]
    """The group of each image; empty where the policy groups none."""
    known: int
    reviewed: int
    alarm: datetime | None
    """The time of the last alarm."""
    outdated: int
    """Labels that would count, had it not been."""
    not_final: int
    """Answers of whatever kind that can still be taken back."""

    @property
    def most(self) -> int:
        """How many labels one test may rest on at most: all, or those of the largest group."""
        if not self.groups:
            return len(self.scores)
        sizes = Counter(name for name in self.groups if name != UNKNOWN)
        return max(sizes.values(), default=0)

    @property
    def text(self) -> str:
        """What there is, in the language of whoever is served."""
        known, verdicts = (
            t("policy.known_labels", n=self.known),
            t("policy.verdicts", n=self.reviewed),
        )
        if self.alarm is None:
            return t("policy.labels_unselected", known=known, verdicts=verdicts)
        return t("policy.labels_since", known=known, verdicts=verdicts, day=day(self.alarm))

    @property
    def recorded(self) -> str:
        """The same as the certificate names its calibration set: records are kept in English."""
        with use_language(ENGLISH):
            return self.text

    @property
    def remark(self) -> str:
        """What is set aside and why; empty where nothing is."""
        return f"{self._outdated_words} {not_final_words(self.not_final)}".strip()

    @property
    def _outdated_words(self) -> str:
        if self.alarm is None or not self.outdated:
            return ""
        return t("policy.outdated", n=self.outdated, day=day(self.alarm))


def read_labels(
    repos: Repositories, policy: Policy, has_seen: Callable[[str], bool]
) -> CalibrationLabels:
    """The labels that count by now for the checkpoint and head of ``policy``.

    ``has_seen`` tells by an image's key whether the checkpoint was trained or tuned on it.
    """
    alarm, now = repos.alarms.last_raised(), utc_now()
    usable = [
        row
        for row in repos.calibration.rows(policy.checkpoint, policy.head, now, policy.grouping)
        if not has_seen(row.key)
    ]
    rows = [row for row in usable if _counts(row, alarm)]
    return CalibrationLabels(
        scores=[row.score for row in rows],
        is_fake=[row.label is LabelValue.FAKE for row in rows],
        groups=groups_of(repos, policy, [row.fact for row in rows]) or [],
        known=sum(row.known for row in rows),
        reviewed=sum(not row.known for row in rows),
        alarm=alarm,
        outdated=len(usable) - len(rows),
        not_final=repos.labels.count_open(now),
    )


def unscored(repos: Repositories, policy: Policy) -> list[tuple[int, str]]:
    """Items whose labels may count once the checkpoint of ``policy`` has scored them, those that
    another one met first: id, and the image's key."""
    checkpoints = {row.checkpoint_id for row in repos.policies.history()}
    return repos.calibration.unscored(policy.checkpoint) if len(checkpoints) > 1 else []


def next_try(repos: Repositories, checkpoint_id: str, *, looking: bool = False) -> int:
    """The number, from 1, of the next try to certify this checkpoint on labels that count now;
    comparisons with a champion have spent some, too. ``looking``: one more is being made."""
    alarm = repos.alarms.last_raised()
    compared = repos.comparisons
    looks = compared.count(alarm) + 1 if looking else compared.looks(checkpoint_id, alarm)
    return 1 + repos.attempts.count(checkpoint_id, alarm) + tries_of_looks(looks)


def tries_of_looks(looks: int) -> int:
    """How many tries a challenger has spent that was found better at the ``looks``-th comparison.

    What labels said chose it, and the moment, so the confidence is shared out among the comparisons
    that could have: the m-th gets at most 1 / (m (m + 1)) of it, and those add up to one.
    """
    return math.ceil(math.log2(looks * (looks + 1))) if looks else 0


def _counts(row: CalibrationRow, alarm: datetime | None) -> bool:
    return alarm is None or row.met_at >= alarm
