"""Decisions that the database keeps are read back into words, and the cuts that flags need."""

from __future__ import annotations

from review_app.policy.explanation import explain, lean_in_words
from review_app.policy.flags import UncertaintyCuts
from review_app.policy.policy import Policy
from review_app.policy.routing import Decision, Reason, Scores
from storage.enums import Route
from storage.models import DecisionRow
from storage.repositories import Repositories


def cuts_of(repos: Repositories, policy: Policy) -> UncertaintyCuts | None:
    """The cuts from which on the policy's head counts as uncertain; None where its card does not
    say."""
    cuts = repos.checkpoints.cuts(policy.checkpoint, policy.head)
    return None if cuts is None else UncertaintyCuts.of(**cuts)


def opinion_of(row: DecisionRow) -> str:
    """What the detector thinks of an image, for a reviewer after their answer.

    Nothing of why it went to people: that would tell an audit, and a known image that was decided
    on under another policy.
    """
    return lean_in_words(row.p_fake, row.std)


def text_of(row: DecisionRow) -> str:
    """One plain sentence for a decision of the log, for those who see the queue."""
    scores = Scores(
        row.p_fake, row.std, row.entropy, row.mutual_information, row.score, row.novelty
    )
    decision = Decision(
        route=row.route,
        reasons=tuple(Reason(reason) for reason in row.reasons),
        audited=row.audited,
        audit_probability=row.audit_probability,
        inclusion_probability=row.inclusion_probability,
        policy_version=row.policy_version,
        proposal=row.proposal or Route.REVIEW,
        flag=row.mark,
        group=row.group_name,
    )
    return explain(decision, scores)
