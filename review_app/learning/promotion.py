"""Promoting a challenger, and rolling back: decisions of an admin, with what they rest on.

Either way auto-accept is closed until a new certificate. Rolling back brings no certificate back:
what was proven under it was proven of images of that time, and what labels said since has made
somebody choose. So the words say what the old certificate was, and what the next try costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.learning.challenge import ChallengeReport, figures
from review_app.learning.track_job import PROMOTION, ROLLBACK, ask_within
from review_app.policy.eligibility import next_try
from review_app.policy.governance import PolicyService
from review_app.policy.policy import Policy
from review_app.policy.policy_text import describe
from storage.database import Database
from storage.enums import AuditKind, PolicyState
from storage.repositories import Repositories
from storage.repositories.event_log import Event

MOST = 400
"""Letters of a note."""


@dataclass(frozen=True)
class FormerDetector:
    """The detector that was in force before the one that is."""

    policy: Policy
    """Its last version that accepted by itself, else its last one."""
    until: datetime
    """The time at which another detector took its place."""
    attempt: int
    """The number of its next try at certifying."""

    @property
    def was_certified(self) -> bool:
        """Whether it ever accepted by itself."""
        return bool(self.policy.certificates)

    @property
    def text(self) -> str:
        """What its policy was, in a few sentences."""
        return describe(self.policy)


class PromotionService:
    """A service that puts detectors in force, with a reason, and takes that back."""

    def __init__(self, database: Database, policies: PolicyService, tracks: bool = False) -> None:
        """``tracks``: whether each is logged to a tracker of experiments, by a job."""
        self._database = database
        self._policies = policies
        self._tracks = tracks

    def promote(
        self, person: Person, challenger_id: str, note: str, seen: int | None = None
    ) -> Policy:
        """Put a challenger in force that was compared with the detector in force; it starts
        learning. ``seen``: the policy version that the person was told of.

        Raises:
            ConflictError: it is in force already, or nobody has compared the two.
            ChangedSinceError: another policy is in force than the one that was ``seen``.
            NotFoundError: no such detector is here any more.
        """
        require(person, Permission.MANAGE_POLICY)
        now = self._policies.current()
        seen = now.version if seen is None else seen
        self._policies.require(seen)
        if now.checkpoint == challenger_id:
            raise ConflictError(Text("challenge.in_force", {"detector": challenger_id}))
        with self._database.read() as repos:
            row = repos.comparisons.last(now.checkpoint, challenger_id)
        if row is None:
            raise ConflictError(Text("challenge.compare_first", {"detector": challenger_id}))
        report = ChallengeReport.from_json(row.document)
        about = {"from": now.checkpoint, "to": challenger_id, "comparison": row.id}

        def tell(repos: Repositories, policy: Policy) -> None:
            details = {"version": policy.version, **about, **figures(report), "note": words}
            repos.audit.add(Event(AuditKind.PROMOTED, person.name, details=details))
            self._track(repos, PROMOTION, policy, about, person)

        words = _note(note, f"promoted {challenger_id}: {report.recommendation.advice}")
        head = report.challenger_head
        return self._policies.adopt(person, challenger_id, head, words, seen, tell)

    def former(self) -> FormerDetector | None:
        """What rolling back would put in force; None where no other detector ever was."""
        now = self._policies.current()
        with self._database.read() as repos:
            history = repos.policies.history()
            later = None
            for row in history:
                if row.checkpoint_id != now.checkpoint:
                    break
                later = row
            else:
                return None
            own = [each for each in history if each.checkpoint_id == row.checkpoint_id]
            certified = [each for each in own if each.state is PolicyState.CERTIFIED]
            policy = Policy.from_json((certified or own)[0].document)
            assert later is not None  # the policy in force
            return FormerDetector(policy, later.created_at, next_try(repos, row.checkpoint_id))

    def roll_back(self, person: Person, note: str, seen: int | None = None) -> Policy:
        """Put the former detector in force again; it starts learning, whatever was proven of it.

        Raises:
            InputError: no other detector ever was in force.
            ChangedSinceError, NotFoundError: as `promote`.
        """
        require(person, Permission.MANAGE_POLICY)
        now = self._policies.current()
        seen = now.version if seen is None else seen
        self._policies.require(seen)
        former = self.former()
        if former is None:
            raise InputError(Text("challenge.no_former"))
        old = former.policy
        about = {"from": now.checkpoint, "to": old.checkpoint, "certified_then": old.version}
        if not former.was_certified:
            about.pop("certified_then")

        def tell(repos: Repositories, policy: Policy) -> None:
            details = {"version": policy.version, **about, "note": words}
            repos.audit.add(Event(AuditKind.ROLLED_BACK, person.name, details=details))
            self._track(repos, ROLLBACK, policy, about, person)

        words = _note(note, f"rolled back to {old.checkpoint}")
        return self._policies.adopt(person, old.checkpoint, old.head, words, seen, tell)

    def _track(
        self,
        repos: Repositories,
        kind: str,
        policy: Policy,
        about: Mapping[str, Any],
        person: Person,
    ) -> None:
        if self._tracks:
            ask_within(repos, kind, policy.version, about, person.name)


def _note(given: str, default: str) -> str:
    return given.strip()[:MOST] or default
