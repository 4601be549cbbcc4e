"""Own past answers over HTTP: listed, changed, and only by whoever gave them."""

from __future__ import annotations

import pytest

from review_app.policy.review_options import ReviewOptions, Veil, change_options
from storage.enums import LabelValue, Role
from tests.web.site import Site
from tests.web.test_api import BASE, error_of, label, new_id, take


def test_an_answer_is_listed_with_what_was_said_and_what_the_model_thought(site: Site) -> None:
    (item_id,) = site.items(1, decided=True)
    client, _ = site.signed_in()
    assert take(client) == [item_id]
    rectangle = {"shape": "rectangle", "points": [[0.25, 0.25], [0.5, 0.75]]}
    said = {"tags": ["face swap"], "regions": [rectangle], "comment": "the ear"}
    stored = label(client, item_id, "fake", **said).json()
    (own,) = client.get(f"{BASE}/recent").json()
    assert {name: own[name] for name in said} == said
    assert (own["client_id"], own["value"]) == (stored["client_id"], "fake")
    assert (own["image_url"], own["changeable"]) == (f"/media/{site.handle(item_id)}", True)
    assert own["opinion"] == stored["opinion"]


def test_a_change_is_taken_once_and_only_of_ones_own_answer(site: Site) -> None:
    (item_id,) = site.items(1)
    client, _ = site.signed_in()
    take(client)
    of = label(client, item_id, "real").json()["client_id"]
    body = {"client_id": new_id(), "of": of, "value": "undecidable"}
    first = client.post(f"{BASE}/change", json=body)
    assert first.status_code == 200, first.text
    assert client.post(f"{BASE}/change", json=body).json() == first.json()
    assert [own["value"] for own in client.get(f"{BASE}/recent").json()] == ["undecidable"]
    other, _ = site.signed_in()
    refused = other.post(f"{BASE}/change", json={**body, "client_id": new_id()})
    assert error_of(refused)[0] == 404
    again = client.post(f"{BASE}/change", json={**body, "client_id": new_id()})
    assert error_of(again)[0] == 409


def test_an_undo_brings_what_was_said_to_every_page_of_its_author_and_to_no_other(
    site: Site,
) -> None:
    (item_id,) = site.items(1)
    client, _ = site.signed_in()
    take(client)
    rectangle = {"shape": "rectangle", "points": [[0.25, 0.25], [0.5, 0.75]]}
    said = {"tags": ["face swap"], "regions": [rectangle], "comment": "the ear"}
    stored = label(client, item_id, "fake", **said).json()
    undone = client.post(f"{BASE}/undo", json={"client_id": new_id()}).json()
    expected = {"client_id": stored["client_id"], "value": "fake", "escalation": None, **said}
    assert undone["withdrawn"] == expected
    (again,) = client.post(f"{BASE}/take", json={"n": 1}).json()
    assert again["withdrawn"] == expected
    client.post(f"{BASE}/release", json={})
    other, _ = site.signed_in()
    (theirs,) = other.post(f"{BASE}/take", json={"n": 1}).json()
    assert site.known_as([theirs["item_id"]]) == [item_id]
    assert theirs["withdrawn"] is None


def test_only_adjudicators_are_told_what_everybody_said(site: Site) -> None:
    (item_id,) = site.items(1)
    client, _ = site.signed_in()
    take(client)
    answer = label(client, item_id, "fake", escalation="<b>urgent</b>")
    assert answer.status_code == 200
    admin, _ = site.signed_in(Role.ADMIN)
    tasks = admin.post(f"{BASE}/take", json={"n": 1, "queue": "escalated"}).json()
    (statement,) = tasks[0]["statements"]
    assert (statement["escalation"], statement["value"]) == ("<b>urgent</b>", "fake")


def test_the_page_is_told_what_the_admin_chose_for_it(site: Site) -> None:
    client, _ = site.signed_in()
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(tags=("one", "two"), veil=Veil.BLUR))
    choices = client.get(f"{BASE}/choices").json()
    assert choices == {
        "values": [value.value for value in LabelValue],
        "tags": ["one", "two"],
        "veil": "blur",
    }
    change_options(site.app.database, admin, ReviewOptions())


@pytest.mark.parametrize("path", ["recent", "choices"])
def test_nobody_reads_them_without_signing_in(site: Site, path: str) -> None:
    assert site.anybody().get(f"{BASE}/{path}").status_code == 401


@pytest.mark.parametrize(
    "more",
    [
        {"tags": ["a;b"]},
        {"tags": "face swap"},
        {"escalation": " "},
        {"regions": [{"shape": "rectangle", "points": [[0, 0], [2, 2]]}]},
    ],
)
def test_what_is_malformed_is_refused_and_nothing_is_stored(
    site: Site, more: dict[str, object]
) -> None:
    (item_id,) = site.items(1)
    client, _ = site.signed_in()
    assert take(client) == [item_id]
    assert label(client, item_id, "fake", **more).status_code == 422
    assert client.get(f"{BASE}/recent").json() == []
