"""Verdicts that weigh answers: by the weights of the day's beginning, and on record."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review_app.core.permissions import Person
from review_app.monitoring.weights import keep_weights
from storage.database import Database
from storage.enums import AuditKind, ItemState
from storage.models import SkillWeights
from storage.types import utc_now
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench

YESTERDAY = utc_now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=1)


def weights(database: Database, **of: tuple[float, float]) -> None:
    """Weights of some people, by name."""
    with database.write() as repos:
        numbers = {user.name: user.id for user in repos.users.all()}
        found = {str(numbers[name]): list(worth) for name, worth in of.items()}
        repos.skill_weights.add(SkillWeights(as_of=YESTERDAY, usual=2.0, weights=found))


def answered(bench: Bench, factory: Factory, people: list[Person], *values: object) -> int:
    item = factory.item(needed_labels=len(values), rank=-1000.0)
    for person, value in zip(people, values, strict=True):
        assert bench.take(person) == [item]
        bench.label(person, item, value)  # type: ignore[arg-type]
    return item


@pytest.fixture
def people(factory: Factory) -> list[Person]:
    return [factory.person(name) for name in ("sure", "one", "two")]


def test_the_verdict_follows_the_weights_and_the_log_tells_them(
    bench: Bench, factory: Factory, people: list[Person], root: Person, database: Database
) -> None:
    bench.options(root, weigh_by_skill=True)
    weights(database, sure=(3.5, 4), one=(1, 1), two=(1, 1))
    item = answered(bench, factory, people, FAKE, REAL, REAL)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)
    assert bench.item(item).weighed
    told = bench.events(item)[-1].details["weighed"]
    assert told["weights"] == [4, 1, 1]
    assert told["as_of"] == f"{YESTERDAY:%Y-%m-%d}"
    assert told["labels"] == [label.id for label in bench.in_force(item)]
    assert bench.first_broken() is None


def test_near_ties_are_escalated_and_other_answers_count_alike(
    bench: Bench, factory: Factory, people: list[Person], root: Person, database: Database
) -> None:
    bench.options(root, weigh_by_skill=True)
    weights(database, sure=(3, 3), one=(1, 1), two=(1, 1))
    near = answered(bench, factory, people, FAKE, REAL, REAL)
    assert bench.state(near) is ItemState.ESCALATED
    assert "weighed" not in bench.events(near)[-1].details
    plain = answered(bench, factory, people, UNSURE, REAL, REAL)
    assert (bench.item(plain).verdict, bench.item(plain).weighed) == (REAL, False)
    assert "weighed" not in bench.events(plain)[-1].details


def test_off_or_before_there_are_weights_all_answers_count_alike(
    bench: Bench, factory: Factory, people: list[Person], root: Person, database: Database
) -> None:
    bench.options(root, weigh_by_skill=True)
    assert bench.item(answered(bench, factory, people, FAKE, REAL, REAL)).verdict is REAL
    weights(database, sure=(4, 4), one=(1, 1), two=(1, 1))
    bench.options(root, weigh_by_skill=False)
    item = answered(bench, factory, people, FAKE, REAL, REAL)
    assert bench.item(item).verdict is REAL
    assert "weighed" not in bench.events(item)[-1].details


def test_an_answer_taken_back_is_weighed_no_more_and_an_adjudicator_decides_alone(
    bench: Bench, factory: Factory, people: list[Person], root: Person, database: Database
) -> None:
    bench.options(root, weigh_by_skill=True)
    weights(database, sure=(4, 4), one=(1, 1), two=(1, 1))
    item = answered(bench, factory, people, FAKE, REAL, REAL)
    bench.undo(people[2])
    assert bench.state(item) is ItemState.IN_REVIEW
    bench.label(people[2], item, FAKE)
    assert bench.item(item).verdict is FAKE
    assert len(bench.events(item)[-1].details["weighed"]["weights"]) == 3


def test_weights_are_made_once_a_day_from_the_answers_before_it(
    factory: Factory, root: Person, database: Database, bench: Bench
) -> None:
    sure, *others = (factory.person(name) for name in ("sure", "one", "two"))
    for n in range(60):
        item, known = factory.item(known=FAKE if n % 2 else REAL), FAKE if n % 2 else REAL
        factory.label(sure, item, known, labelled_at=YESTERDAY)
        for at, person in enumerate(others):
            wrong = (n + at) % 5 == 0
            value = {FAKE: REAL, REAL: FAKE}[known] if wrong else known
            factory.label(person, item, value, labelled_at=YESTERDAY)
    keep_weights(database)
    with database.read() as repos:
        assert repos.skill_weights.newest() is None, "nobody has wished for them"
    bench.options(root, weigh_by_skill=True)
    for _ in range(2):
        keep_weights(database)
    with database.read() as repos:
        kept = repos.skill_weights.newest()
        assert kept is not None
        assert len(repos.event_history.of_kind(AuditKind.SKILL_WEIGHTS)) == 1
        assert set(kept.weights) == {str(sure.id), *(str(p.id) for p in others)}
        assert min(kept.weights[str(sure.id)]) > max(kept.weights[str(others[0].id)])
