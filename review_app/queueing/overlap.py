"""Some images are shown to a second person, where an admin so chose: those that a certified
policy's rule sends to people and that are flagged as unclear.

While the policy is learning or suspended nobody is asked a second time: those verdicts calibrate,
and unclear images would be missing from the proof for as long as they wait for their second answer.

The number of answers may not tell an audit: an audited image borrows it from another image that
goes to people, drawn by HMAC. So audits are asked of two as often as the others are, and whether
one is depends on nothing in the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from review_app.policy.audit_coin import audit_coin
from review_app.policy.policy import Policy
from review_app.policy.review_options import read_options
from review_app.policy.routing import Decision
from review_app.queueing.reference_window import recent_items
from storage.enums import PolicyState, Route, TriageFlag
from storage.repositories import Repositories
from storage.repositories.queue import WaitingQueue


@dataclass(frozen=True)
class Decided:
    """An image that has just been decided for the first time."""

    item_id: int
    key: str
    """The `Image.key` of the image."""
    decision: Decision


def ask_second(
    repos: Repositories, policy: Policy, decided: Iterable[Decided], secret: bytes
) -> None:
    """Raise by one the answers that some of ``decided`` need. ``secret``: draws from whom audited
    images borrow."""
    if policy.state is not PolicyState.CERTIFIED or not read_options(repos).second_reviewer:
        return
    in_review = [one for one in decided if one.decision.route is Route.REVIEW]
    audited = [one for one in in_review if one.decision.audited]
    asked = [one for one in in_review if one.decision.flag is TriageFlag.SECOND_REVIEWER]
    if audited and (pool := recent_items(repos, policy).flags):
        drawn = [pool[int(audit_coin(one.key, 0, secret) * len(pool))] for one in audited]
        asked += [
            o for o, flag in zip(audited, drawn, strict=True) if flag is TriageFlag.SECOND_REVIEWER
        ]
    WaitingQueue(repos.session).ask_one_more([one.item_id for one in asked])
