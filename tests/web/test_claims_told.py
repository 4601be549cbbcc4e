"""That a file says a generator made it: told to whom, and when."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from review_app.core.permissions import Person
from review_app.web.admin.images_record import record_html
from storage.enums import Role
from tests.web.site import Site

WORKFLOW = '{"nodes": [{"id": 1, "class_type": "KSampler"}]}'
CLAIMS: list[dict[str, Any]] = [
    {"text": {"workflow": WORKFLOW}},
    {"exif": {"Software": "Adobe Firefly"}},
    {"xmp": {"Iptc4xmpExt:DigitalSourceType": "trainedAlgorithmicMedia"}},
    {"iptc": {"Credit": "Made with Google AI"}},
    {"c2pa": {"state": "valid", "signer": "OpenAI", "sources": ["trainedAlgorithmicMedia"]}},
    {"c2pa": {"state": "broken", "generator": "Adobe_Firefly/1.0"}},
]
CAMERA = {"exif": {"Make": "Camera works"}}


def item_saying(site: Site, metadata: dict[str, Any], decided: bool = True) -> int:
    item_id = site.items(1, decided=decided)[0]
    with site.app.database.write() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        item.image.file_metadata = metadata
    return item_id


def handed(site: Site, item_id: int, role: Role = Role.REVIEWER) -> tuple[TestClient, Person, str]:
    """Somebody who holds the item, and what they know it by."""
    client, person = site.signed_in(role)
    client.post("/api/v1/review/take", json={"n": 1})
    return client, person, site.handle(item_id, person)


def told(client: TestClient, address: str) -> dict[str, str]:
    return {row["name"]: row["value"] for row in client.get(f"{address}/metadata").json()}


def answer(client: TestClient, handle: str) -> dict[str, Any]:
    """The receipt."""
    sent = {"client_id": f"claims-{handle}", "item_id": handle, "value": "real"}
    reply = client.post("/api/v1/review/label", json=sent)
    assert reply.status_code == 200
    receipt: dict[str, Any] = reply.json()
    return receipt


@pytest.fixture(autouse=True)
def _usual_options(site: Site) -> None:
    site.factory.review_options(claim_before_answer=False, reveal="after_label", undo_minutes=5)


@pytest.mark.parametrize("metadata", CLAIMS, ids=lambda claim: next(iter(claim)))
def test_a_reviewer_is_not_told_before_the_answer_that_a_file_says_so(
    site: Site, metadata: dict[str, Any]
) -> None:
    """Nor that there is anything to be told."""
    client, _, handle = handed(site, item_saying(site, CAMERA | metadata | {"dpi": [72, 72]}))
    assert told(client, f"/media/{handle}") == (
        {"EXIF Make": "Camera works", "Dots per inch": "72, 72"}
        if "exif" not in metadata
        else {"Dots per inch": "72, 72"}
    )


def test_a_reviewer_is_told_first_where_the_admin_chose_so(site: Site) -> None:
    site.factory.review_options(claim_before_answer=True)
    client, _, handle = handed(site, item_saying(site, {"text": {"workflow": WORKFLOW}}))
    line, *rows = client.get(f"/media/{handle}/metadata").json()
    assert line["value"].startswith(
        "This file says that a generator made it: ComfyUI. That is plain"
    )
    assert [row["value"] for row in rows] == [WORKFLOW]


def test_a_reviewer_is_told_after_the_answer(site: Site) -> None:
    client, _, handle = handed(site, item_saying(site, {"text": {"workflow": WORKFLOW}}))
    assert answer(client, handle)["claim"] == "metadata: ComfyUI"
    assert "ComfyUI" in told(client, f"/media/{handle}")["Made by a generator?"]
    (own, *_) = client.get("/api/v1/review/recent").json()
    assert own["claim"] == "metadata: ComfyUI"


@pytest.mark.parametrize("minutes", [0, 5])
def test_where_an_answer_could_still_follow_from_it_a_reviewer_is_not_told(
    site: Site, minutes: int
) -> None:
    """What the model thinks is never told here, so a second answer would count as a blind one."""
    site.factory.review_options(reveal="never", undo_minutes=minutes)
    client, _, handle = handed(site, item_saying(site, {"text": {"workflow": WORKFLOW}}))
    assert answer(client, handle)["claim"] is None
    assert ("Made by a generator?" in told(client, f"/media/{handle}")) == (minutes == 0)


def test_an_admin_is_told_but_not_of_what_they_are_to_judge(site: Site) -> None:
    item_id = item_saying(site, {"text": {"workflow": WORKFLOW}})
    admin, _ = site.signed_in(Role.ADMIN)
    assert "Made by a generator?" in told(admin, f"/api/v1/admin/images/{item_id}")
    judging, _, handle = handed(site, item_id, Role.ADMIN)
    for address in (f"/media/{handle}", f"/api/v1/admin/images/{item_id}"):
        assert told(judging, address) == {}


def test_the_record_tells_an_admin_in_words_once_there_is_a_verdict(site: Site) -> None:
    item_id = item_saying(site, {"text": {"workflow": WORKFLOW}})
    _, admin = site.signed_in(Role.ADMIN)
    assert "generator" not in record_html(site.app.records.show(admin, item_id))
    client, _, handle = handed(site, item_id)
    answer(client, handle)
    told = record_html(site.app.records.show(admin, item_id))
    assert "<dd>This file says that a generator made it: ComfyUI. That is plain text" in told
