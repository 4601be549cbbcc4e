"""Items go where `TRANSITIONS` says and nowhere else, and every step of it is one that happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from review_app.i18n import LANGUAGES, Language
from review_app.i18n.catalogue import catalogue
from storage.database import Database
from storage.enums import AuditKind, ItemState, PlacedBy
from storage.errors import TransitionError
from storage.models import Item
from storage.repositories import Repositories, items, score_files
from storage.repositories.items import Move
from storage.repositories.queue import Ranks
from storage.states import TRANSITIONS, Transition, declared, require
from storage.types import utc_now
from tests.audits.audited import Audited, audited
from tests.factories import Factory
from tests.migrations.snapshots import rows
from tests.review.bench import Bench
from tests.states import policy_ways, review_ways
from tests.states.review_ways import Desk

DECLARED = set(declared())
PAGE = Path(__file__).parents[2] / "docs" / "states.md"
steps = st.builds(
    Transition,
    st.one_of(st.none(), st.sampled_from(ItemState)),
    st.sampled_from(AuditKind),
    st.sampled_from(ItemState),
)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Transition]:
    """The steps that items take, as they are asked for; each is checked as always."""
    seen: list[Transition] = []

    def told(before: ItemState | None, event: AuditKind, after: ItemState) -> None:
        require(before, event, after)
        seen.append(Transition(before, event, after))

    for writer in (items, score_files):
        monkeypatch.setattr(writer, "require", told)
    return seen


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Audited]:
    with audited(tmp_path) as place:
        yield place


@given(steps)
def test_a_step_is_allowed_if_and_only_if_it_is_declared(step: Transition) -> None:
    if step in DECLARED:
        require(*step)
        return
    with pytest.raises(TransitionError, match=f"cannot become {step.after} by"):
        require(*step)


def test_every_state_is_reached_and_can_be_left() -> None:
    assert {step.after for step in DECLARED} == set(ItemState)
    assert set(TRANSITIONS) == {None, *ItemState}
    for state in ItemState:
        assert any(step.after is not state for step in DECLARED if step.before is state)


def test_every_declared_step_has_a_way_to_it() -> None:
    assert policy_ways.WAYS.keys() | review_ways.WAYS.keys() == DECLARED
    assert not policy_ways.WAYS.keys() & review_ways.WAYS.keys()


@pytest.mark.parametrize("step", review_ways.WAYS, ids=lambda step: "-".join(map(str, step)))
def test_people_take_the_step(
    step: Transition, bench: Bench, factory: Factory, taken: list[Transition]
) -> None:
    review_ways.WAYS[step](Desk(bench, factory))
    assert taken[-1] == step
    assert bench.first_broken() is None


@pytest.mark.parametrize("step", policy_ways.WAYS, ids=lambda step: "-".join(map(str, step)))
def test_the_policy_takes_the_step(
    step: Transition, place: Audited, tmp_path: Path, taken: list[Transition]
) -> None:
    policy_ways.WAYS[step](place, tmp_path)
    assert step in taken
    assert place.place.chain_holds()


@pytest.mark.parametrize("state", ItemState)
def test_a_move_that_is_not_declared_leaves_everything_as_it_was(
    state: ItemState, database: Database, factory: Factory
) -> None:
    item = factory.item(state)
    before = rows(database)
    for kind in AuditKind:
        for after in ItemState:
            if Transition(state, kind, after) not in DECLARED:
                with pytest.raises(TransitionError), database.write() as repos:
                    repos.items.move("test", [Move(item, after, kind)])
    assert rows(database) == before


def _accept(repos: Repositories, ids: list[int]) -> None:
    repos.items.accept(ids, ItemState.PENDING, utc_now())


def _send_to_people(repos: Repositories, ids: list[int]) -> None:
    ranks = Ranks(dict.fromkeys(ids, 0.0), PlacedBy.TIME)
    repos.items.send_to_people(ranks, ItemState.PENDING, AuditKind.TRIAGED, utc_now())


@pytest.mark.parametrize("write", [_accept, _send_to_people])
def test_a_batch_that_is_not_where_it_was_said_to_be_stays_as_it_is(
    write: Callable[[Repositories, list[int]], None], database: Database, factory: Factory
) -> None:
    ids = [*factory.items(3, ItemState.PENDING), factory.item(ItemState.RESOLVED)]
    before = rows(database)
    with pytest.raises(TransitionError, match="1 of 4 items"), database.write() as repos:
        write(repos, ids)
    assert rows(database) == before


def test_a_state_is_not_set_past_the_one_who_checks_it(
    database: Database, factory: Factory
) -> None:
    item = factory.item()
    with pytest.raises(TransitionError, match=f"state of item {item}"), database.write() as repos:
        repos.session.get_one(Item, item).state = ItemState.RESOLVED
    with database.read() as repos:
        assert repos.session.scalar(select(Item.state)) is ItemState.IN_REVIEW


def test_the_drawing_shows_the_declared_steps() -> None:
    drawn = PAGE.read_text(encoding="utf-8").split("```mermaid\n")[1].split("```")[0]
    assert drawn.splitlines() == ["stateDiagram-v2", *_arrows()]


def _arrows() -> Iterator[str]:
    for before, events in TRANSITIONS.items():
        for after in ItemState:
            by = [event.value for event, states in events.items() if after in states]
            if by:
                yield f"    {before or '[*]'} --> {after}: {', '.join(by)}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_texts(language: Language) -> None:
    entries = catalogue(language).entries
    for state in ItemState:
        for key in (f"records.state_{state}", f"overview.{state}", f"overview.{state}_note"):
            assert entries.get(key), key
