"""What each person's answers weigh in verdicts, made once a day from the answers before it."""

from __future__ import annotations

from datetime import datetime

from review_app.agreement.answers import GivenAnswer, columns_of
from review_app.agreement.dawid_skene import dawid_skene
from review_app.agreement.weighing import weights_of
from review_app.monitoring.people_watching import LEAST, NEWEST
from review_app.policy.review_options import read_options
from storage.database import Database
from storage.enums import LabelValue
from storage.models import SkillWeights
from storage.repositories import Repositories
from storage.types import utc_now


def keep_weights(database: Database) -> None:
    """Make the weights as of the beginning of the day (UTC), where they are wished for and were not
    made yet."""
    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    with database.read() as repos:
        made = _made(repos, today) if _is_due(repos, today) else None
    if made is None:
        return
    with database.write() as repos:
        if _is_due(repos, today):  # no other process was faster
            repos.skill_weights.add(made)


def _is_due(repos: Repositories, today: datetime) -> bool:
    if not read_options(repos).weigh_by_skill:
        return False
    newest = repos.skill_weights.newest()
    return newest is None or newest.as_of < today


def _made(repos: Repositories, today: datetime) -> SkillWeights | None:
    """The weights of everybody with `LEAST` answers; None where nobody has answered."""
    rows = repos.reviewers.blind_answers(today, NEWEST)
    if not rows:
        return None
    known = {row.item_id: row.known is LabelValue.FAKE for row in rows if row.known is not None}
    given = [GivenAnswer(row.item_id, row.user_id, row.value is LabelValue.FAKE) for row in rows]
    answers, _, users = columns_of(given, known)
    model = dawid_skene(answers)
    found = weights_of(model)
    weights = {
        str(user): worth
        for user, worth, skill in zip(users, found.people.tolist(), model.skills, strict=True)
        if skill.answers >= LEAST
    }
    return SkillWeights(as_of=today, usual=found.usual, weights=weights)
