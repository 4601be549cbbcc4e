"""A forecast of what a policy would do to this deployment's stream, from its labels, scores and
pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from review_app.certification.certificate import goal_words
from review_app.certification.group_prospect import group_prospects
from review_app.certification.grouping import Grouping
from review_app.certification.prospect import Prospect, chance_words
from review_app.core.errors import InputError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text, current_language, t
from review_app.policy.costs import Costs
from review_app.policy.eligibility import next_try
from review_app.policy.governance import DetectorFacts, PolicyService
from review_app.policy.group_facts import groups_of
from review_app.policy.group_forecast import GroupForecast, forecast_groups
from review_app.policy.policy import Policy, learning_policy
from review_app.policy.review_options import read_options
from review_app.policy.what_if import PolicyForecast, ReviewWorkload, forecast
from review_app.queueing.options import read_queue_options
from storage.database import Database
from storage.repositories.workload import SECONDS_PER_LABEL
from storage.repositories.workload import Workload as Measured
from storage.types import utc_now

LIMITS = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)
"""Risk limits of the curve."""
_STREAM = 4000
"""The scores of this many of the newest items stand for the stream."""
_PACE = timedelta(days=7)
_LEAST = timedelta(days=1)
"""A shorter span would take one upload for a pace."""


@dataclass(frozen=True)
class StreamPace:
    """The pace of the stream and of the reviewers, as measured."""

    images_per_day: float
    """The images a day over the last week, or since the first image of it came."""
    seconds_per_label: float
    measured: bool
    """Whether the seconds are those of labels given here, not a default."""


@dataclass(frozen=True)
class ForecastTerms:
    """The terms that an admin asks about."""

    risk_limit: float
    delta: float
    audit_probability: float
    workload: ReviewWorkload
    costs: Costs


@dataclass(frozen=True)
class CertificateProgress:
    """The way that the calibration labels have come towards a certificate: a forecast from how many
    there are."""

    labels: int
    """The number of labels that count."""
    labels_words: str
    """A sentence that tells where they come from."""
    set_aside: str
    """Which other labels do not count since an alarm, and why; empty where all do."""
    risk_limit: float
    delta: float
    """The delta of the policy: both sides together."""
    real: Prospect
    fake: Prospect

    @cached_property
    def missing(self) -> int | None:
        """Further random labels for an even chance of the nearer side; ``None``: out of reach."""
        sides = (self.real.missing(), self.fake.missing())
        return min((n for n in sides if n is not None), default=None)

    @property
    def share(self) -> float:
        """How much of the way is gone, in [0, 1]; 0 where it is out of reach."""
        if self.missing is None:
            return 0.0
        return self.labels / (self.labels + self.missing) if self.missing else 1.0

    @property
    def text(self) -> str:
        """The nearer side in one sentence, and what is set aside."""
        goal = goal_words(self.risk_limit, self.delta)
        if self.missing == 0:
            chance = max(self.real.chance, self.fake.chance)
            words = t("policy.ready", goal=goal, chance=chance_words(chance))
        elif self.missing is None:
            words = t("policy.out_of_reach_on", goal=goal)
        else:
            words = t("policy.about_more", n=self.missing, goal=goal)
        return f"{words} {self.set_aside}".rstrip()


class ForecastService(PolicyService):
    """A service that answers what-if questions, and how far a certificate is. Nothing is written,
    applied or spent."""

    def __init__(self, database: Database, facts: DetectorFacts) -> None:
        super().__init__(database, facts)
        self._remembered: tuple[object, CertificateProgress] | None = None

    def pace(self) -> StreamPace:
        """What came in and how long people took, lately."""
        now = utc_now()
        with self._database.read() as repos:
            measured = Measured(repos.session)
            n, first = measured.arrived_since(now - _PACE)
            seconds = measured.label_seconds()
        span = _PACE if first is None else max(now - first, _LEAST)
        return StreamPace(
            images_per_day=n / (span / timedelta(days=1)),
            seconds_per_label=SECONDS_PER_LABEL if seconds is None else seconds,
            measured=seconds is not None,
        )

    def usual(self) -> ForecastTerms:
        """The question that the policy in force and what was measured ask by themselves."""
        policy, pace = self.current(), self.pace()
        with self._database.read() as repos:
            answers = read_options(repos).needed_labels
            costs = read_queue_options(repos).costs
        workload = ReviewWorkload(pace.images_per_day, pace.seconds_per_label, answers)
        return ForecastTerms(
            policy.risk_limit, policy.delta, policy.audit_probability, workload, costs
        )

    def answer(
        self, person: Person, question: ForecastTerms, limits: Sequence[float] = LIMITS
    ) -> tuple[PolicyForecast, list[PolicyForecast]]:
        """The forecast asked for, and those for other risk limits, all else equal.

        They tell what is to be expected of the next try, and do not look at what the labels say.

        Raises:
            SettingsError: a limit is out of range.
            InputError: nothing has been scored yet.
        """
        require(person, Permission.MANAGE_POLICY)
        policy = self.current()
        labels = self._labels(policy)
        scores = self._stream(policy)

        def at(risk_limit: float) -> PolicyForecast:
            asked = learning_policy(
                checkpoint=policy.checkpoint,
                head=policy.head,
                risk_limit=risk_limit,
                delta=question.delta,
                audit_probability=question.audit_probability,
                version=policy.version,
            )
            return forecast(
                *self._prospects(asked, labels),
                scores,
                question.workload,
                question.costs,
                audit_probability=question.audit_probability,
            )

        return at(question.risk_limit), [at(limit) for limit in limits]

    def by_group(
        self, person: Person, risk_limit: float, delta: float, grouping: Grouping
    ) -> GroupForecast:
        """What the next try is expected to come to group by group, and pooled, on recent images.

        Raises:
            SettingsError: a limit is out of range.
        """
        require(person, Permission.MANAGE_POLICY)
        now = self.current()
        asked = learning_policy(
            checkpoint=now.checkpoint,
            head=now.head,
            risk_limit=risk_limit,
            delta=delta,
            audit_probability=now.audit_probability,
            version=now.version,
            grouping=grouping,
        )
        labels = self._labels(asked)
        real, fake = self._prospects(asked, labels)
        prospects = group_prospects(
            labels.groups,
            real.grid,
            fake.grid,
            risk_limit=risk_limit,
            delta=delta,
            attempt=real.attempt,
        )
        with self._database.read() as repos:
            recent = Measured(repos.session).recent_scores(
                now.checkpoint, now.head, _STREAM, grouping
            )
            groups = groups_of(repos, asked, [row.fact for row in recent]) or []
        scores = [row.score for row in recent]
        return forecast_groups(grouping, prospects, (real, fake), scores, groups)

    def prospects_of(
        self, checkpoint: str, head: str, *, looking: bool = False
    ) -> tuple[Prospect, Prospect]:
        """What the next try at certifying another detector may find, for real and for fake, on the
        terms of the policy in force, over all images. ``looking``: it is being compared.

        Raises NotFoundError for a detector or head that is not there.
        """
        now = self.current()
        asked = learning_policy(
            checkpoint=checkpoint,
            head=head,
            risk_limit=now.risk_limit,
            delta=now.delta,
            audit_probability=now.audit_probability,
            version=now.version,
        )
        return self._prospects(asked, self._labels(asked), looking=looking)

    def progress(self) -> CertificateProgress:
        """How far the labels there are have come towards a certificate on the policy's own terms.

        It is looked at all the time, and reads every label: so it is remembered until a label, a
        try, the policy or the reader's language changes; and for a minute, since labels become
        final by themselves and images are scored.
        """
        policy, minute = self.current(), int(utc_now().timestamp() // 60)
        with self._database.read() as repos:
            spent = next_try(repos, policy.checkpoint), repos.alarms.last_raised()
            asked_of = (policy.version, *spent, *repos.calibration.newest(), current_language())
        remembered = self._remembered  # others may put another in its place meanwhile
        if remembered is None or remembered[0] != (minute, *asked_of):
            remembered = self._remembered = (minute, *asked_of), self._progress(policy)
        return remembered[1]

    def _progress(self, policy: Policy) -> CertificateProgress:
        labels = self._labels(policy)
        real, fake = self._prospects(policy, labels)
        return CertificateProgress(
            labels=real.labels,
            labels_words=labels.text,
            set_aside=labels.remark,
            risk_limit=policy.risk_limit,
            delta=policy.delta,
            real=real,
            fake=fake,
        )

    def _stream(self, policy: Policy) -> list[float]:
        with self._database.read() as repos:
            recent = repos.counts.scored(policy.checkpoint, policy.head, _STREAM)
        if not recent:
            raise InputError(Text("certify.nothing_scored"))
        return [item.score for item in recent]
