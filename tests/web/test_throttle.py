"""How guessing is slowed down, and whose attempts come first."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from review_app.core.errors import BusyError
from review_app.web.checks import PasswordChecks
from review_app.web.proxies import Client
from review_app.web.throttle import (
    ADDRESSES_FORGET,
    FIRST_WAIT,
    FREE_PER_ADDRESS,
    FREE_PER_NAME,
    LONGEST_WAIT,
    NAMES_FORGET,
    Attempt,
    Standing,
    Throttle,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def at(n: int) -> Client:
    return Client(f"198.51.100.{n}", is_shared=False)


PROXY = Client("10.0.0.7", is_shared=True)


def test_a_name_is_guessed_no_faster_from_many_addresses_than_from_one() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = [throttle.begin(Attempt("ada", at(i))) for i in range(FREE_PER_NAME + 1)]
    assert waits == [0] * FREE_PER_NAME + [FIRST_WAIT]
    assert throttle.begin(Attempt(" ADA ", at(99))) == FIRST_WAIT, "it is the same name"
    assert throttle.begin(Attempt("ben", at(99))) == 0


def test_the_wait_doubles_up_to_a_bound_and_refusals_do_not_lengthen_it() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits: list[int] = []
    for i in range(FREE_PER_NAME + 9):
        while wait := throttle.begin(Attempt("ada", at(i))):
            waits.append(wait)
            assert throttle.begin(Attempt("ada", at(i))) == wait
            clock.now += wait
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    assert max(waits) == LONGEST_WAIT
    clock.now += NAMES_FORGET
    assert throttle.begin(Attempt("ada", at(0))) == 0


def test_an_address_is_slowed_down_whatever_the_names_and_forgotten_after_a_while() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    waits = [throttle.begin(Attempt(f"n{i}", at(1))) for i in range(FREE_PER_ADDRESS + 1)]
    assert waits == [0] * FREE_PER_ADDRESS + [FIRST_WAIT]
    assert throttle.begin(Attempt("ada", at(2))) == 0
    clock.now = ADDRESSES_FORGET
    assert throttle.begin(Attempt("x", at(1))) == 0


def test_an_address_that_everybody_comes_from_shuts_out_no_name_but_those_guessed_at() -> None:
    throttle = Throttle(Clock())
    for i in range(4 * FREE_PER_NAME):
        assert throttle.begin(Attempt(f"n{i % 4}", PROXY)) == 0
    assert throttle.begin(Attempt("n1", PROXY)) == FIRST_WAIT
    assert [throttle.begin(Attempt("ada", PROXY)) for _ in range(2)] == [0, 0], "she mistypes"


def test_at_a_known_browser_only_what_is_tried_there_counts() -> None:
    throttle = Throttle(Clock())
    for i in range(FREE_PER_NAME + 1):
        throttle.begin(Attempt("ada", at(1)))
        throttle.begin(Attempt(f"n{i}", at(1)))
    known = Attempt("ada", at(1), device="token")
    assert [throttle.begin(known) for _ in range(FREE_PER_NAME)] == [0] * FREE_PER_NAME
    assert throttle.begin(known) == FIRST_WAIT
    assert throttle.begin(Attempt("ada", at(1), device="another")) == 0


def test_who_signs_in_takes_back_own_attempts_and_no_others_from_there() -> None:
    throttle = Throttle(Clock())
    insider = Attempt("mallory", at(1))
    for _ in range(3):  # who guesses cannot wash it off by signing in between
        for i in range(FREE_PER_ADDRESS // 3 + 1):
            throttle.begin(Attempt(f"n{i}", at(1)))
        if throttle.begin(insider) == 0:
            throttle.succeeded(insider)
    assert throttle.begin(Attempt("fresh", at(1))) == FIRST_WAIT
    ada = Attempt("ada", at(2))
    for _ in range(FREE_PER_NAME):
        throttle.begin(ada)
    throttle.succeeded(ada)
    assert throttle.begin(ada) == 0


@pytest.mark.parametrize("client", [at(1), PROXY])
def test_standing_follows_from_what_was_tried(client: Client) -> None:
    throttle = Throttle(Clock())
    attempt = Attempt("ada", client)
    assert throttle.standing(attempt) is Standing.NEW
    throttle.begin(attempt)
    assert throttle.standing(attempt) is Standing.SUSPECT
    assert throttle.standing(Attempt("ada", client, device="token")) is Standing.KNOWN
    throttle.succeeded(attempt)
    good = Standing.NEW if client.is_shared else Standing.KNOWN
    assert throttle.standing(Attempt("ben", client)) is good
    for i in range(3):
        throttle.begin(Attempt(f"n{i}", client))
    assert throttle.standing(Attempt("n1", client)) is Standing.SUSPECT


def test_who_tries_much_at_once_is_no_longer_first() -> None:
    throttle = Throttle(Clock())
    known = Attempt("ada", at(1), device="token")
    standings = []
    for _ in range(FREE_PER_NAME):
        standings.append(throttle.standing(known))
        throttle.begin(known)
    assert standings == [Standing.KNOWN] * 3 + [Standing.SUSPECT] * 2
    throttle.succeeded(known)
    assert throttle.standing(known) is Standing.KNOWN


def test_counts_take_no_more_memory_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review_app.web.throttle._MAX_KEYS", 10)
    throttle = Throttle(Clock())
    for i in range(30):
        throttle.begin(Attempt(f"n{i}", at(i)))
        throttle.succeeded(Attempt(f"m{i}", at(100 + i)))
    for counts in (throttle._names._counts, throttle._addresses._counts, throttle._good):
        assert len(counts) == 10


def test_who_is_new_is_checked_before_those_who_guess_and_they_take_turns() -> None:
    async def run() -> list[str]:
        checks, order = PasswordChecks(), list[str]()
        hold = asyncio.Event()
        loop = asyncio.get_running_loop()

        def first() -> None:
            asyncio.run_coroutine_threadsafe(hold.wait(), loop).result(10)

        def tried(name: str) -> None:
            order.append(name)

        def start(standing: Standing, n: int, name: str) -> asyncio.Task[None]:
            return asyncio.create_task(checks.run(standing, at(n), lambda: tried(name)))

        running = asyncio.create_task(checks.run(Standing.SUSPECT, at(9), first))
        await asyncio.sleep(0.05)
        waiting = [start(Standing.SUSPECT, 1, f"a{i}") for i in range(3)]
        waiting += [start(Standing.SUSPECT, 2, f"b{i}") for i in range(2)]
        waiting += [start(Standing.NEW, 3, "new"), start(Standing.KNOWN, 4, "known")]
        gone = start(Standing.NEW, 5, "gone")
        await asyncio.sleep(0.05)
        gone.cancel()
        hold.set()
        await asyncio.gather(running, *waiting)
        return order

    assert asyncio.run(run()) == ["known", "new", "a0", "b0", "a1", "b1", "a2"]


def test_no_more_wait_than_there_is_room_for() -> None:
    async def run() -> tuple[int, int]:
        checks = PasswordChecks()
        one = [checks.run(Standing.SUSPECT, at(1), int) for _ in range(20)]
        many = [checks.run(Standing.SUSPECT, at(i), int) for i in range(2, 100)]
        first = await asyncio.gather(*one, return_exceptions=True)
        second = await asyncio.gather(*many, return_exceptions=True)
        return tuple(  # type: ignore[return-value]
            sum(isinstance(outcome, BusyError) for outcome in outcomes)
            for outcomes in (first, second)
        )

    assert asyncio.run(run()) == (20 - 1 - 4, 98 - 1 - 64)


def test_those_who_guess_take_no_place_from_who_is_new() -> None:
    async def run() -> tuple[list[Any], list[Any]]:
        checks = PasswordChecks()
        guessing = [checks.run(Standing.SUSPECT, at(i), int) for i in range(1, 66)]
        guesses = [asyncio.ensure_future(guess) for guess in guessing]
        await asyncio.sleep(0)
        new = [checks.run(Standing.NEW, at(i), int) for i in (200, 201)]
        told = await asyncio.gather(*new, return_exceptions=True)
        return told, await asyncio.gather(*guesses, return_exceptions=True)

    new, guesses = asyncio.run(run())
    assert new == [0, 0]
    assert sum(isinstance(outcome, BusyError) for outcome in guesses) == 2
    assert guesses.count(0) == 63
