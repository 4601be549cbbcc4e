"""The circuit breaker: at an alarm it closes auto-accept and sends doubtful acceptances to people.

Closing is one short transaction. What was accepted follows in batches, so that reviewers go on
meanwhile; a run that is cut off in between is finished by the next check. It is checked after every
verdict on an audited image, at the start of the program and of every triage run.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from review_app.monitoring.audits import ROUTES, AuditReport, SideAudit, read_audits
from review_app.options import store_options
from review_app.permissions import Person
from review_app.triage.audit import audit_coin
from review_app.triage.breaker import reason
from review_app.triage.governance import suspend_for
from review_app.triage.policy import PolicyState
from review_app.triage.routing import Reason, Route
from storage.database import Database
from storage.enums import AuditKind, ItemState
from storage.models import AuditEvent, Decision
from storage.repositories import Repositories
from storage.repositories.audit import Event
from storage.repositories.items import Move
from storage.types import utc_now

ACTOR = "system"
BATCH = 200
_KEY = "breaker"
_logger = logging.getLogger(__name__)


class BreakerOptions(BaseModel):
    """What an alarm does beyond closing auto-accept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reopen: bool = Field(
        True, description="Send to people what was accepted since the errors may have become more."
    )


def read_breaker_options(repos: Repositories) -> BreakerOptions:
    """The options in force."""
    return BreakerOptions.model_validate(repos.options.get(_KEY) or {})


def change_breaker_options(database: Database, person: Person, options: BreakerOptions) -> None:
    """Put ``options`` in force for the alarms to come."""
    store_options(database, person, _KEY, options)


class CircuitBreaker:
    """Acts on the audits of one database. ``secret``: draws the places of what is reopened."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def after_verdict(self, item_id: int) -> None:
        """Check, if the item was drawn for an audit and has its verdict now.

        Never raises: the answer is stored already, and the next triage run checks again.
        """
        try:
            with self._database.read() as repos:
                concerned = repos.audits.is_settled_audit(item_id)
            if concerned:
                self.check()
        except Exception:
            _logger.exception("the audits could not be checked after the verdict on %s", item_id)

    def check(self) -> bool:
        """Close auto-accept where the evidence has turned, and finish what an alarm began; whether
        it closed just now."""
        with self._database.read() as repos:
            report = read_audits(repos)
            due = bool(_due(repos, report))
        closed = due and self._close()
        if closed or (report is not None and report.state is PolicyState.SUSPENDED):
            self._reopen()
        return closed

    def _close(self) -> bool:
        with self._database.write() as repos:
            # Looked at again: somebody may have changed policy or labels.
            alarmed = _due(repos, read_audits(repos))
            if not alarmed:
                return False
            words = reason([side.evidence for side in alarmed])
            reopen = read_breaker_options(repos).reopen
            details = {
                "version": suspend_for(repos, words).version,
                "sides": [side.certificate.side.value for side in alarmed],
                "reason": words,
                "reopen": [_span(side) for side in alarmed] if reopen else [],
            }
            repos.audit.add(Event(AuditKind.ALARM, ACTOR, details=details))
        _logger.warning("auto-accept is suspended: %s", words)
        return True

    def _reopen(self) -> None:
        with self._database.read() as repos:
            alarms = _unsettled(repos)
        for alarm in alarms:
            moved = sum(self._reopen_span(alarm, span) for span in alarm.details["reopen"])
            details = {"version": alarm.details["version"], "reopened": moved}
            with self._database.write() as repos:
                repos.audit.add(Event(AuditKind.ALARM_SETTLED, ACTOR, details=details))

    def _reopen_span(self, alarm: AuditEvent, span: dict[str, Any]) -> int:
        moved, after = 0, 0
        since = datetime.fromisoformat(span["since"])
        while True:
            with self._database.write() as repos:
                found = repos.audits.still_accepted(
                    span["versions"], span["route"], since, BATCH, after
                )
                if not found:
                    return moved
                version = alarm.details["version"]
                repos.decisions.add_many([_to_people(decision, version) for decision, _ in found])
                now = utc_now().timestamp()
                moves = [
                    Move(
                        item.id,
                        ItemState.IN_REVIEW,
                        AuditKind.REOPENED,
                        {"policy_version": version},
                        {"rank": now + audit_coin(item.image.key, 0, self._secret)},
                    )
                    for _, item in found
                ]
                repos.items.move(ACTOR, moves)
            moved += len(found)
            after = found[-1][1].id


def _due(repos: Repositories, report: AuditReport | None) -> list[SideAudit]:
    """The sides whose evidence has raised an alarm that nobody has acted on yet."""
    alarmed = [] if report is None else report.alarmed
    if not alarmed:
        return []
    known = [
        (alarm.details["version"], side)
        for alarm in repos.audit.of_kind(AuditKind.ALARM)
        for side in alarm.details["sides"]
    ]
    return [
        side
        for side in alarmed
        if not any((v, side.certificate.side.value) in known for v in side.versions)
    ]


def _span(side: SideAudit) -> dict[str, Any]:
    """Which acceptances are in doubt."""
    return {
        "versions": list(side.versions),
        "route": ROUTES[side.certificate.side].value,
        "since": side.doubtful_since.isoformat(),
    }


def _unsettled(repos: Repositories) -> list[AuditEvent]:
    settled = {e.details["version"] for e in repos.audit.of_kind(AuditKind.ALARM_SETTLED)}
    alarms = repos.audit.of_kind(AuditKind.ALARM)
    return [alarm for alarm in alarms if alarm.details["version"] not in settled]


def _to_people(accepted: Decision, version: int) -> dict[str, Any]:
    """The decision that takes the acceptance back: on the same scores, and certain to be seen."""
    columns = (column.key for column in Decision.__table__.columns)
    kept = {key: getattr(accepted, key) for key in columns if key not in ("id", "decided_at")}
    return kept | {
        "policy_version": version,
        "route": Route.REVIEW.value,
        "proposal": None,
        "reasons": [Reason.SUSPENDED.value],
        "audited": False,
        "inclusion_probability": 1.0,
    }
