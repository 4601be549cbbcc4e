"""How fast one person may have costly things done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from review_app.core.errors import LimitError
from review_app.web import pace
from review_app.web.pace import LONGEST_WAIT, RateLimit
from storage.enums import Role
from tests.web.gradio_calls import Caller
from tests.web.serving import Serving
from tests.web.site import Site, picture


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_few_go_at_once_and_the_rest_in_turn() -> None:
    pace = RateLimit(interval=2.0, burst=3, clock=Clock())
    assert [pace.reserve(1) for _ in range(5)] == [0, 0, 0, 2, 4]


def test_nobody_waits_for_another() -> None:
    pace = RateLimit(interval=2.0, burst=1, clock=Clock())
    assert [pace.reserve(1), pace.reserve(1), pace.reserve(2)] == [0, 2, 0]


def test_who_rests_may_hurry_again_but_no_more_than_before() -> None:
    clock = Clock()
    pace = RateLimit(interval=2.0, burst=3, clock=clock)
    for _ in range(3):
        pace.reserve(1)
    clock.now += 1000
    assert [pace.reserve(1) for _ in range(4)] == [0, 0, 0, 2]


def test_what_is_large_counts_for_several() -> None:
    pace = RateLimit(interval=1.0, burst=4, clock=Clock())
    assert [pace.reserve(1, 10.0), pace.reserve(1)] == [0, 7]


def test_what_would_wait_too_long_is_refused_and_takes_no_turn() -> None:
    clock = Clock()
    pace = RateLimit(interval=1.0, burst=1, clock=clock)
    pace.reserve(1, LONGEST_WAIT + 1)
    for _ in range(100):
        with pytest.raises(LimitError) as refused:
            pace.reserve(1)
    assert refused.value.retry_after == LONGEST_WAIT + 1
    clock.now += 1
    assert pace.reserve(1) == LONGEST_WAIT


def test_those_who_have_rested_are_forgotten() -> None:
    clock = Clock()
    pace = RateLimit(interval=1.0, burst=1, clock=clock)
    for person in range(5000):
        clock.now += 0.1
        pace.reserve(person)
    assert len(pace._due) <= 1001


def test_somebody_who_sends_without_pause_is_slowed_down(
    serving: Serving, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "LONGEST_WAIT", 0.5)
    with Caller(site, serving, Role.REVIEWER) as sender, Caller(site, serving) as other:

        def send(number: int) -> httpx.Response:
            files = {"files": ("a.png", picture(number))}
            return sender.http.post("/review/gradio_api/upload", files=files)

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(send, range(12)))
        assert other.upload("/review", "b.png", picture(50))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 4
    assert all(answer.status_code in (200, 429) for answer in answers)
    assert sum(answer.status_code == 200 for answer in answers) >= 4
    assert refused[0].json()["error"]["code"] == "limited"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert "seconds" in refused[0].json()["detail"]
