"""Each reason that stands against a label keeps it from being evidence, by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from storage.database import Database
from storage.enums import ItemState, LabelValue, PlacedBy
from storage.repositories.evidence import Uncounted
from storage.types import utc_now
from tests.factories import Factory

FAKE, UNSURE = LabelValue.FAKE, LabelValue.UNSURE
RESOLVED = ItemState.RESOLVED


def labelled(factory: Factory, state: ItemState = RESOLVED, **values: Any) -> int:
    """An item that was scored and decided on; as a rule people said that it is fake."""
    verdict = {"verdict": FAKE} if state is RESOLVED else {}
    item = factory.item(state, **{**verdict, "decided": True, **values})
    factory.prediction(item)
    return item


def unscored(factory: Factory) -> int:
    return factory.item(RESOLVED, verdict=FAKE, decided=True)


def near(factory: Factory) -> int:
    return labelled(factory, image={"near_id": factory.image(), "near_distance": 0})


def chosen(factory: Factory) -> int:
    item = labelled(factory)
    factory.decision(item, policy_version=factory.policy(2, "certified"))
    return item


def swayed(factory: Factory) -> int:
    item = labelled(factory)
    factory.label(factory.person(), item, FAKE, blind=False)
    return item


def drawn_again(factory: Factory) -> int:
    item = labelled(factory)
    factory.second_look(item, factory.label(factory.person(), item, FAKE))
    return item


CASES: dict[Uncounted, list[Callable[[Factory], int]]] = {
    Uncounted.NEAR: [near],
    Uncounted.SPLIT: [
        lambda factory: labelled(factory, split="train"),
        lambda factory: labelled(factory, split="val"),
    ],
    Uncounted.UNSCORED: [unscored],
    Uncounted.UNLOOKED: [lambda factory: labelled(factory, ItemState.AUTO_ACCEPTED)],
    Uncounted.UNLABELLED: [
        partial(labelled, state=state)
        for state in ItemState
        if state not in (RESOLVED, ItemState.AUTO_ACCEPTED)
    ],
    Uncounted.UNDECIDED: [
        lambda factory: labelled(factory, verdict=UNSURE),
        lambda factory: labelled(factory, verdict=LabelValue.UNDECIDABLE),
        lambda factory: labelled(factory, known=UNSURE),
    ],
    Uncounted.NOT_FINAL: [
        lambda factory: labelled(factory, final_at=utc_now() + timedelta(hours=1))
    ],
    Uncounted.UNMET: [lambda factory: labelled(factory, decided=False)],
    Uncounted.CHOSEN: [chosen],
    Uncounted.PLACED: [
        partial(labelled, placed_by=kind) for kind in PlacedBy if kind is not PlacedBy.TIME
    ],
    Uncounted.SWAYED: [swayed],
    Uncounted.SECOND_LOOK: [drawn_again],
}


def counted(database: Database, item: int) -> tuple[list[Uncounted], bool, int]:
    """What stands against the item's label, whether it counts, and how many labels are read."""
    now = utc_now()
    with database.read() as repos:
        return (
            repos.calibration.uncounted(item, now),
            repos.calibration.counts(item, now),
            len(repos.calibration.rows("checkpoint-1", "variational", now)),
        )


@pytest.mark.parametrize(
    ("why", "make"), [(why, make) for why, cases in CASES.items() for make in cases]
)
def test_one_reason_is_enough(
    why: Uncounted, make: Callable[[Factory], int], database: Database, factory: Factory
) -> None:
    assert counted(database, make(factory)) == ([why], False, 0)


def test_every_reason_has_a_case() -> None:
    assert set(CASES) == set(Uncounted)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"split": "test"},
        {"split": "calibration"},
        {"final_at": utc_now() - timedelta(hours=1)},
        {"known": FAKE, "state": ItemState.IN_REVIEW, "placed_by": PlacedBy.WORTH},
        {"known": FAKE, "state": ItemState.AUTO_ACCEPTED},
        {"known": FAKE, "decided": False},
    ],
)
def test_a_label_that_nothing_stands_against_is_evidence(
    values: dict[str, Any], database: Database, factory: Factory
) -> None:
    assert counted(database, labelled(factory, **values)) == ([], True, 1)


def test_an_answer_after_the_opinion_that_does_not_count_takes_nothing_away(
    database: Database, factory: Factory
) -> None:
    item = labelled(factory)
    factory.label(factory.person(), item, FAKE, blind=False, extra=True)
    assert counted(database, item) == ([], True, 1)


def test_a_draw_of_an_answer_that_was_taken_back_takes_nothing_away(
    database: Database, factory: Factory
) -> None:
    item, person = labelled(factory), factory.person()
    first = factory.label(person, item, FAKE)
    factory.second_look(item, first)
    factory.label(person, item, FAKE, supersedes_id=first)
    assert counted(database, item) == ([], True, 1)
