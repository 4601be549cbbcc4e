"""Decisions as the log keeps them, read back into the words that explain them."""

from __future__ import annotations

from review_app.triage.explanation import explain
from review_app.triage.routing import Decision, Reason, Route, Scores
from storage.models import Decision as DecisionRow


def words_of(row: DecisionRow) -> str:
    """One plain sentence for a decision of the log, e.g. for a reviewer after their answer."""
    scores = Scores(
        row.p_fake, row.std, row.entropy, row.mutual_information, row.score, row.novelty
    )
    decision = Decision(
        route=Route(row.route),
        reasons=tuple(Reason(reason) for reason in row.reasons),
        audited=row.audited,
        audit_probability=row.audit_probability,
        inclusion_probability=row.inclusion_probability,
        policy_version=row.policy_version,
        proposal=Route(row.proposal) if row.proposal else Route.REVIEW,
    )
    return explain(decision, scores)
