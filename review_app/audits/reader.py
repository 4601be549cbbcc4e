"""Reading the audits again and again: what nobody can change any more is read once.

A verdict that has been final for a while never changes (`policy.undo_window`), and decisions are
never changed at all. So a reader keeps the settled audits, how many images were accepted, and which
audits were open, up to some decision; each look reads what came since, and looks at the open ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.audits.group_test import GroupedEvidence, evaluate_groups
from review_app.audits.standing import ROUTES, AuditReport, SideAudit
from review_app.certification.threshold_grid import Side
from review_app.policy.policy import Policy
from storage.database import Database
from storage.enums import Route
from storage.repositories import Repositories
from storage.repositories.blind_audits import AuditRow
from storage.repositories.evidence import DECIDES
from storage.types import utc_now

_UNDER_WAY = timedelta(minutes=10)
"""The time that a transaction may be under way: its answer is stored with the time when it began,
so whatever is older than this has been seen."""
_TRUSTED = timedelta(hours=1)
"""The time after which all is read anew, should a clock have gone wrong meanwhile."""
_Drawn = tuple[tuple[int, ...], Route]
"""The policy versions that drew audits, and the acceptance that they stand for."""


@dataclass(frozen=True)
class _DecisionCounts:
    """What the decisions up to one id come to."""

    through: int = 0
    accepted: int = 0
    open: frozenset[int] = frozenset()
    """The items whose audits were open."""


@dataclass(frozen=True)
class _EvaluatedSide:
    """Evidence, and what it was made from."""

    verdicts: tuple[AuditRow, ...]
    limit: float
    named: tuple[str, ...]
    grouped: GroupedEvidence


@dataclass(frozen=True)
class _KeptSide:
    """What is kept of a side."""

    at: datetime
    """The time of the look that found it."""
    begun: datetime
    """The time of the look that read everything."""
    settled: tuple[AuditRow, ...] = ()
    counted: _DecisionCounts = _DecisionCounts()
    evaluated: _EvaluatedSide | None = None


def audit_report(database: Database, now: datetime | None = None) -> AuditReport | None:
    """The audits of the policy in force; None before the first policy."""
    with database.read() as repos:
        return AuditReader().read(repos, now or utc_now())


class AuditReader:
    """Reads audits, and keeps what never changes of them."""

    def __init__(self) -> None:
        self._kept: dict[_Drawn, _KeptSide] = {}

    def read(self, repos: Repositories, now: datetime) -> AuditReport | None:
        """The `audit_report`, in the caller's transaction."""
        row = repos.policies.current()
        if row is None:
            return None
        policy = Policy.from_json(row.document)
        held = [side for side in Side if policy.held(side)]
        holders = _holders(repos, policy, held)
        before, self._kept = self._kept, {}
        sides = []
        lasting = repos.audits.newest_before(now - _UNDER_WAY) if held else 0
        for side in held:
            drawn = holders[side], ROUTES[side]
            kept = before.get(drawn)
            if kept is None or not kept.at <= now <= kept.begun + _TRUSTED:
                kept = _KeptSide(now, now)
            found, self._kept[drawn] = _SideLook(repos, policy, side, drawn, now, lasting).read(
                kept
            )
            sides.append(found)
        return AuditReport(policy.version, policy.state, policy.audit_probability, tuple(sides))


@dataclass(frozen=True)
class _SideLook:
    """A look at the audits of one side."""

    repos: Repositories
    policy: Policy
    side: Side
    drawn: _Drawn
    now: datetime
    lasting: int
    """The decision up to which none can come in between any more."""

    def read(self, kept: _KeptSide) -> tuple[SideAudit, _KeptSide]:
        """The audits, and what is to be kept of them."""
        settled = self._settled(kept.settled)
        verdicts = tuple(row for row in settled if row.blind and row.verdict in DECIDES)
        evaluated = self._evaluated(verdicts, kept.evaluated)
        accepted, n_open, counted = self._counted(kept)
        found = SideAudit(
            certificate=self.policy.held(self.side)[0],
            versions=self.drawn[0],
            accepted=accepted,
            verdicts=verdicts,
            open=n_open,
            set_aside=len(settled) - len(verdicts),
            grouped=evaluated.grouped,
        )
        final = tuple(row for row in settled if row.settled_at <= self.now - _UNDER_WAY)
        return found, _KeptSide(self.now, kept.begun, final, counted, evaluated)

    def _settled(self, kept: tuple[AuditRow, ...]) -> tuple[AuditRow, ...]:
        versions, route = self.drawn
        after = kept[-1].settled_at if kept else None
        return (*kept, *self.repos.audits.settled(versions, self.now, route, after))

    def _evaluated(
        self, verdicts: tuple[AuditRow, ...], kept: _EvaluatedSide | None
    ) -> _EvaluatedSide:
        """The evidence of ``verdicts``. Certificates by group were made together, for one limit:
        where it holds in every group, it holds over all that the side accepts."""
        limit = self.policy.held(self.side)[0].risk_limit
        groups = self.policy.groups
        named = tuple(group.name for group in groups if group.certificate(self.side))
        if kept and (kept.limit, kept.named, kept.verdicts) == (limit, named, verdicts):
            return kept
        wrong = [str(row.verdict) != str(self.side) for row in verdicts]
        of = [row.group for row in verdicts]
        weights = _weights(self.repos, verdicts)
        grouped = evaluate_groups(self.side, limit, wrong, of, named, weights)
        return _EvaluatedSide(verdicts, limit, named, grouped)

    def _counted(self, kept: _KeptSide) -> tuple[int, int, _DecisionCounts]:
        """How many images were accepted and how many audits are open, and what to keep of that."""
        versions, route = self.drawn
        audits, was = self.repos.audits, kept.counted
        through = max(was.through, self.lasting)
        counted = was.accepted + audits.accepted(versions, route, was.through, through)
        accepted = counted + audits.accepted(versions, route, through)
        touched = was.open & audits.touched(kept.at - _UNDER_WAY, was.through) if was.open else ()
        newer = audits.still_open([*touched], versions, self.now, route)
        newer += audits.open(versions, self.now, route, was.through)
        still = was.open.difference(touched)
        n_open = len(still) + len(newer)
        still |= {one.item_id for one in newer if one.decision_id <= through}
        return accepted, n_open, _DecisionCounts(through, counted, still)


def _weights(repos: Repositories, verdicts: Sequence[AuditRow]) -> list[float]:
    """The weights of `e_values.betting_path`. Each policy version has a smallest probability of its
    own; of which version an image is, was fixed before its audit was drawn."""
    versions = {row.policy_version for row in verdicts}
    documents = (repos.policies.get(version) for version in versions)
    policies = [Policy.from_json(row.document) for row in documents if row is not None]
    smallest = {policy.version: policy.smallest_audit_probability for policy in policies}
    return [smallest[row.policy_version] / row.audit_probability for row in verdicts]


def _holders(
    repos: Repositories, policy: Policy, sides: Sequence[Side]
) -> dict[Side, tuple[int, ...]]:
    """The policy versions, newest first, that rest on what ``policy`` holds for a side, by side."""
    found: dict[Side, list[int]] = {side: [] for side in sides}
    for row in repos.policies.history():
        older = Policy.from_json(row.document)
        sides = [side for side in sides if older.held(side) == policy.held(side)]
        if not sides:
            break
        for side in sides:
            found[side].append(row.version)
    return {side: tuple(versions) for side, versions in found.items()}
