"""Which group of a policy each image of a batch is in."""

from __future__ import annotations

from collections.abc import Iterable

from review_app.certification.grouping import Fact, group_of
from review_app.policy.policy import Policy
from storage.repositories import Repositories


def groups_of(repos: Repositories, policy: Policy, facts: Iterable[Fact]) -> list[str] | None:
    """The group of each image, by the fact that decides it under ``policy``; None where it knows no
    groups."""
    if policy.grouping is None:
        return None
    novelty = repos.checkpoints.novelty(policy.checkpoint)
    cut = None if novelty is None else novelty.cut
    return [group_of(policy.grouping, fact, cut) for fact in facts]
