"""What the client makes of answers that are none of the API's, and of odd times to wait."""

from __future__ import annotations

import math

import httpx
import pytest

from review_app.client import ApiProblem
from review_app.client.calls import require_good, waiting

ODD = (
    httpx.Response(301, headers={"location": "https://review.example/"}),
    httpx.Response(200, html="<h1>Welcome</h1>"),
    httpx.Response(502, html="<h1>Bad gateway</h1>"),
    httpx.Response(404, json=["nothing"]),
)


@pytest.mark.parametrize("answer", ODD, ids=lambda answer: str(answer.status_code))
def test_what_the_api_never_answers_is_a_problem(answer: httpx.Response) -> None:
    with pytest.raises(ApiProblem) as caught:
        require_good(answer)
    assert (caught.value.status, caught.value.code) == (answer.status_code, "unknown")


@pytest.mark.parametrize(
    ("seconds", "asked"), [(math.inf, 60), (59.2, 60), (0.3, 1), (0, 0), (-math.inf, 0)]
)
def test_the_server_is_asked_to_wait_for_what_is_left(seconds: float, asked: int) -> None:
    assert waiting(1, seconds).more == {"params": {"seconds": asked}}
