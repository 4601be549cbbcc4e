"""Figures for Prometheus: the queue, its policy, its audits and its jobs, as numbers of the moment.

They say how the work stands, and nothing of any image or person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from review_app.audits.standing import AuditReport, SideAudit
from storage.database import Database
from storage.enums import CountKind, ItemState, JobState, PolicyState
from storage.repositories import Repositories

_KEPT_JOBS = 200
"""The newest jobs, of which the states are counted; those that have not ended are among them."""


class Metric(NamedTuple):
    """A gauge with its samples: label values and a number each."""

    name: str
    says: str
    samples: list[tuple[dict[str, str], float]]


def queue_metrics(database: Database, report: AuditReport | None, now: datetime) -> list[Metric]:
    """The figures at ``now``; ``report``: what the audits say, if there is a policy."""
    with database.read() as repos:
        return [*_queue(repos, now), *_policy(repos), *_jobs(repos), *_audits(report)]


def _queue(repos: Repositories, now: datetime) -> Iterator[Metric]:
    states = repos.tallies.by_state()
    by_state = [({"state": state.value}, float(states[state])) for state in ItemState]
    yield Metric("items", "Images in the queue, by state.", by_state)
    waits = {ItemState.IN_REVIEW: "reviewers", ItemState.ESCALATED: "admins"}
    oldest = [({"for": who}, _age(repos.counts.oldest_in(s), now)) for s, who in waits.items()]
    yield Metric("oldest_waiting_seconds", "How long the oldest image has waited.", oldest)
    n_labels = repos.tallies.count(CountKind.LABEL)
    n_known = repos.tallies.count(CountKind.KNOWN_LABEL)
    yield _single("labels", "Answers of people that are in force.", n_labels)
    yield _single("known_labels", "Labels that came with images.", n_known)
    yield _single("claims", "Images in people's hands.", repos.counts.live_claims())


def _policy(repos: Repositories) -> Iterator[Metric]:
    row = repos.policies.current()
    state = PolicyState.LEARNING if row is None else row.state
    samples = [({"state": one.value}, float(one is state)) for one in PolicyState]
    yield Metric("policy_state", "1 for the state that the policy is in.", samples)
    yield _single("policy_version", "The version in force.", 0 if row is None else row.version)


def _jobs(repos: Repositories) -> Iterator[Metric]:
    states = Counter(row.state for row in repos.jobs.newest(_KEPT_JOBS))
    samples = [({"state": state.value}, float(states[state])) for state in JobState]
    yield Metric("jobs", f"Of the newest {_KEPT_JOBS} background jobs, by state.", samples)


def _audits(report: AuditReport | None) -> Iterator[Metric]:
    sides = () if report is None else report.sides
    standing = report is not None and report.standing
    yield _single("alarm", "1 while an alarm of the audits stands.", float(standing))
    yield _by_side("audits", "Audits that count.", sides, lambda s: s.evidence.audits)
    yield _by_side("audit_errors", "Errors among them.", sides, lambda s: s.evidence.errors)
    yield _by_side("audits_open", "Audits without a final verdict.", sides, lambda s: s.open)
    yield _by_side("risk_limit", "The risk that is certified.", sides, lambda s: s.evidence.limit)
    yield _by_side("audit_log_e_value", "Log evidence that the risk is too high.", sides, _alarm)
    line = "The log evidence at which an alarm is raised."
    yield _by_side("audit_log_e_line", line, sides, lambda s: s.evidence.log_line)


def _alarm(side: SideAudit) -> float:
    return float(side.evidence.log_alarm[-1]) if side.evidence.audits else 0.0


def _by_side(
    name: str, says: str, sides: Sequence[SideAudit], of: Callable[[SideAudit], float]
) -> Metric:
    samples = [({"side": s.certificate.side.value}, float(of(s))) for s in sides]
    return Metric(name, says, samples)


def _single(name: str, says: str, value: float) -> Metric:
    return Metric(name, says, [({}, float(value))])


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
