"""Calls that are answered without the router get the same answers, and the same refusals."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from storage.enums import Role
from tests.web.site import Site
from tests.web.test_api import BASE, error_of, new_id

QUICK = {"content-type": "application/json"}
ORDINARY = {"content-type": "application/json; charset=utf-8"}
"""A call that says more than usual goes the way through the router."""


def both_ways(client: TestClient, path: str, content: str | bytes) -> list[Any]:
    return [
        client.post(f"{BASE}/{path}", content=content, headers=headers)
        for headers in (QUICK, ORDINARY)
    ]


def without_times(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**task, "expires_at": None} for task in tasks]


def test_a_task_and_a_receipt_read_alike_either_way(site: Site) -> None:
    site.items(1, decided=True)
    client, person = site.signed_in()
    quick, ordinary = both_ways(client, "take", '{"n": 1}')
    assert without_times(quick.json()) == without_times(ordinary.json())
    assert quick.headers["content-type"] == ordinary.headers["content-type"]
    (task,) = quick.json()
    entry = f'{{"client_id": "{new_id()}", "item_id": "{task["item_id"]}", "value": "fake"'
    quick, ordinary = both_ways(client, "label", f"{entry}}}")
    assert quick.json() == ordinary.json()
    assert quick.json()["opinion"]["p_fake"] == 0.83
    quick, ordinary = both_ways(client, "answers", f'{{"entries": [{entry}, "kind": "label"}}]}}')
    assert quick.json() == ordinary.json()
    own = client.post(f"{BASE}/take", json={"n": 1}, headers={"x-person": str(person.id)})
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("path", "content", "refused"),
    [
        ("take", "", (422, "invalid")),
        ("take", "[]", (422, "invalid")),
        ("take", '{"n": ', (422, "invalid")),
        ("take", '{"n": 1, "more": 2}', (422, "invalid")),
        ("take", b'{"queue": "\xff"}', (400, "bad_input")),
        pytest.param("take", "[" * 20_000, (400, "bad_input"), id="deep"),
        ("take", '{"queue": "escalated"}', (403, "not_allowed")),
        (
            "label",
            '{"client_id": "an-answer-1", "item_id": "x", "value": "real"}',
            (409, "claim_lost"),
        ),
    ],
)
def test_a_refusal_reads_alike_either_way(
    path: str, content: str | bytes, refused: tuple[int, str], site: Site
) -> None:
    client, _ = site.signed_in()
    quick, ordinary = both_ways(client, path, content)
    assert error_of(quick) == refused
    assert quick.json() == ordinary.json()


def test_a_page_made_for_somebody_else_gets_no_answer_stored(site: Site) -> None:
    client, person = site.signed_in()
    for said, refused in ((str(person.id + 1), (401, "not_signed_in")), ("me", (422, "invalid"))):
        told = client.post(f"{BASE}/take", json={"n": 1}, headers={"x-person": said})
        assert error_of(told) == refused


def test_other_methods_and_nobody_are_refused(site: Site) -> None:
    client, _ = site.signed_in(Role.ADMIN)
    assert client.get(f"{BASE}/take").status_code == 405
    stranger = TestClient(client.app, base_url=str(client.base_url))
    assert error_of(stranger.post(f"{BASE}/take", json={"n": 1})) == (401, "not_signed_in")


def test_quick_calls_are_counted_by_their_routes(site: Site) -> None:
    client, _ = site.signed_in(Role.ADMIN)
    assert client.post(f"{BASE}/take", json={"n": 1}).status_code == 200
    assert f'route="{BASE}/take"' in client.get("/metrics").text
