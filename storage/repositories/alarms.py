"""Alarms of the audits: raised once, and settled when all that they put in doubt is with people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from storage.enums import AuditKind, Route
from storage.models import Alarm
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.types import to_utc, utc_now


@dataclass(frozen=True)
class DoubtfulSpan:
    """Acceptances that an alarm sends to people."""

    versions: tuple[int, ...]
    """The policy versions that accepted."""
    route: Route
    """The route of the decisions."""
    since: datetime
    """The time of the oldest."""
    group: str | None = None
    """The group of the images; None for all."""

    def to_json(self) -> dict[str, Any]:
        """The document that the log keeps."""
        return {
            "versions": list(self.versions),
            "route": self.route,
            "since": to_utc(self.since).isoformat(),
        }


@dataclass(frozen=True)
class RaisedAlarm:
    """An alarm of one side."""

    side: str
    rule: str
    """The name of the rule that raised it."""
    doubt: DoubtfulSpan | None
    """The acceptances in doubt; None where what was accepted stays."""
    group: str | None = None
    """The group whose audits alone raised it; None for those of the side."""


class Alarms:
    """A repository of alarms, which are raised and settled together with the events of the log that
    tell of it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, version: int, reason: str, raised: Sequence[RaisedAlarm]) -> None:
        """Keep the alarms that policy ``version`` closed auto-accept for, at least one."""
        now = utc_now()
        self._session.add_all(_row(version, alarm, now) for alarm in raised)
        details = {
            "version": version,
            "sides": [alarm.side for alarm in raised],
            "rules": [alarm.rule for alarm in raised],
            "groups": [alarm.group for alarm in raised],
            "reason": reason,
            "reopen": [alarm.doubt.to_json() for alarm in raised if alarm.doubt is not None],
        }
        AuditLog(self._session).add(Event(AuditKind.ALARM, SYSTEM, details=details, at=now))

    def settle(self, version: int, reopened: int) -> None:
        """Nothing is left to do of the alarms that ``version`` closed auto-accept for, which sent
        ``reopened`` items to people."""
        now = utc_now()
        unsettled = update(Alarm).where(Alarm.policy_version == version, Alarm.settled_at.is_(None))
        if not self._session.connection().execute(unsettled.values(settled_at=now)).rowcount:
            return  # another process was faster
        details = {"version": version, "reopened": reopened}
        AuditLog(self._session).add(Event(AuditKind.ALARM_SETTLED, SYSTEM, details=details, at=now))

    def last_raised(self) -> datetime | None:
        """The time at which the newest alarm was raised, for whatever detector, if one was."""
        query = select(Alarm.raised_at).order_by(Alarm.id.desc()).limit(1)
        return self._session.scalar(query)

    def closed_by(self, version: int) -> bool:
        """Whether policy ``version`` closed auto-accept for an alarm."""
        query = select(Alarm.id).where(Alarm.policy_version == version).limit(1)
        return self._session.scalar(query) is not None

    def unsettled(self) -> list[Alarm]:
        """The alarms of which something may be left to do, oldest first."""
        query = select(Alarm).where(Alarm.settled_at.is_(None)).order_by(Alarm.id)
        return list(self._session.scalars(query))

    def any_on(self, side: str, versions: Sequence[int], group: str | None = None) -> bool:
        """Whether an alarm on ``side`` was raised by one of the policy ``versions``, for ``group``
        or for all of the side."""
        query = select(Alarm.id).where(
            Alarm.side == side,
            Alarm.policy_version.in_(versions),
            or_(Alarm.group_name.is_(None), Alarm.group_name == group),
        )
        return self._session.scalar(query.limit(1)) is not None


def doubt_of(alarm: Alarm) -> DoubtfulSpan | None:
    """The acceptances that ``alarm`` sends to people."""
    versions, route, since = alarm.doubtful_versions, alarm.doubtful_route, alarm.doubtful_since
    if versions is None or route is None or since is None:
        return None
    return DoubtfulSpan(tuple(versions), route, since, alarm.group_name)


def _row(version: int, alarm: RaisedAlarm, now: datetime) -> Alarm:
    doubt = alarm.doubt
    return Alarm(
        policy_version=version,
        side=alarm.side,
        rule=alarm.rule,
        group_name=alarm.group,
        raised_at=now,
        doubtful_versions=None if doubt is None else list(doubt.versions),
        doubtful_route=None if doubt is None else doubt.route,
        doubtful_since=None if doubt is None else doubt.since,
    )
