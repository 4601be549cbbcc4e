"""What a policy would do to this deployment's stream, from its labels, scores and pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from review_app.errors import InputError
from review_app.permissions import Permission, Person, require
from review_app.review.options import read_options
from review_app.triage.costs import Costs
from review_app.triage.governance import PolicyDesk
from review_app.triage.options import read_queue_options
from review_app.triage.policy import Policy, learning_policy
from review_app.triage.whatif import Forecast, Workload, forecast
from storage.enums import AuditKind
from storage.repositories.workload import SECONDS_PER_LABEL
from storage.repositories.workload import Workload as Measured
from storage.types import utc_now

LIMITS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
"""Risk limits of the curve."""
_STREAM = 4000
"""Scores of the newest items stand for the stream."""
_PACE = timedelta(days=7)
_LEAST = timedelta(days=1)
"""A shorter span would take one upload for a pace."""


@dataclass(frozen=True)
class Pace:
    """What was measured of the stream and of the reviewers."""

    images_per_day: float
    """Over the last week, or since the first image of it came."""
    seconds_per_label: float
    measured: bool
    """Whether the seconds are those of labels given here, not a default."""


@dataclass(frozen=True)
class Question:
    """What an admin asks about."""

    risk_limit: float
    delta: float
    audit_probability: float
    workload: Workload
    costs: Costs


class ForecastDesk(PolicyDesk):
    """Answers what-if questions. Nothing is written, applied or spent."""

    def pace(self) -> Pace:
        """What came in and how long people took, lately."""
        now = utc_now()
        with self._database.read() as repos:
            measured = Measured(repos.session)
            n, first = measured.arrived_since(now - _PACE)
            seconds = measured.label_seconds()
        span = _PACE if first is None else max(now - first, _LEAST)
        return Pace(
            images_per_day=n / (span / timedelta(days=1)),
            seconds_per_label=SECONDS_PER_LABEL if seconds is None else seconds,
            measured=seconds is not None,
        )

    def usual(self) -> Question:
        """The question that the policy in force and what was measured ask by themselves."""
        policy, pace = self.current(), self.pace()
        with self._database.read() as repos:
            answers = read_options(repos).needed_labels
            costs = read_queue_options(repos).costs
        workload = Workload(pace.images_per_day, pace.seconds_per_label, answers)
        return Question(policy.risk_limit, policy.delta, policy.audit_probability, workload, costs)

    def answer(
        self, person: Person, question: Question, limits: Sequence[float] = LIMITS
    ) -> tuple[Forecast, list[Forecast]]:
        """The forecast asked for, and those for other risk limits, all else equal.

        Certificates are computed as the next try would: at its share of the confidence.

        Raises:
            SettingsError: a limit is out of range.
            InputError: nothing has been scored yet.
        """
        require(person, Permission.MANAGE_POLICY)
        policy = self.current()
        labels = self._labels(policy)
        scores = self._stream(policy)
        with self._database.read() as repos:
            tries = repos.audit.of_kind(AuditKind.CERTIFICATION_TRIED)
        attempt = 1 + sum(event.details["checkpoint"] == policy.checkpoint for event in tries)

        def at(risk_limit: float) -> Forecast:
            asked = learning_policy(
                checkpoint=policy.checkpoint,
                head=policy.head,
                risk_limit=risk_limit,
                delta=question.delta,
                audit_probability=question.audit_probability,
                version=policy.version,
            )
            return forecast(
                self._certificates(asked, labels, attempt),
                scores,
                question.workload,
                question.costs,
                risk_limit=risk_limit,
                delta=question.delta,
                audit_probability=question.audit_probability,
            )

        return at(question.risk_limit), [at(limit) for limit in limits]

    def _stream(self, policy: Policy) -> list[float]:
        with self._database.read() as repos:
            recent = repos.counts.scored(policy.checkpoint, policy.head, _STREAM)
        if not recent:
            raise InputError("nothing is scored yet: take images in and run triage, then ask again")
        return [item.score for item in recent]
