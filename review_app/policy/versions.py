"""What every change of the policy comes down to: its next version, written in the caller's
transaction."""

from __future__ import annotations

from review_app.core.errors import ChangedSinceError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.policy.policy import Policy, learning_policy
from storage.enums import AuditKind
from storage.models import PolicyRow
from storage.repositories import Repositories
from storage.repositories.event_log import Event

DEFAULT_RISK_LIMIT = 0.05
DEFAULT_DELTA = 0.1
DEFAULT_AUDIT_PROBABILITY = 0.05


def start_with(repos: Repositories, checkpoint: str, head: str) -> Policy:
    """Put the first policy in force: it is learning."""
    policy = learning_policy(
        checkpoint=checkpoint,
        head=head,
        risk_limit=DEFAULT_RISK_LIMIT,
        delta=DEFAULT_DELTA,
        audit_probability=DEFAULT_AUDIT_PROBABILITY,
    )
    return put_in_force(repos, policy, None, "cold start")


def suspend_for(repos: Repositories, reason: str) -> Policy:
    """Close auto-accept in the name of the system."""
    return put_in_force(repos, newest(repos).suspended(reason), None, reason)


def newest(repos: Repositories) -> Policy:
    """The policy in force, where there is one."""
    row = repos.policies.current()
    assert row is not None  # callers have asked for the current policy before
    return Policy.from_json(row.document)


def refuse_if_changed(repos: Repositories, seen: int | None) -> None:
    """Raise ChangedSinceError where another version is in force than the one that was ``seen``, by
    whoever put it there. None: nobody has looked at one."""
    row = repos.policies.current()
    if row is None or seen is None or row.version == seen:
        return
    author = None if row.created_by is None else repos.users.get(row.created_by)
    raise ChangedSinceError(
        Text("policy.by_system") if author is None else author.name,
        row.created_at,
        key="certify.changed",
        version=row.version,
        state=Text(f"certify.state_{row.state}"),
    )


def put_in_force(repos: Repositories, policy: Policy, person: Person | None, note: str) -> Policy:
    """Write ``policy`` as the next version. ``person``: None where the system does it."""
    repos.policies.add(
        PolicyRow(
            version=policy.version,
            state=policy.state,
            checkpoint_id=policy.checkpoint,
            document=policy.to_json(),
            note=note,
            created_by=None if person is None else person.id,
        )
    )
    actor = "system" if person is None else person.name
    details = {"version": policy.version, "state": policy.state, "note": note}
    repos.audit.add(Event(AuditKind.POLICY_APPLIED, actor, details=details))
    return policy
