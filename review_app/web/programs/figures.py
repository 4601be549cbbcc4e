"""``/api/v1/statistics`` and ``/api/v1/policies``: counts, and what the policies are."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from review_app.core.permissions import Permission, Person, TokenScope
from review_app.policy.governance import PolicyVersion
from review_app.web.programs.callers import caller
from storage.enums import ItemState, PolicyState

if TYPE_CHECKING:
    from review_app.bootstrap import Application

STATISTICS, POLICIES = "/api/v1/statistics", "/api/v1/policies"

Counting = Annotated[Person, Depends(caller(TokenScope.STATS, Permission.SEE_QUEUE))]
ReadingPolicies = Annotated[Person, Depends(caller(TokenScope.POLICIES_READ, Permission.SEE_QUEUE))]
Version = Annotated[int, Path(ge=1, le=2**31)]


class Statistics(BaseModel):
    """Counts of the queue now."""

    items: dict[ItemState, int] = Field(description="Images, by state.")
    total: int
    labels: int = Field(description="Answers in force.")
    known_labels: int = Field(description="Labels that came with images.")
    reviewers: int
    waiting_since: datetime | None = Field(description="Since when the oldest waits for people.")
    policy_version: int | None
    policy_state: PolicyState


class PolicySummary(BaseModel):
    """A version of the policy."""

    version: int
    state: PolicyState
    made_at: datetime
    made_by: str
    note: str
    words: str = Field(description="What it does, in words.")


class PolicyDocument(PolicySummary):
    """A version of the policy with its detector, thresholds, limits and certificates."""

    document: dict[str, Any]


class PolicyList(BaseModel):
    """The versions of the policy, the newest, which is in force, first."""

    policies: list[PolicySummary]


def figures_router(app: Application) -> APIRouter:
    """The routes, bound to ``app``."""
    router = APIRouter(tags=["figures"])

    @router.get(STATISTICS)
    def statistics(person: Counting) -> Statistics:
        """Read counts of the queue."""
        seen = app.monitoring.overview()
        return Statistics(
            items=seen.states,
            total=seen.total,
            labels=seen.labels,
            known_labels=seen.known_labels,
            reviewers=len(seen.reviewers),
            waiting_since=seen.waiting_since,
            policy_version=seen.policy_version,
            policy_state=seen.policy_state,
        )

    @router.get(POLICIES)
    def policies(person: ReadingPolicies) -> PolicyList:
        """List every version of the policy."""
        return PolicyList(policies=[_summary(one) for one in app.policies.history()])

    @router.get(POLICIES + "/{version}")
    def policy(version: Version, person: ReadingPolicies) -> PolicyDocument:
        """Read one version of the policy, with what certifies it."""
        document = app.policies.document(version)
        told = next(one for one in app.policies.history() if one.version == version)
        return PolicyDocument(**_summary(told).model_dump(), document=document)

    return router


def _summary(one: PolicyVersion) -> PolicySummary:
    return PolicySummary(
        version=one.version,
        state=one.state,
        made_at=one.created_at,
        made_by=one.created_by,
        note=one.note,
        words=one.text,
    )
