"""Recent images as the policy in force sees them: who the stream is, and what people get of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress

import numpy as np

from review_app.policy.policy import Policy
from review_app.policy.score_arrays import ScoreArrays, decide_arrays
from storage.enums import TriageFlag
from storage.repositories import Repositories
from storage.repositories.workload import RecentScore, Workload

RECENT = 2000
"""Newest scored items that stand for the stream."""


@dataclass(frozen=True)
class Recent:
    """The newest scored items, newest first."""

    stream: list[RecentScore]
    to_people: list[RecentScore]
    """Those that the rule itself sends to people. Audited images borrow from them what else would
    tell them apart."""
    flags: list[TriageFlag | None]
    """The flags of ``to_people``."""


def recent_items(repos: Repositories, policy: Policy) -> Recent:
    """Those that the policy's head has scored, decided anew under ``policy``."""
    stream = Workload(repos.session).recent_scores(
        policy.checkpoint, policy.head, RECENT, policy.grouping
    )
    decisions = decide_arrays(repos, ScoreArrays.of(stream), policy, np.zeros(len(stream)))
    stays = ~(decisions.accept_real | decisions.accept_fake)
    return Recent(stream, list(compress(stream, stays)), decisions.flags[stays].tolist())
