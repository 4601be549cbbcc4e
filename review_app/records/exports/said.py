"""What people, and whatever came with an image, say of it: the rules of an export. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from review_app.policy.undo_window import final_since
from storage.enums import LabelValue
from storage.repositories.export_answers import StoredAnswer, StoredCorrection


class Said(NamedTuple):
    """What is said of one item at some moment."""

    given: Sequence[StoredAnswer]
    """Answers in force, those that can still be taken back among them, oldest first."""
    labels: Sequence[StoredAnswer]
    """Those that can no longer be taken back, oldest first; of others nothing is told."""
    answers: Sequence[LabelValue]
    """The answers that count for the verdict."""
    verdict: LabelValue | None
    """What people hold the image to be, once that is final; None where nobody answered."""
    label: LabelValue | None
    label_source: str | None
    """Who the label comes from: an admin's correction, else people, else what came with the
    image."""
    known: LabelValue | None
    """The label that came with the image."""
    corrections: Sequence[StoredCorrection]
    """The corrections, the oldest first."""
    weighed: bool | None
    """Whether the answers behind the verdict counted by skill; None without a final verdict."""

    @property
    def wording(self) -> tuple[object, ...] | None:
        """What it says, but for when: equal for two of one batch who say the same. None where an
        admin has said something, who seldom says the same twice."""
        if self.corrections:
            return None
        labels = tuple([answer.wording for answer in self.labels])
        return (labels, len(self.given), self.verdict, self.known)

    @property
    def is_chosen(self) -> bool:
        """Whether only a correction gives a label: somebody chose to look there."""
        return bool(self.corrections) and not self.answers


def said_of(
    given: Sequence[StoredAnswer],
    known: LabelValue | None,
    corrections: Sequence[StoredCorrection],
    now: datetime,
) -> Said:
    """What is said of an item at the moment ``now`` by answers in force and corrections, each
    oldest first, and by the label that came with it."""
    labels = [answer for answer in given if final_since(answer) <= now]
    answers = [answer.value for answer in labels if not answer.extra]
    verdict = given[0].verdict if given else None
    if verdict and given[0].verdict_final_at and given[0].verdict_final_at > now:
        verdict = None
    label, source = _label(answers, verdict, known, corrections)
    weighed = given[0].weighed if verdict else None
    return Said(given, labels, answers, verdict, label, source, known, corrections, weighed)


def _label(
    answers: Sequence[LabelValue],
    verdict: LabelValue | None,
    known: LabelValue | None,
    corrections: Sequence[StoredCorrection],
) -> tuple[LabelValue | None, str | None]:
    """The label and who it comes from.

    What the policy accepted by itself is no label: training on it would teach the detector its own
    mistakes. The column ``decision`` tells of it.
    """
    if corrections:
        return corrections[-1].value, "correction"
    if answers:
        value = verdict or (answers[0] if len(set(answers)) == 1 else None)
        return value, "reviewer" if value else None
    return (known, "known") if known else (None, None)
