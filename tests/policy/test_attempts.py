"""What a try to certify costs: told first, spent once, and nothing where it could prove nothing."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from review_app.certification.price import Price, fewest_labels
from review_app.core.errors import (
    CalibrationError,
    ChangedSinceError,
    NotAllowedError,
    SettingsError,
)
from review_app.core.permissions import Person
from storage.enums import AuditKind, LabelValue, PolicyState
from storage.models import CertificationAttempt
from tests.applications import LOOSE, Deployment

USUAL = (0.05, 0.1)


@pytest.fixture
def ada(place: Deployment) -> Person:
    return place.factory.admin("ada")


@pytest.fixture
def bo(place: Deployment) -> Person:
    return place.factory.admin("bo")


def tries(place: Deployment) -> int:
    with place.app.database.read() as repos:
        told = len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED))
        kept = repos.session.scalar(select(func.count()).select_from(CertificationAttempt))
    assert kept == told, "the log tells each attempt once"
    return told


# --- Too few labels


def test_seven_verdicts_are_no_try_and_it_is_told_how_many_it_takes(
    place: Deployment, ada: Person
) -> None:
    for _ in range(7):
        place.scored(0.0)
    place.app.triage.run("tester")
    place.answer(LabelValue.REAL, 7)
    missing = r"7 reviewer verdicts .* takes 72 labels at least, .* so 65 more"
    for press in (
        lambda: place.app.policies.price(ada, *USUAL),
        lambda: place.app.policies.certify(ada, *USUAL, 0.05),
    ):
        with pytest.raises(CalibrationError, match=missing) as told:
            press()
        assert "This was no try, and spent nothing." in str(told.value)
    assert tries(place) == 0
    assert place.app.policies.current().version == 1


@pytest.mark.parametrize("right", [True, False])
def test_whether_it_is_a_try_depends_on_how_many_labels_there_are_not_on_what_they_say(
    place: Deployment, ada: Person, right: bool
) -> None:
    said = LabelValue.REAL if right else LabelValue.FAKE
    least = fewest_labels(*LOOSE, 1)
    place.scored_alike(least - 1, 0.0, said)
    with pytest.raises(CalibrationError, match=f"takes {least} labels at least"):
        place.app.policies.certify(ada, *LOOSE, 0.0)
    assert tries(place) == 0
    place.scored(0.0, said)
    assert place.app.policies.price(ada, *LOOSE).labels == least
    if right:
        assert place.app.policies.certify(ada, *LOOSE, 0.0).state is PolicyState.CERTIFIED
    else:
        with pytest.raises(CalibrationError, match="Nothing can be certified"):
            place.app.policies.certify(ada, *LOOSE, 0.0)
    assert tries(place) == 1


@pytest.mark.parametrize(("limit", "delta"), [(0.05, 0.1), (0.3, 0.5), (0.5, 0.5), (0.01, 0.05)])
@pytest.mark.parametrize("attempt", [1, 2, 7])
def test_one_label_fewer_than_the_least_proves_nothing_and_the_least_does(
    limit: float, delta: float, attempt: int
) -> None:
    """No label wrong in n proves the limit where (1 - limit)^n is at most this try's level."""
    level = delta / 2 / 2**attempt
    least = fewest_labels(limit, delta, attempt)
    assert (1 - limit) ** least <= level * (1 + 1e-9) < (1 - limit) ** (least - 1)
    assert not Price(1, attempt, least - 1, limit, delta).is_try
    price = Price(1, attempt, least, limit, delta)
    assert price.is_try
    assert price.last == attempt


def test_the_last_try_that_labels_could_pass_is_told_for_any_number_of_them() -> None:
    assert Price(1, 1, 0, *USUAL).last == 0
    assert Price(1, 1, 240, *USUAL).last == max(
        i for i in range(1, 60) if fewest_labels(*USUAL, i) <= 240
    )
    assert Price(1, 1, 10**6, 0.5, 0.5).last == 10**6 - 2  # beyond what a float holds as a level


# --- The price


def test_the_price_says_which_try_it_is_what_it_spends_and_what_is_left(
    place: Deployment, ada: Person
) -> None:
    place.calibrated(100)
    words = place.app.policies.price(ada, *USUAL).text
    for told in (
        "This is try 1 to certify this detector; on the 200 labels that count by now, try 10 would",
        "it spends 5% of the 10% chance of a wrong certificate that 90% confidence leaves",
        "5% are left then",
        "The next would need 86 labels at least",
    ):
        assert told in words, words
    place.app.policies.certify(ada, 0.1, 0.1, 0.0)
    again = place.app.policies.price(ada, *USUAL)
    assert "This is try 2 " in again.text
    assert "it spends 2.5% of the 10%" in again.text
    assert tries(place) == 1  # asking costs nothing


def test_what_is_spent_and_left_add_up_over_all_tries() -> None:
    spent = [0.1 / 2**attempt for attempt in range(1, 60)]
    assert math.fsum(spent) == pytest.approx(0.1)
    for attempt in (1, 5, 12):
        left = 0.1 - math.fsum(spent[:attempt])
        assert left == pytest.approx(spent[attempt - 1])  # what the price says is left


def test_only_admins_are_told_a_price_and_no_limit_out_of_range_has_one(
    place: Deployment, ada: Person
) -> None:
    place.calibrated()
    with pytest.raises(NotAllowedError):
        place.app.policies.price(place.factory.person(), *LOOSE)
    with pytest.raises(SettingsError):
        place.app.policies.price(ada, 0.6, 0.1)


# --- Spent once


def test_a_double_click_spends_one_try(place: Deployment, ada: Person) -> None:
    place.calibrated()
    price = place.app.policies.price(ada, *LOOSE)
    place.app.policies.certify(ada, *LOOSE, 0.0, asked=price)
    with pytest.raises(ChangedSinceError, match="policy was changed since, to version 2"):
        place.app.policies.certify(ada, *LOOSE, 0.0, asked=price)
    assert tries(place) == 1


def test_a_try_that_failed_is_not_spent_again_by_the_same_yes(
    place: Deployment, ada: Person, bo: Person
) -> None:
    place.calibrated(40)
    price = place.app.policies.price(ada, *USUAL)
    with pytest.raises(CalibrationError):
        place.app.policies.certify(bo, *USUAL, 0.0, asked=price)
    with pytest.raises(ChangedSinceError, match=r"try 1 was spent since by bo, at .* UTC"):
        place.app.policies.certify(ada, *USUAL, 0.0, asked=price)
    assert tries(place) == 1


def test_admins_who_say_yes_at_the_same_moment_spend_one_try(
    place: Deployment, ada: Person, bo: Person
) -> None:
    place.calibrated()
    price = place.app.policies.price(ada, *LOOSE)
    together = Barrier(4)

    def certify(number: int) -> bool:
        together.wait()
        try:
            place.app.policies.certify((ada, bo)[number % 2], *LOOSE, 0.0, asked=price)
        except ChangedSinceError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(certify, range(4))) == [False, False, False, True]
    assert tries(place) == 1
    assert place.app.policies.current().version == 2


def test_a_price_told_before_somebody_closed_auto_accept_buys_nothing(
    place: Deployment, ada: Person, bo: Person
) -> None:
    place.calibrated()
    price = place.app.policies.price(ada, *LOOSE)
    place.app.policies.suspend(bo, "odd images")
    with pytest.raises(ChangedSinceError, match=r"version 2 \(suspended\), by bo"):
        place.app.policies.certify(ada, *LOOSE, 0.0, asked=price)
    assert tries(place) == 0
    with pytest.raises(ChangedSinceError):
        place.app.policies.price(ada, *LOOSE, seen=1)
    assert place.app.policies.price(ada, *LOOSE, seen=2).attempt == 1
