"""Images for those who may see them, and labels for admins."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from email.utils import formatdate

import pytest

from review_app.policy.review_options import ReviewOptions, change_options
from review_app.records.exports.columns import COLUMN_NAMES
from review_app.web import even
from storage.enums import AuditKind, Role
from storage.models import AuditEvent
from tests.factories import NO_PICTURE
from tests.web.site import Site, picture

BY_NUMBER = "/api/v1/admin/images"


def test_a_reviewer_sees_what_was_handed_out_and_nothing_else(site: Site) -> None:
    mine, theirs = site.items(2)
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 1})
    answer = client.get(f"/media/{site.handle(mine)}")
    assert answer.status_code == 200
    assert answer.content == picture(mine)
    other, _ = site.signed_in()
    other.post("/api/v1/review/take", json={"n": 1})
    named = (site.handle(theirs), "never-handed-out", str(mine), str(theirs), str(10**9))
    refused = [client.get(f"/media/{name}") for name in named]
    assert {answer.status_code for answer in refused} == {403}
    assert len({answer.text for answer in refused}) == 1, "what exists is no news"
    by_number = client.get(f"/api/v1/admin/images/{mine}")
    assert by_number.status_code == 403


def test_an_admin_sees_every_image_and_is_told_what_is_missing(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in(Role.ADMIN)
    assert client.get(f"{BY_NUMBER}/{item_id}").status_code == 200
    assert client.get(f"{BY_NUMBER}/{10**9}").status_code == 404
    without_file = site.factory.item()
    answer = client.get(f"{BY_NUMBER}/{without_file}")
    assert (answer.status_code, "missing on disk" in answer.text) == (404, True)
    elsewhere = site.factory.item(image=NO_PICTURE | {"path": "a.png"})
    answer = client.get(f"{BY_NUMBER}/{elsewhere}")
    assert (answer.status_code, "not stored here" in answer.text) == (404, True)
    assert client.get(f"{BY_NUMBER}/{2**63}").status_code == 422
    assert client.get("/media/..%2f..%2fsecret.key").status_code in (404, 422)


def test_an_image_may_be_kept_by_its_viewer_alone_and_its_headers_tell_nothing(site: Site) -> None:
    first, second = site.items(2)
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 2})
    headers = client.get(f"/media/{site.handle(first)}").headers
    assert headers["cache-control"] == "private, max-age=3600, immutable"
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"] == 'inline; filename="image.png"'
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "last-modified" not in headers
    others = client.get(f"/media/{site.handle(second)}").headers
    differing = {name for name in headers if headers[name] != others[name]}
    assert differing <= {"content-length", "etag", "date"}
    assert headers.keys() == others.keys()


def test_the_time_when_an_image_was_stored_changes_nothing_that_is_told(site: Site) -> None:
    """Nor does a range that is asked for only if nothing has changed since some time."""
    (item,) = site.items(1)
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 1})
    address = f"/media/{site.handle(item)}"
    with site.app.database.read() as repos:
        stored = repos.items.get(item)
        assert stored is not None
        picture = stored.image.picture
    assert picture is not None
    path = site.app.media.public(picture.sha256, picture.public_type)
    told = []
    for at in (1_000_000_000, 1_700_000_000):
        os.utime(path, (at, at))
        time = formatdate(at, usegmt=True)
        asks: tuple[dict[str, str], ...] = (
            {},
            {"range": "bytes=0-9"},
            {"range": "bytes=0-9", "if-range": time},
            {"if-modified-since": time},
        )
        answers = [client.get(address, headers=ask) for ask in asks]
        kept = [{k: v for k, v in a.headers.items() if k != "date"} for a in answers]
        told.append((kept, [(a.status_code, a.content) for a in answers]))
    assert told[0] == told[1]
    tag = client.get(address).headers["etag"]
    part = client.get(address, headers={"range": "bytes=0-9", "if-range": tag})
    assert (part.status_code, len(part.content)) == (206, 10)


def test_replies_come_at_even_times_while_known_images_are_mixed_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(even, "LOOK_AGAIN", -1.0)
    client, _ = site.signed_in()
    site.factory.review_options(gold_share=0.1)

    def quickest() -> float:
        """Of several, in seconds: on a busy machine any of them may be late."""
        took = []
        for _ in range(8):
            clock = time.perf_counter()
            client.get("/api/v1/review/recent")
            took.append(time.perf_counter() - clock)
        return min(took)

    assert quickest() >= even.GRID
    site.factory.review_options(gold_share=0)
    assert quickest() < even.GRID, "and not a moment longer"


def test_nobody_sees_images_without_a_session(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 1})
    for address in (f"/media/{site.handle(item_id)}", f"{BY_NUMBER}/{item_id}"):
        assert site.anybody().get(address).status_code == 401


def test_exports_hold_the_answers_and_are_recorded(site: Site) -> None:
    item_id = site.items(1)[0]
    client, reviewer = site.signed_in()
    admin, person = site.signed_in(Role.ADMIN)
    change_options(site.app.database, person, ReviewOptions(undo_minutes=0))
    client.post("/api/v1/review/take", json={"n": 1})
    handle = site.handle(item_id)
    answer = {"client_id": "answer-0001", "item_id": handle, "value": "fake", "comment": "=1+1"}
    assert client.post("/api/v1/review/label", json=answer).status_code == 200
    for form in ("csv", "jsonl"):
        export = admin.get(f"/exports/labels.{form}")
        assert export.headers["content-disposition"] == f'attachment; filename="labels.{form}"'
        rows = (
            list(csv.DictReader(io.StringIO(export.text)))
            if form == "csv"
            else [json.loads(line) for line in export.text.splitlines()]
        )
        assert tuple(rows[0]) == COLUMN_NAMES
        labelled = [row for row in rows if row["label"] == "fake"]
        assert len(labelled) == 1
        assert reviewer.name not in export.text, "people go by their pseudonyms"
        assert labelled[0]["comment"] == ("'=1+1" if form == "csv" else "=1+1")
    with site.app.database.read() as repos:
        events = repos.session.query(AuditEvent).filter_by(kind=AuditKind.EXPORTED).all()
        assert [event.actor for event in events] == [person.name] * 2


def test_reviewers_take_no_labels_out(site: Site) -> None:
    client, _ = site.signed_in()
    assert client.get("/exports/labels.csv").status_code == 403
    admin, _ = site.signed_in(Role.ADMIN)
    assert admin.get("/exports/labels.exe").status_code == 404


@pytest.mark.parametrize("kind", ["original", "public"])
def test_a_damaged_image_is_told_instead_of_shown(kind: str, site: Site) -> None:
    (item,) = site.items(1)
    client, _ = site.signed_in()
    admin, _ = site.signed_in(Role.ADMIN)
    client.post("/api/v1/review/take", json={"n": 1})
    with site.app.database.read() as repos:
        stored = repos.items.get(item)
        assert stored is not None
        sha256 = stored.image.key
    public, original = site.app.media.public(sha256, "image/png"), site.app.media.original(sha256)
    damaged, address = {
        "public": (public, f"/media/{site.handle(item)}"),
        "original": (original, f"/media/{site.handle(item)}/small"),
    }[kind]
    os.truncate(damaged, damaged.stat().st_size // 2)
    told = client.get(address)
    assert (told.status_code, told.json()["error"]["code"]) == (500, "image_damaged")
    assert "damaged" in told.json()["error"]["message"]
    assert str(site.app.settings.data_dir) not in told.text
    by_number = f"{BY_NUMBER}/{item}" + ("" if kind == "public" else "/small")
    assert admin.get(by_number).status_code == 500
