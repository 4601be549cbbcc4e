"""An older database learns from its log which verdicts were weighed."""

from __future__ import annotations

import migrations
from review_app.core.permissions import Person
from storage.database import Database
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, Bench
from tests.review.test_weights import answered, weights

BEFORE = "0041"


def test_what_was_weighed_is_found_in_the_log(
    bench: Bench, factory: Factory, root: Person, database: Database
) -> None:
    people = [factory.person(name) for name in ("sure", "one", "two")]
    bench.options(root, weigh_by_skill=True)
    weights(database, sure=(3.5, 4), one=(1, 1), two=(1, 1))
    weighed, taken_back = (answered(bench, factory, people, FAKE, REAL, REAL) for _ in range(2))
    bench.undo(people[2])
    alone = answered(bench, factory, people[:1], FAKE)
    found = {item: bench.item(item).weighed for item in (weighed, taken_back, alone)}
    assert found == {weighed: True, taken_back: False, alone: False}
    migrations.downgrade(database.engine, BEFORE)
    migrations.upgrade(database.engine)
    assert {item: bench.item(item).weighed for item in found} == found
