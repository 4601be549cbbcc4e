"""The review API, as the page's script uses it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from starlette.testclient import TestClient

from review_app.core.permissions import Person
from review_app.policy.review_options import Reveal, ReviewOptions, change_options
from review_app.review.requests import MAX_AHEAD
from storage.enums import ItemState, Role
from tests.factories import shows_score
from tests.web.site import Site, site_of

BASE = "/api/v1/review"


def new_id() -> str:
    return str(uuid.uuid4())


def take(client: TestClient, n: int = 1, **more: Any) -> list[int]:
    """The ids of the items handed out."""
    answer = client.post(f"{BASE}/take", json={"n": n, **more})
    assert answer.status_code == 200, answer.text
    return site_of(client).known_as(task["item_id"] for task in answer.json())


def label(client: TestClient, item_id: int, value: str = "fake", **more: Any) -> Any:
    handle = site_of(client).handle(item_id)
    body = {"client_id": new_id(), "item_id": handle, "value": value, **more}
    return client.post(f"{BASE}/label", json=body)


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_task_says_what_is_needed_and_nothing_of_the_model(site: Site) -> None:
    item_id = site.items(1, decided=True)[0]
    client, _ = site.signed_in()
    answer = client.post(f"{BASE}/take", json={"n": 1})
    (task,) = answer.json()
    assert {name for name, value in task.items() if value is not None} == {
        "item_id", "image_url", "width", "height", "expires_at", "alike", "frames",
        "paged", "faces"
    }  # fmt: skip
    assert task["item_id"] == site.handle(item_id)
    assert task["image_url"] == f"/media/{task['item_id']}"
    assert not shows_score(answer.text)
    said = answer.text.replace(task["item_id"], "")  # letters at random
    for word in ("fake", "std", "reasons", ".png", "factory"):
        assert word not in said


def test_the_opinion_comes_with_the_receipt_or_never(site: Site) -> None:
    first, second = site.items(2, decided=True)
    client, _ = site.signed_in()
    take(client, 2)
    opinion = label(client, first).json()["opinion"]
    assert (opinion["p_fake"], opinion["std"]) == (0.83, 0.09)
    assert opinion["words"]
    _, admin = site.signed_in(Role.ADMIN)
    database = site.app.database
    change_options(database, admin, ReviewOptions(reveal=Reveal.NEVER))
    assert label(client, second).json()["opinion"] is None
    change_options(database, admin, ReviewOptions())


def test_sending_an_answer_twice_stores_it_once(site: Site) -> None:
    item_id = site.items(1)[0]
    client, person = site.signed_in()
    take(client)
    handle = site.handle(item_id)
    body = {"client_id": new_id(), "item_id": handle, "value": "real", "comment": "soft edges"}
    first = client.post(f"{BASE}/label", json=body)
    assert client.post(f"{BASE}/label", json=body).json() == first.json()
    with site.app.database.read() as repos:
        stored = repos.labels.in_force(item_id)
        assert [(row.user_id, row.comment) for row in stored] == [(person.id, "soft edges")]


def test_several_answers_travel_in_one_call_and_each_is_told_its_own_outcome(site: Site) -> None:
    items = site.items(2, decided=True)
    client, _ = site.signed_in()
    assert take(client, 2) == items
    first, second = map(site.handle, items)
    third = "never-handed-out"
    entries = [
        {"kind": "label", "client_id": new_id(), "item_id": first, "value": "fake", "seconds": 1.5},
        {"kind": "undo", "client_id": new_id()},
        {"kind": "skip", "client_id": new_id(), "item_id": second},
        {"kind": "label", "client_id": new_id(), "item_id": third, "value": "real"},
    ]
    answer = client.post(f"{BASE}/answers", json={"entries": entries})
    assert answer.status_code == 200, answer.text
    labelled, undone, skipped, refused = answer.json()
    assert labelled["receipt"]["opinion"]["p_fake"] == 0.83
    assert undone["task"]["item_id"] == first
    assert [skipped[part] for part in ("receipt", "task", "error")] == [None] * 3
    assert refused["error"]["code"] == "claim_lost"
    assert (refused["receipt"], refused["task"]) == (None, None)
    again = client.post(f"{BASE}/answers", json={"entries": entries[:1]}).json()
    assert again == [labelled]


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [{"kind": "shrug", "client_id": "shrug-0001"}],
        [{"kind": "label", "client_id": "label-0001", "item_id": 1, "value": "maybe"}],
        [{"kind": "skip", "client_id": f"skip-{i:04}", "item_id": 1} for i in range(51)],
    ],
)
def test_a_malformed_call_is_refused_as_a_whole(site: Site, entries: list[dict[str, Any]]) -> None:
    client, _ = site.signed_in()
    answer = client.post(f"{BASE}/answers", json={"entries": entries})
    assert error_of(answer) == (422, "invalid")


def test_an_answer_can_be_taken_back_and_given_again(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in()
    take(client)
    label(client, item_id, "fake")
    undo = {"client_id": new_id()}
    for _ in range(2):  # the answer to the first may have been lost on its way
        answer = client.post(f"{BASE}/undo", json=undo)
        assert answer.json()["item_id"] == site.handle(item_id)
    assert label(client, item_id, "real").status_code == 200
    with site.app.database.read() as repos:
        assert [row.value for row in repos.labels.in_force(item_id)] == ["real"]


def test_a_reload_gets_the_same_items_again(site: Site) -> None:
    site.items(4)
    client, _ = site.signed_in()
    held = take(client, 3)
    assert take(client, 3) == held


def test_a_skipped_item_goes_to_somebody_else(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in()
    assert take(client) == [item_id]
    assert client.post(f"{BASE}/skip", json={"item_id": site.handle(item_id)}).status_code == 204
    assert take(client) != [item_id]
    other, _ = site.signed_in()
    assert take(other) == [item_id]


def test_a_page_that_was_replaced_cannot_release_what_its_successor_holds(site: Site) -> None:
    site.items(2)
    client, _ = site.signed_in()
    old, new = new_id(), new_id()
    take(client, 2, page=old)
    held = take(client, 2, page=new)
    assert client.post(f"{BASE}/release", json={"page": old}).json() == {"items": 0}
    assert client.post(f"{BASE}/heartbeat").json() == {"items": 2}
    assert client.post(f"{BASE}/release", json={"page": new}).json() == {"items": 2}
    other, _ = site.signed_in()
    assert take(other, 2) == held
    assert other.post(f"{BASE}/release", json={}).json() == {"items": 2}


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00", ""]
)
def test_a_time_that_is_none_is_refused(site: Site, since: str) -> None:
    client, _ = site.signed_in()
    answer = client.get(f"{BASE}/progress", params={"since": since})
    assert error_of(answer) == (422, "invalid")


def test_progress_counts_the_day_and_the_session(site: Site) -> None:
    items = site.items(3)
    client, _ = site.signed_in()
    take(client, 3)
    label(client, items[0])
    now = datetime.now(UTC)
    label(client, items[1], "unsure")
    counts = client.get(f"{BASE}/progress", params={"since": now.isoformat()}).json()
    assert (counts["done_today"], counts["done_session"], counts["escalated"]) == (2, 1, None)
    assert counts["waiting"] >= 1
    admin, _ = site.signed_in(Role.ADMIN)
    since = (now - timedelta(days=1)).isoformat()
    assert admin.get(f"{BASE}/progress", params={"since": since}).json()["escalated"] == 1


def test_today_is_the_persons_own_day(site: Site) -> None:
    """Its beginning comes from the page, and is one of about now."""
    items = site.items(2)
    client, _ = site.signed_in()
    take(client, 2)
    label(client, items[0])
    now = datetime.now(UTC)
    label(client, items[1])

    def progress(today: str) -> Any:
        since = now.isoformat()
        return client.get(f"{BASE}/progress", params={"since": since, "today": today})

    assert progress(now.isoformat()).json()["done_today"] == 1
    east = (now - timedelta(hours=20)).astimezone(timezone(timedelta(hours=14)))
    assert progress(east.isoformat()).json()["done_today"] == 2
    for days in (3, -3, 700_000):
        assert error_of(progress((now - timedelta(days=days)).isoformat())) == (400, "bad_input")
    for odd in ("", "yesterday", "2026-11-29", "0001-01-01T00:00:00+14:00"):
        assert error_of(progress(odd)) == (422, "invalid")


def test_what_reviewers_cannot_settle_is_for_admins(site: Site) -> None:
    item_id = site.items(1, ItemState.ESCALATED)[0]
    reviewer, _ = site.signed_in()
    answer = reviewer.post(f"{BASE}/take", json={"queue": "escalated"})
    assert error_of(answer) == (403, "not_allowed")
    admin, _ = site.signed_in(Role.ADMIN)
    assert take(admin, queue="escalated") == [item_id]
    assert label(admin, item_id, "real").status_code == 200
    with site.app.database.read() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        assert (item.state, item.verdict) == (ItemState.RESOLVED, "real")


def test_refusals_name_what_is_wrong(site: Site) -> None:
    item_id, other_id = site.items(2)
    client, _ = site.signed_in()
    assert error_of(label(client, item_id)) == (409, "claim_lost")
    take(client, 2)
    assert label(client, item_id).status_code == 200
    assert error_of(label(client, item_id)) == (409, "conflict")
    body = {"client_id": new_id(), "item_id": site.handle(other_id), "value": "real"}
    client.post(f"{BASE}/label", json=body)
    changed = client.post(f"{BASE}/label", json={**body, "value": "fake"})
    assert error_of(changed) == (409, "conflict")
    fresh, _ = site.signed_in()
    nothing = fresh.post(f"{BASE}/undo", json={"client_id": new_id()})
    assert error_of(nothing) == (404, "not_found")


@pytest.mark.parametrize(
    "change",
    [
        {"value": "maybe"},
        {"client_id": "x"},
        {"client_id": "x" * 65},
        {"client_id": "<script>"},
        {"item_id": "a/b"},
        {"item_id": 2**256},
        {"seconds": -1},
        {"seconds": 1e9},
        {"comment": "x" * 4001},
        {"role": "admin"},
    ],
)
def test_a_malformed_answer_is_refused_in_words(site: Site, change: dict[str, Any]) -> None:
    client, _ = site.signed_in()
    body = {"client_id": new_id(), "item_id": 1, "value": "real", **change}
    answer = client.post(f"{BASE}/label", json=body)
    assert error_of(answer) == (422, "invalid")
    assert next(iter(change)) in answer.json()["error"]["message"]


@pytest.mark.parametrize("n", [0, MAX_AHEAD + 1, "many"])
def test_nobody_takes_more_than_the_limit(site: Site, n: Any) -> None:
    client, _ = site.signed_in()
    assert client.post(f"{BASE}/take", json={"n": n}).status_code == 422


def test_a_page_made_for_somebody_else_is_told_so(site: Site) -> None:
    client, person = site.signed_in()
    own = client.post(f"{BASE}/heartbeat", headers={"x-person": str(person.id)})
    assert own.status_code == 200
    other = client.post(f"{BASE}/heartbeat", headers={"x-person": str(person.id + 1)})
    assert error_of(other) == (401, "not_signed_in")
    assert "Reload" in other.json()["error"]["message"]


def test_me_says_what_i_may(site: Site) -> None:
    for role, may in ((Role.REVIEWER, ["review", "inspect", "read_card"]), (Role.ADMIN, None)):
        client, person = site.signed_in(role)
        me = client.get("/api/v1/me").json()
        assert (me["id"], me["name"], me["role"]) == (person.id, person.name, role)
        assert me["may"] == may or "manage_people" in me["may"]


def test_somebody_elses_item_is_out_of_reach(site: Site) -> None:
    item_id = site.items(1)[0]
    holder, _ = site.signed_in()
    assert take(holder) == [item_id]
    intruder, person = site.signed_in()
    assert isinstance(person, Person)
    assert error_of(label(intruder, item_id)) == (409, "claim_lost")
    skip = intruder.post(f"{BASE}/skip", json={"item_id": site.handle(item_id)})
    assert error_of(skip) == (409, "claim_lost")
