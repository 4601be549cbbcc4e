"""The circuit breaker: at an alarm it closes auto-accept and sends doubtful acceptances to people.

Closing is one short transaction. What was accepted follows in batches, so that reviewers go on
meanwhile; a run that is cut off in between is finished by the next check. It is checked when a
verdict on an audited image is given or has become final, at the start of the program and of every
triage run. Verdicts become final while nobody does anything, so the server looks at times, too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import groupby

from pydantic import BaseModel, ConfigDict, Field

from review_app.audits.reader import AuditReader
from review_app.audits.side_test import reason
from review_app.audits.standing import ROUTES, AuditReport, SideAudit
from review_app.core.options import store_options
from review_app.core.permissions import Person
from review_app.policy.audit_coin import audit_coins
from review_app.policy.routing import Reason
from review_app.policy.versions import suspend_for
from storage.database import Database
from storage.enums import AuditKind, ItemState, PlacedBy, PolicyState, Route
from storage.models import Alarm
from storage.repositories import Repositories
from storage.repositories.alarms import DoubtfulSpan, RaisedAlarm, doubt_of
from storage.repositories.batches import Alike
from storage.repositories.blind_audits import Accepted
from storage.repositories.event_log import SYSTEM
from storage.repositories.queue import Ranks
from storage.types import utc_now

BATCH = 4000
"""Items reopened in one transaction."""
_KEY = "breaker"
_logger = logging.getLogger(__name__)


class BreakerOptions(BaseModel):
    """The options of an alarm, beyond closing auto-accept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reopen: bool = Field(
        True, description="Send to people what was accepted since the errors may have become more."
    )


def read_breaker_options(repos: Repositories) -> BreakerOptions:
    """The options in force."""
    return BreakerOptions.model_validate(repos.options.get(_KEY) or {})


def change_breaker_options(
    database: Database, person: Person, options: BreakerOptions, seen: BreakerOptions | None = None
) -> BreakerOptions:
    """Put ``options`` in force for the alarms to come, as `store_options` does."""
    return store_options(database, person, _KEY, options, seen)


class CircuitBreaker:
    """Acts on the audits of one database.

    ``secret``: draws the places of what is reopened. ``clock``: tells when verdicts are final.
    """

    def __init__(
        self, database: Database, secret: bytes, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._looked_at = clock()
        self._audits = AuditReader()

    def report(self) -> AuditReport | None:
        """What the audits say of the policy in force now; None before the first policy."""
        with self._database.read() as repos:
            return self._audits.read(repos, self._clock())

    def after_verdicts(self, item_ids: Sequence[int] = ()) -> None:
        """Check, if one of the items was drawn for an audit and has its verdict now, or if that of
        any audit has become final since the last look.

        Never raises: the answer is stored already, and the next look checks again.
        """
        try:
            now = self._clock()
            with self._database.read() as repos:
                concerned = repos.audits.any_settled_since(self._looked_at, now) or any(
                    repos.audits.is_settled(item_id, now) for item_id in item_ids
                )
            if concerned:
                self.check()
            self._looked_at = max(self._looked_at, now)
        except Exception:
            _logger.exception("the audits could not be checked after the verdicts on %s", item_ids)

    def check(self) -> bool:
        """Close auto-accept where the evidence has turned, and finish what an alarm began; whether
        it closed just now."""
        with self._database.read() as repos:
            report = self._audits.read(repos, self._clock())
            due = bool(_due(repos, report))
        closed = due and self._close()
        if closed or (report is not None and report.state is PolicyState.SUSPENDED):
            self._reopen()
        return closed

    def _close(self) -> bool:
        with self._database.write() as repos:
            # Looked at again while nobody writes: somebody may have changed policy or labels.
            alarmed = _due(repos, AuditReader().read(repos, self._clock()))
            if not alarmed:
                return False
            words = reason([each for side in alarmed for each in side.grouped.alarmed])
            reopen = read_breaker_options(repos).reopen
            version = suspend_for(repos, words).version
            repos.alarms.add(version, words, [_alarm(side, reopen=reopen) for side in alarmed])
        _logger.warning("auto-accept is suspended: %s", words)
        return True

    def _reopen(self) -> None:
        with self._database.read() as repos:
            alarms = repos.alarms.unsettled()
        for version, of_version in groupby(alarms, key=lambda alarm: alarm.policy_version):
            moved = sum(map(self._reopen_doubtful, of_version))
            with self._database.write() as repos:
                repos.alarms.settle(version, moved)

    def _reopen_doubtful(self, alarm: Alarm) -> int:
        """Send to people what ``alarm`` puts in doubt; how many items."""
        moved, after = 0, 0
        version, doubt = alarm.policy_version, doubt_of(alarm)
        if doubt is None:
            return 0
        while True:
            with self._database.write(durable=False) as repos:
                found = repos.audits.still_accepted(doubt, BATCH, after)
                if not found:
                    return moved
                about = {"policy_version": version, "routes": {Route.REVIEW.value: len(found)}}
                now = utc_now()
                back = _to_people(found, version, now)
                repos.batches.add(AuditKind.REOPENED, SYSTEM, back, about)
                coins = audit_coins((accepted.key for accepted in found), 0, self._secret)
                places = (now.timestamp() + coin for coin in coins)
                ids = [accepted.item_id for accepted in found]
                ranks = Ranks(dict(zip(ids, places, strict=True)), PlacedBy.TIME)
                accepted = ItemState.AUTO_ACCEPTED
                repos.items.send_to_people(ranks, accepted, AuditKind.REOPENED, now)
            moved += len(found)
            after = ids[-1]


def _due(repos: Repositories, report: AuditReport | None) -> list[SideAudit]:
    """The sides whose evidence has raised an alarm that nobody has acted on yet."""
    alarmed = [] if report is None else report.alarmed
    return [
        side
        for side in alarmed
        if not repos.alarms.any_on(side.certificate.side.value, side.versions, side.doubtful_group)
    ]


def _alarm(side: SideAudit, *, reopen: bool) -> RaisedAlarm:
    first, name, group = side.grouped.first, side.certificate.side, side.doubtful_group
    assert first is not None  # the side is alarmed
    _, evidence = first
    assert evidence.raised is not None
    doubt = DoubtfulSpan(side.versions, ROUTES[name], side.doubtful_since, group)
    return RaisedAlarm(name.value, evidence.raised.rule.name, doubt if reopen else None, group)


def _to_people(found: Sequence[Accepted], version: int, now: datetime) -> list[Alike]:
    """The decisions that take acceptances back: on the same scores, and certain to be seen."""
    alike: dict[tuple[str, str, float, str | None], list[int]] = {}
    for one in found:
        rests_on = (one.checkpoint_id, one.head, one.audit_probability, one.group)
        alike.setdefault(rests_on, []).append(one.item_id)
    return [
        Alike(
            ids,
            {
                "policy_version": version,
                "checkpoint_id": checkpoint_id,
                "head": head,
                "route": Route.REVIEW,
                "proposal": None,
                "reasons": [Reason.SUSPENDED.value],
                "mark": None,
                "audited": False,
                "audit_probability": audit_probability,
                "inclusion_probability": 1.0,
                "group_name": group,
                "decided_at": now,
            },
        )
        for (checkpoint_id, head, audit_probability, group), ids in alike.items()
    ]
