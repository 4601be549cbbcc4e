"""The policy in force: who may change it, on what labels it is certified, and its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from review_app.certification.certificate import Provenance
from review_app.certification.certify import certify_policy
from review_app.certification.grouping import Grouping
from review_app.certification.groups import certify_groups
from review_app.certification.price import Price
from review_app.certification.prospect import Prospect
from review_app.certification.threshold_grid import ThresholdGrid
from review_app.core.errors import CalibrationError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text, t
from review_app.policy.attempts import begin_try, price_of
from review_app.policy.audit_probabilities import group_audit_probabilities
from review_app.policy.eligibility import CalibrationLabels, next_try, read_labels, unscored
from review_app.policy.policy import Policy, learning_policy
from review_app.policy.policy_group import policy_groups
from review_app.policy.policy_text import describe, missing_words
from review_app.policy.undo_window import not_final_now
from review_app.policy.versions import newest, put_in_force, refuse_if_changed, start_with
from storage.database import Database
from storage.enums import PolicyState
from storage.repositories import Repositories
from storage.types import utc_now


class DetectorFacts(Protocol):
    """The facts of a checkpoint that governance needs; no model is loaded for it."""

    def start(self) -> tuple[str, str]:
        """Id and default head of the checkpoint that a new deployment starts with; from then on the
        other calls know it."""
        ...

    def engine(self, checkpoint_id: str) -> str | None:
        """What the networks of a checkpoint run on; None where its model is not here."""
        ...

    def threshold_grids(self, checkpoint_id: str, head: str) -> tuple[ThresholdGrid, ThresholdGrid]:
        """Threshold grids for real and for fake, from the checkpoint's validation scores.

        Raises ``NotFoundError`` for a checkpoint or head that is not there.
        """
        ...

    def has_seen(self, checkpoint_id: str) -> Callable[[str], bool]:
        """A function that tells by an image's key whether the checkpoint was trained or tuned on
        it."""
        ...


@dataclass(frozen=True)
class PolicyVersion:
    """A line of the policy's history."""

    version: int
    state: PolicyState
    created_at: datetime
    created_by: str
    note: str
    text: str


class PolicyService:
    """A service that reads and changes the policy of one database."""

    def __init__(self, database: Database, facts: DetectorFacts) -> None:
        self._database = database
        self._facts = facts

    def current(self) -> Policy:
        """The policy in force; a new deployment gets one that is learning."""
        with self._database.read() as repos:
            row = repos.policies.current()
        return self._start() if row is None else Policy.from_json(row.document)

    def get(self, version: int) -> Policy | None:
        """The policy of that version; None where there never was one."""
        with self._database.read() as repos:
            row = repos.policies.get(version)
        return None if row is None else Policy.from_json(row.document)

    def require(self, version: int) -> None:
        """Raise ChangedSinceError where another version is in force."""
        with self._database.read() as repos:
            refuse_if_changed(repos, version)

    def text(self) -> str:
        """The policy in force in a few sentences."""
        return describe(self.current())

    def preview(self, person: Person, risk_limit: float, delta: float) -> str:
        """The chances that a try now would have, in words. Nothing is applied or spent, and what
        the labels say is not looked at: `Prospect`.

        Raises:
            SettingsError: a limit is out of range.
        """
        require(person, Permission.MANAGE_POLICY)
        policy = _as_asked(self.current(), risk_limit, delta, None)
        labels = self._labels(policy)
        sides = " ".join(side.text for side in self._prospects(policy, labels))
        words = t("policy.with_labels", labels=labels.text, outcome=sides)
        return f"{words} {t('policy.not_looked_at')} {labels.remark}".rstrip()

    def price(
        self,
        person: Person,
        risk_limit: float,
        delta: float,
        seen: int | None = None,
        grouping: Grouping | None = None,
    ) -> Price:
        """What certifying now would cost, to be told and asked before. Nothing is spent.

        ``grouping``: what images are grouped by, where the limit is to hold in every group.

        Raises:
            CalibrationError: there are too few labels for any certificate, whatever they say.
            ChangedSinceError: another policy is in force than the version that was ``seen``.
            SettingsError: a limit is out of range.
        """
        require(person, Permission.MANAGE_POLICY)
        policy = _as_asked(self.current(), risk_limit, delta, None, grouping)
        labels = self._labels(policy)
        with self._database.read() as repos:
            refuse_if_changed(repos, seen)
            return price_of(repos, policy, labels)

    def certify(
        self,
        person: Person,
        risk_limit: float,
        delta: float,
        audit_probability: float,
        note: str = "",
        asked: Price | None = None,
        grouping: Grouping | None = None,
    ) -> Policy:
        """Certify on the labels there are, and put the result in force. ``asked``: the price that
        was told and agreed to; without, any is paid. ``grouping``: as for the price; groups of
        which nothing is proven go to people.

        Raises:
            CalibrationError: neither side can be certified; the policy stays as it is. The message
                says how many labels are missing. Where there are too few whatever they say, this
                is no try.
            ChangedSinceError: somebody changed the policy meanwhile; their change stays in force.
                Or somebody spent the try that was agreed to: then this is none.
            SettingsError: a limit is out of range. This is no try.
        """
        require(person, Permission.MANAGE_POLICY)
        policy = _as_asked(self.current(), risk_limit, delta, audit_probability, grouping)
        labels = self._labels(policy)
        with self._database.write() as repos:
            attempt = begin_try(repos, person, policy, labels, asked)
        certified = self._certified(policy, labels, attempt)
        if not certified.certificates:
            missing = missing_words(certified)
            words = t("policy.nothing_certified", labels=labels.text, missing=missing)
            raise CalibrationError(f"{words} {labels.remark}".rstrip())
        with self._database.write() as repos:
            refuse_if_changed(repos, policy.version)
            return put_in_force(repos, certified, person, note or f"certified on {labels.recorded}")

    def suspend(self, person: Person, reason: str, seen: int | None = None) -> Policy:
        """Close auto-accept at once; ``reason`` is kept and shown. ``seen``: the version that was.

        Raises ChangedSinceError where somebody has closed it since: their reason stays.
        """
        require(person, Permission.MANAGE_POLICY)
        reason = reason.strip() or f"closed by {person.name}"
        self.current()  # there is one to suspend
        with self._database.write() as repos:
            # Whatever else came into force meanwhile is what gets closed.
            if newest(repos).state is PolicyState.SUSPENDED:
                refuse_if_changed(repos, seen)
            return put_in_force(repos, newest(repos).suspended(reason), person, reason)

    def offered(self) -> tuple[str, str] | None:
        """Id and default head of the checkpoint that the settings name, unless it is in force.

        Raises:
            CheckpointError: that checkpoint is gone or damaged.
        """
        checkpoint, head = self._facts.start()
        return None if self.current().checkpoint == checkpoint else (checkpoint, head)

    def adopt(
        self,
        actor: Person | None,
        checkpoint_id: str,
        head: str,
        note: str,
        seen: int | None = None,
        then: Callable[[Repositories, Policy], object] | None = None,
    ) -> Policy:
        """Put another detector in force. It starts learning: old certificates say nothing of it.
        ``then`` is called with what came into force, in the same transaction.

        Raises:
            NotFoundError: no such checkpoint here, or it has no such head.
            ChangedSinceError: another policy is in force than the version that was ``seen``.
        """
        if actor is not None:
            require(actor, Permission.MANAGE_POLICY)
        self._facts.threshold_grids(checkpoint_id, head)
        self.current()  # there is one to follow
        with self._database.write() as repos:
            refuse_if_changed(repos, seen)
            old = newest(repos)
            policy = learning_policy(
                checkpoint=checkpoint_id,
                head=head,
                risk_limit=old.risk_limit,
                delta=old.delta,
                audit_probability=old.audit_probability,
                version=old.version + 1,
                grouping=old.grouping,
            )
            put_in_force(repos, policy, actor, note)
            if then is not None:
                then(repos, policy)
            return policy

    def unscored(self) -> tuple[str, list[int]]:
        """The checkpoint in force, and the items whose labels count once it has scored them."""
        policy = self.current()
        with self._database.read() as repos:
            found = unscored(repos, policy)
        if not found:  # as nearly always; asking what a checkpoint has seen would load it
            return policy.checkpoint, []
        has_seen = self._facts.has_seen(policy.checkpoint)
        return policy.checkpoint, [item_id for item_id, key in found if not has_seen(key)]

    def not_final(self) -> str:
        """How many answers count for no certificate yet, in words; empty where all do."""
        return not_final_now(self._database)

    def history(self) -> list[PolicyVersion]:
        """Every version, newest first."""
        with self._database.read() as repos:
            names = {user.id: user.name for user in repos.users.all()}
            return [
                PolicyVersion(
                    row.version,
                    row.state,
                    row.created_at,
                    names.get(row.created_by or 0, t("policy.by_system")),
                    row.note,
                    describe(Policy.from_json(row.document)),
                )
                for row in repos.policies.history()
            ]

    def document(self, version: int) -> dict[str, Any]:
        """All that a version says, as JSON has it. Raises NotFoundError where there is none."""
        with self._database.read() as repos:
            row = repos.policies.get(version)
            if row is None:
                raise NotFoundError(Text("policy.no_version", {"version": version}))
            return row.document

    def _start(self) -> Policy:
        """The first policy, unless somebody else is quicker."""
        checkpoint, head = self._facts.start()
        with self._database.write() as repos:
            if repos.policies.current() is not None:
                return newest(repos)
            return start_with(repos, checkpoint, head)

    def _certified(self, policy: Policy, labels: CalibrationLabels, attempt: int) -> Policy:
        """The version after ``policy``, resting on what that try finds."""
        grids = self._facts.threshold_grids(policy.checkpoint, policy.head)
        engine = self._facts.engine(policy.checkpoint)
        provenance = Provenance(policy.checkpoint, policy.head, labels.recorded, utc_now(), engine)
        if policy.grouping is None:
            found = certify_policy(
                labels.scores, labels.is_fake, *grids,
                risk_limit=policy.risk_limit, delta=policy.delta,
                provenance=provenance, attempt=attempt,
            )  # fmt: skip
            return policy.with_certificates(found)
        by_group = certify_groups(
            labels.scores, labels.is_fake, labels.groups, *grids,
            risk_limit=policy.risk_limit, delta=policy.delta,
            provenance=provenance, attempt=attempt,
        )  # fmt: skip
        audited = group_audit_probabilities(policy.audit_probability, by_group)
        groups = policy_groups(by_group, audited, policy.audit_probability)
        return policy.with_groups(policy.grouping, groups)

    def _prospects(
        self, policy: Policy, labels: CalibrationLabels, *, looking: bool = False
    ) -> tuple[Prospect, Prospect]:
        """What the next try may find on so many labels, for real and for fake. ``looking``: as
        `next_try` has it."""
        grid_real, grid_fake = self._facts.threshold_grids(policy.checkpoint, policy.head)
        with self._database.read() as repos:
            attempt = next_try(repos, policy.checkpoint, looking=looking)
        n = len(labels.scores)
        real = Prospect(grid_real, n, policy.risk_limit, policy.delta, attempt)
        return real, Prospect(grid_fake, n, policy.risk_limit, policy.delta, attempt)

    def _labels(self, policy: Policy) -> CalibrationLabels:
        has_seen = self._facts.has_seen(policy.checkpoint)
        with self._database.read() as repos:
            return read_labels(repos, policy, has_seen)


def _as_asked(
    now: Policy,
    risk_limit: float,
    delta: float,
    audit: float | None,
    grouping: Grouping | None = None,
) -> Policy:
    """``now`` with other targets and without proof."""
    return learning_policy(
        checkpoint=now.checkpoint,
        head=now.head,
        risk_limit=risk_limit,
        delta=delta,
        audit_probability=now.audit_probability if audit is None else audit,
        version=now.version,
        grouping=grouping,
    )
