"""The standing of the certificates in force, or of those that were last, by their blind audits.

Evidence belongs to one certificate. It counts the audits drawn by every policy version that held
that certificate, each image under its newest decision, in the order in which the verdicts became
final (`policy.undo_window`); a new certificate starts anew. A verdict does not count where people
could not tell, or where somebody answered after seeing the model's opinion.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.audits.group_test import GroupedEvidence
from review_app.audits.side_test import SideEvidence
from review_app.certification.certificate import Certificate
from review_app.certification.threshold_grid import Side
from review_app.i18n import percent, t
from storage.enums import PolicyState, Route
from storage.repositories.blind_audits import AuditRow

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
    grouped: GroupedEvidence
    """What they say of the side, and of each group that the policy certifies."""

    @property
    def evidence(self) -> SideEvidence:
        """What they say of all that the side accepts."""
        return self.grouped.pooled

    @property
    def open_share(self) -> float:
        """Share of the audits drawn that wait for a verdict; 0 where none was drawn."""
        drawn = len(self.verdicts) + self.open + self.set_aside
        return self.open / drawn if drawn else 0.0

    @property
    def is_alarmed(self) -> bool:
        """Whether the evidence of the side or of a group has raised an alarm."""
        return bool(self.grouped.alarmed)

    @property
    def doubtful_group(self) -> str | None:
        """The group whose acceptances are in doubt, where its audits alone have raised an alarm;
        None where all of the side is."""
        alarmed = self.grouped.alarmed
        return alarmed[0].group if len(alarmed) == 1 else None

    @property
    def doubtful_since(self) -> datetime:
        """The time since when acceptances are in doubt: the oldest image whose audit came after
        `SideEvidence.good_until`; where all of them did, the certificate's date. Of several alarms
        the earliest of these."""
        return min(self._since(evidence) for evidence in self.grouped.alarmed or [self.evidence])

    def _since(self, evidence: SideEvidence) -> datetime:
        own = [v for v in self.verdicts if evidence.group in (None, v.group)]
        later = [row.decided_at for row in own[evidence.good_until :]]
        if not evidence.good_until or not later:
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
        """The sides whose evidence, or that of a group, has raised an alarm."""
        return [side for side in self.sides if side.is_alarmed]

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
            lines += [f"  {group.text}" for group in side.grouped.groups if group.audits]
            lines.append(f"  {audits_left(side)}")
        return "\n".join([*lines, self.advice])


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


def _document(side: SideAudit) -> dict[str, Any]:
    groups = {str(group.group): _evidence_document(group) for group in side.grouped.groups}
    return {
        "certified_at": side.certificate.provenance.certified_at.isoformat(),
        "accepted": side.accepted,
        "open": side.open,
        "open_share": side.open_share,
        "set_aside": side.set_aside,
        **_evidence_document(side.evidence),
        "groups": groups,
    }


def _evidence_document(evidence: SideEvidence) -> dict[str, Any]:
    return {
        "risk_limit": evidence.limit,
        "audits": evidence.audits,
        "errors": evidence.errors,
        "interval": list(evidence.interval),
        "log_evidence": {
            "holds": float(evidence.log_holds[-1]) if evidence.audits else 0.0,
            "alarm": float(evidence.log_alarm[-1]) if evidence.audits else 0.0,
            "line": evidence.log_line,
        },
        "alarm_after": evidence.alarm_after,
        "proven_after": evidence.proven_after,
        "words": evidence.text,
    }
