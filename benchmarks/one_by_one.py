"""The obvious way of triage, to compare with: an item at a time, as objects, 64 to a commit."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select

from review_app.bootstrap import Application
from review_app.certification.grouping import Grouping, group_of
from review_app.policy.audit_coin import audit_coin
from review_app.policy.decision_text import cuts_of
from review_app.policy.policy import Policy
from review_app.policy.routing import Scores, annotated, decide
from storage.enums import AuditKind, ItemState, Route
from storage.models import Claim, Item
from storage.repositories import Repositories
from storage.repositories.items import Move
from storage.repositories.queue import WaitingQueue

COMMIT = 64
SCORES = ("p_fake", "std", "entropy", "mutual_information", "score", "novelty")


def retriage(app: Application, item_ids: list[int], secret: bytes) -> float:
    """Apply the policy in force to items in review; seconds."""
    policy = app.policies.current()
    clock = time.perf_counter()
    for start in range(0, len(item_ids), COMMIT):
        with app.database.write() as repos:
            for item_id in item_ids[start : start + COMMIT]:
                row = decision_row(repos, item_id, policy, secret)
                if row is None:
                    continue
                repos.decisions.add_many([row])
                if row["route"] != Route.REVIEW:
                    move = Move(item_id, ItemState.AUTO_ACCEPTED, AuditKind.TRIAGED)
                    repos.items.move("benchmark", [move])
    return time.perf_counter() - clock


def decision_row(
    repos: Repositories, item_id: int, policy: Policy, secret: bytes
) -> dict[str, Any] | None:
    """The row of the decision log that ``policy`` comes to; None for an item that it may not
    decide."""
    item = repos.items.get(item_id)
    if item is None or not _is_undecided(repos, item, policy):
        return None
    said = repos.predictions.of_images([item.image_id], policy.checkpoint)[item.image_id]
    own = said[policy.head]
    novelty = repos.checkpoints.novelty(policy.checkpoint)
    scores = Scores(
        own.p_fake, own.std, own.entropy, own.mutual_information, own.score, own.novelty,
        unlike=own.novelty is not None and novelty is not None and own.novelty > novelty.cut,
        heads={name: each.p_fake for name, each in said.items()},
    )  # fmt: skip
    coin = audit_coin(item.image.key, policy.version, secret)
    disputed = WaitingQueue(repos.session).near_disputed([item_id])
    decision = annotated(
        decide(scores, policy, coin, cuts_of(repos, policy), _group(item, policy)),
        near_disputed=bool(disputed),
    )
    accepted = decision.proposal is not Route.REVIEW
    return {
        "item_id": item_id,
        "policy_version": policy.version,
        "checkpoint_id": policy.checkpoint,
        "head": policy.head,
        "route": decision.route.value,
        "proposal": decision.proposal.value if accepted else None,
        "reasons": [reason.value for reason in decision.reasons],
        **{name: getattr(scores, name) for name in SCORES},
        "mark": decision.flag,
        "audited": decision.audited,
        "audit_probability": decision.audit_probability,
        "inclusion_probability": decision.inclusion_probability,
        "group_name": decision.group,
    }


def _group(item: Item, policy: Policy) -> str | None:
    """The item's group under a policy by source, the only one that this knows."""
    if policy.grouping is None:
        return None
    assert policy.grouping is Grouping.SOURCE
    return group_of(policy.grouping, item.source)


def _is_undecided(repos: Repositories, item: Item, policy: Policy) -> bool:
    if item.state is not ItemState.IN_REVIEW:
        return item.state is ItemState.PENDING
    held = repos.session.scalar(select(Claim.id).where(Claim.item_id == item.id).limit(1))
    last = repos.decisions.of_item(item.id)
    return held is None and (last is None or last.policy_version != policy.version)
