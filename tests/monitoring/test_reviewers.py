"""What the admin is told of how people answer, on answers given through the real service."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from review_app.core.permissions import Person
from review_app.monitoring.background import BackgroundFigure
from review_app.monitoring.reviewers import Rate, ReviewerFigures, reviewer_figures
from review_app.monitoring.service import MonitoringService
from review_app.policy.review_options import Reveal
from review_app.review.tasks import Queue
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNDECIDABLE, UNSURE, Bench

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def item(factory: Factory, p_fake: float | None = None, known: LabelValue | None = None) -> int:
    item_id = factory.item(known=known)
    if p_fake is not None:
        factory.decision(item_id, p_fake=p_fake, decided_at=BEFORE)
    return item_id


def answer(bench: Bench, person: Person, value: LabelValue, then: LabelValue | None = None) -> None:
    """Answer the next item, and change it afterwards."""
    (item_id,) = bench.take(person)
    given = bench.label(person, item_id, value)
    if then is not None:
        bench.change(person, given.client_id, then)


def figures(database: Database) -> ReviewerFigures:
    (only,) = reviewer_figures(database)
    return only


def test_bias_is_the_share_of_differing_answers_that_were_changed_to_the_models(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada = factory.person("ada")
    for p_fake, value, then in [
        (0.9, REAL, FAKE),  # yields
        (0.9, REAL, None),  # differs and stays
        (0.1, FAKE, UNSURE),  # doubts, but does not yield
        (0.9, UNSURE, FAKE),  # yields
        (0.9, FAKE, None),  # concurs
        (0.1, REAL, FAKE),  # turns away
    ]:
        item(factory, p_fake)
        answer(bench, ada, value, then)
    found = figures(database)
    assert (found.name, found.switched_to_model, found.switched_from_model) == (
        "ada",
        Rate(2, 4),
        Rate(1, 2),
    )
    assert found.agrees_blind == Rate(2, 5)
    assert found.agrees_in_sight == Rate(2, 3)


def test_answers_changed_to_the_models_are_told_apart_by_whether_it_was_right(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada = factory.person("ada")
    for p_fake, known, value, then in [
        (0.9, FAKE, REAL, FAKE),  # helped
        (0.9, FAKE, UNSURE, None),  # could have been
        (0.9, REAL, REAL, FAKE),  # misled
        (0.1, FAKE, FAKE, None),  # could have been
        (0.1, FAKE, FAKE, REAL),  # misled
        (0.9, FAKE, FAKE, None),  # right, as the opinion is
        (0.9, None, REAL, FAKE),  # nobody knows
        (0.9, UNDECIDABLE, REAL, FAKE),  # nor here
    ]:
        item(factory, p_fake, known)
        answer(bench, ada, value, then)
    found = figures(database)
    assert (found.helped, found.misled) == (Rate(1, 2), Rate(2, 3))


def test_what_an_adjudicator_decides_is_the_truth_of_others_and_of_no_answer_of_their_own(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada, root = factory.person("ada"), factory.admin()
    bench.options(root, undo_minutes=0)
    item(factory, 0.9)
    answer(bench, ada, UNSURE)
    (escalated,) = bench.take(root, Queue.ESCALATED)
    bench.label(root, escalated, FAKE)
    item(factory, 0.9)
    answer(bench, root, UNSURE)
    (own,) = bench.take(root, Queue.ESCALATED)
    bench.label(root, own, FAKE)
    told = {one.name: one for one in reviewer_figures(database)}
    assert told["ada"].helped == Rate(0, 1)
    assert told[root.name].helped == Rate(0, 0)


def test_answers_before_an_undo_count_and_the_withdrawn_yield_nothing(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada = factory.person("ada")
    item(factory, 0.9)
    answer(bench, ada, REAL)
    bench.undo(ada)
    assert figures(database).switched_to_model == Rate(0, 1)
    answer(bench, ada, FAKE)
    assert figures(database).switched_to_model == Rate(1, 1)


def test_what_was_never_shown_sways_nobody(
    database: Database, bench: Bench, factory: Factory
) -> None:
    bench.options(factory.admin(), reveal=Reveal.NEVER)
    ada = factory.person("ada")
    item(factory, 0.9)
    answer(bench, ada, REAL, FAKE)
    found = figures(database)
    assert (found.switched_to_model, found.switched_from_model) == (Rate(0, 0), Rate(0, 0))
    assert (found.agrees_blind, found.agrees_in_sight) == (Rate(0, 1), Rate(0, 0))


def test_the_opinion_compared_with_is_that_of_the_moment(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada = factory.person("ada")
    item_id = item(factory, 0.9)
    answer(bench, ada, FAKE)
    factory.decision(item_id, p_fake=0.1, decided_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert figures(database).agrees_blind == Rate(1, 1)


def test_accuracy_is_that_of_first_answers_on_known_images(
    database: Database, bench: Bench, factory: Factory
) -> None:
    ada, ben = factory.person("ada"), factory.person("ben")
    for known, value, then in [
        (FAKE, FAKE, None),
        (FAKE, REAL, FAKE),  # too late to be right
        (REAL, REAL, FAKE),  # too late to be wrong
        (REAL, UNSURE, None),
        (FAKE, UNDECIDABLE, None),
        (None, FAKE, None),
    ]:
        item(factory, known=known)
        answer(bench, ada, value, then)
    item(factory)
    answer(bench, ben, REAL)
    found = figures(database)  # ben has met nothing that he could be compared with
    assert (found.name, found.right, found.undecided) == ("ada", Rate(2, 3), 2)


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_exact_one(hits_and_n: tuple[int, int]) -> None:
    rate = Rate(*hits_and_n)
    if rate.n == 0:
        assert (rate.share, rate.interval) == (None, (0.0, 1.0))
        return
    exact = binomtest(*hits_and_n).proportion_ci(0.95, "exact")
    assert rate.interval == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_the_figures_of_many_labels_are_computed_in_the_background(
    database: Database, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review_app.monitoring.service.AT_ONCE", 0)
    item_id = factory.item(known=LabelValue.FAKE)
    factory.label(factory.person("ada"), item_id, LabelValue.FAKE)
    monitoring = MonitoringService(database)
    assert monitoring.reviewer_figures().is_computing
    monitoring.close()
    latest = monitoring.reviewer_figures()
    assert not latest.is_computing
    assert [figures.name for figures in latest.value or []] == ["ada"]


def test_a_figure_that_fails_leaves_the_last_one_and_is_tried_again() -> None:
    tried: list[int] = []

    def compute() -> int:
        tried.append(len(tried))
        return 1 // (2 - len(tried))

    figure = BackgroundFigure("figure", compute, lambda _value, _seconds: len(tried) == 1)
    for _ in range(2):
        assert figure.current().is_computing
        figure._worker.submit(bool).result()  # after all that was begun before
    figure.close()
    assert tried == [0, 1]
    assert figure.current().value == 1
