"""The standing of the certificates in force, or of those that were last, by their blind audits.

Evidence belongs to one certificate. It counts the audits drawn by every policy version that held
that certificate, each image under its newest decision, in the order in which the verdicts became
final (`policy.undo_window`); a new certificate starts anew. A verdict does not count where people
could not tell, or where somebody answered after seeing the model's opinion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.audits.side_test import SideEvidence, evaluate_side
from review_app.certification.certificate import Certificate
from review_app.certification.threshold_grid import Side
from review_app.i18n import percent, t
from review_app.policy.policy import Policy
from storage.database import Database
from storage.enums import PolicyState, Route
from storage.repositories import Repositories
from storage.repositories.blind_audits import AuditRow
from storage.repositories.evidence import DECIDES
from storage.types import utc_now

ROUTES = {Side.REAL: Route.ACCEPT_REAL, Side.FAKE: Route.ACCEPT_FAKE}


@dataclass(frozen=True)
class SideAudit:
    """The audits of one certificate."""

    certificate: Certificate
    versions: tuple[int, ...]
    """Policy versions that held it, newest first."""
    accepted: int
    """Images accepted on it without a person."""
    verdicts: tuple[AuditRow, ...]
    """Audits that count, in the order in which their verdicts became final."""
    open: int
    """Audits that still wait for a verdict, or whose verdict is not final yet."""
    set_aside: int
    """Audits whose verdict cannot count: undecided, or not blind."""
    evidence: SideEvidence

    @property
    def open_share(self) -> float:
        """Share of the audits drawn that wait for a verdict; 0 where none was drawn."""
        drawn = len(self.verdicts) + self.open + self.set_aside
        return self.open / drawn if drawn else 0.0

    @property
    def doubtful_since(self) -> datetime:
        """The time since when acceptances are in doubt: the oldest image whose audit came after
        `SideEvidence.good_until`; where all of them did, the certificate's date."""
        later = [row.decided_at for row in self.verdicts[self.evidence.good_until :]]
        if not self.evidence.good_until or not later:
            return self.certificate.provenance.certified_at
        return min(later)


@dataclass(frozen=True)
class AuditReport:
    """The audits of a policy's certificates."""

    policy_version: int
    state: PolicyState
    audit_probability: float
    sides: tuple[SideAudit, ...]

    @property
    def alarmed(self) -> list[SideAudit]:
        """The sides whose evidence has raised an alarm."""
        return [side for side in self.sides if side.evidence.alarm_after is not None]

    @property
    def standing(self) -> bool:
        """An alarm has been raised, and no new certificate has taken its place."""
        return bool(self.alarmed)

    @property
    def advice(self) -> str:
        """What an admin should do, in a sentence or two."""
        if self.standing:
            return t("audit.advice_alarm")
        if not self.sides:
            return t("audit.advice_none")
        if self.audit_probability == 0:
            return t("audit.advice_off")
        waiting = sum(side.open for side in self.sides)
        if waiting and max(side.open_share for side in self.sides) > 0.5:
            return t("audit.advice_waiting", n=waiting)
        return t("audit.advice_fine")

    def to_json(self) -> dict[str, Any]:
        """The document of ``monitor --json``."""
        return {
            "policy_version": self.policy_version,
            "state": self.state.value,
            "audit_probability": self.audit_probability,
            "alarm": self.standing,
            "sides": {side.certificate.side.value: _document(side) for side in self.sides},
            "advice": self.advice,
        }

    @property
    def text(self) -> str:
        """Everything in a few lines, for a terminal."""
        lines = [f"policy version {self.policy_version}, {self.state}"]
        for side in self.sides:
            lines.append(f"accepted as {side.certificate.side}: {side.evidence.text}")
            lines.append(f"  {audits_left(side)}")
        return "\n".join([*lines, self.advice])


def audit_report(database: Database, now: datetime | None = None) -> AuditReport | None:
    """The audits of the policy in force; None before the first policy."""
    with database.read() as repos:
        return read_audits(repos, now or utc_now())


def read_audits(repos: Repositories, now: datetime) -> AuditReport | None:
    """The `audit_report`, in the caller's transaction."""
    row = repos.policies.current()
    if row is None:
        return None
    policy = Policy.from_json(row.document)
    held = [side for side in Side if policy.held(side)]
    holders = _holders(repos, policy, held)
    sides = [_side(repos, policy, side, holders[side], now) for side in held]
    return AuditReport(policy.version, policy.state, policy.audit_probability, tuple(sides))


def audits_left(side: SideAudit) -> str:
    """How many audits wait or do not count, in words."""
    words = [t("audit.accepted", n=side.accepted)]
    if side.open:
        words.append(t("audit.open", n=side.open, share=percent(side.open_share)))
    else:
        words.append(t("audit.none_open"))
    if side.set_aside:
        words.append(t("audit.set_aside", n=side.set_aside))
    return " ".join(words)


def _side(
    repos: Repositories, policy: Policy, side: Side, versions: tuple[int, ...], now: datetime
) -> SideAudit:
    """The audits of a side. Certificates by group were made together, for one limit: where it holds
    in every group, it holds over all that the side accepts."""
    certificate, route = policy.held(side)[0], ROUTES[side]
    rows = [row for row in repos.audits.of_versions(versions, now) if row.proposal == route]
    settled = [row for row in rows if row.settled]
    verdicts = [r for r in settled if r.blind and r.verdict in DECIDES]
    wrong = [str(row.verdict) != str(side) for row in verdicts]
    weights = None
    if policy.grouping:  # its groups may be audited unequally often
        base = min(g.audit_probability for g in policy.groups if g.certificate(side))
        weights = [base / row.audit_probability for row in verdicts]
    return SideAudit(
        certificate=certificate,
        versions=versions,
        accepted=repos.audits.accepted(versions, route),
        verdicts=tuple(verdicts),
        open=len(rows) - len(settled),
        set_aside=len(settled) - len(verdicts),
        evidence=evaluate_side(side, certificate.risk_limit, wrong, weights=weights),
    )


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


def _document(side: SideAudit) -> dict[str, Any]:
    evidence = side.evidence
    low, high = evidence.interval
    return {
        "risk_limit": evidence.limit,
        "certified_at": side.certificate.provenance.certified_at.isoformat(),
        "accepted": side.accepted,
        "audits": evidence.audits,
        "errors": evidence.errors,
        "open": side.open,
        "open_share": side.open_share,
        "set_aside": side.set_aside,
        "interval": [low, high],
        "log_evidence": {
            "holds": float(evidence.log_holds[-1]) if evidence.audits else 0.0,
            "alarm": float(evidence.log_alarm[-1]) if evidence.audits else 0.0,
            "line": evidence.log_line,
        },
        "alarm_after": evidence.alarm_after,
        "proven_after": evidence.proven_after,
        "words": evidence.text,
    }
