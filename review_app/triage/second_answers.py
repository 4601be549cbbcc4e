"""Of which images a second person is asked, where an admin so chose.

Of those that a certified policy's rule sends to people and that are marked as unclear. While the
policy is learning or suspended of none: those verdicts calibrate, and unclear images would be
missing from the proof for as long as they wait for their second answer.

Nor may the number of answers tell an audit: an audited image borrows it from another image that
goes to people, drawn by HMAC. So audits are asked of two as often as the others are, and whether
one is depends on nothing in the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from review_app.review.options import read_options
from review_app.triage.audit import audit_coin
from review_app.triage.marks import Mark, find_marks
from review_app.triage.policy import Policy, PolicyState
from review_app.triage.record import cuts_of
from review_app.triage.routing import Decision, Route, decide_many
from storage.repositories import Repositories
from storage.repositories.queue import WaitingQueue
from storage.repositories.workload import Workload

RECENT = 2000
"""Newest items from which audited ones borrow."""


@dataclass(frozen=True)
class Decided:
    """An image that has just been decided for the first time."""

    item_id: int
    key: str
    """`Image.key`."""
    decision: Decision


def ask_second(
    repos: Repositories, policy: Policy, decided: Sequence[Decided], secret: bytes
) -> None:
    """Raise by one the answers that some of ``decided`` need. ``secret``: draws from whom audited
    images borrow."""
    if policy.state is not PolicyState.CERTIFIED or not read_options(repos).second_reviewer:
        return
    in_review = [one for one in decided if one.decision.route is Route.REVIEW]
    audited = [one for one in in_review if one.decision.audited]
    asked = [one for one in in_review if one.decision.mark is Mark.SECOND_REVIEWER]
    if audited and (pool := _pool(repos, policy)):
        places = [int(audit_coin(one.key, 0, secret) * len(pool)) for one in audited]
        asked += [one for one, place in zip(audited, places, strict=True) if pool[place]]
    WaitingQueue(repos.session).ask_one_more([one.item_id for one in asked])


def _pool(repos: Repositories, policy: Policy) -> list[bool]:
    """Of recent images that the rule sends to people: whether a second person is asked."""
    recent = Workload(repos.session).recent_scores(policy.checkpoint, policy.head, RECENT)
    found = find_marks(
        [row.std for row in recent],
        [row.entropy for row in recent],
        [row.mutual_information for row in recent],
        _unlike(repos, policy, [row.novelty for row in recent]),
        cuts_of(repos, policy),
    )
    decisions = decide_many(
        [row.p_fake for row in recent],
        [row.score for row in recent],
        policy,
        np.zeros(len(recent)),
        marks=found,
    )
    gone = decisions.accept_real | decisions.accept_fake
    return [
        mark is Mark.SECOND_REVIEWER
        for mark, out in zip(decisions.marks, gone, strict=True)
        if not out
    ]


def _unlike(repos: Repositories, policy: Policy, novelty: Sequence[float | None]) -> list[bool]:
    measure = repos.checkpoints.novelty(policy.checkpoint)
    if measure is None:
        return [False] * len(novelty)
    return [z is not None and z > measure.cut for z in novelty]
