"""Decisions of the log, read back into the sentence they were made with."""

from __future__ import annotations

import pytest

from review_app.policy.decision_text import text_of
from review_app.policy.explanation import explain
from review_app.policy.policy import Policy
from review_app.policy.routing import Scores, decide
from storage.database import Database
from storage.enums import Route
from tests.certification.cases import certified, start
from tests.factories import Factory

SCORES = [0.02, 0.3, 0.5, 0.83, 0.97]


@pytest.mark.parametrize("unlike", [False, True])
@pytest.mark.parametrize("p_fake", SCORES)
@pytest.mark.parametrize("policy", [start(), certified(), certified(audit_probability=1.0)])
def test_a_stored_decision_says_what_it_said_when_it_was_made(
    database: Database, factory: Factory, policy: Policy, p_fake: float, unlike: bool
) -> None:
    scores = Scores(p_fake, 0.09, 0.45, 0.02, p_fake, 3.0, unlike=unlike, heads={"linear": 0.9})
    made = decide(scores, policy, 0.5)
    accepted = made.proposal is not Route.REVIEW
    item_id = factory.item()
    factory.decision(
        item_id,
        route=made.route.value,
        proposal=made.proposal.value if accepted else None,
        reasons=[reason.value for reason in made.reasons],
        p_fake=p_fake,
        novelty=3.0,
        mark=made.flag,
        audited=made.audited,
        audit_probability=made.audit_probability,
        inclusion_probability=made.inclusion_probability,
    )
    with database.read() as repos:
        row = repos.decisions.of_item(item_id)
        assert row is not None
        assert text_of(row) == explain(made, scores)
