"""Images for those who may see them, and labels for admins."""

from __future__ import annotations

import csv
import io
import json

from review_app.learning.export import COLUMNS
from review_app.review.options import ReviewOptions, change_options
from storage.enums import AuditKind, Role
from storage.models import AuditEvent
from tests.factories import NO_PICTURE
from tests.web.site import Site, picture


def test_a_reviewer_sees_what_was_handed_out_and_nothing_else(site: Site) -> None:
    mine, _ = site.items(2)
    client, _ = site.signed_in()
    client.post("/api/v1/review/take", json={"n": 1})
    answer = client.get(f"/media/{mine}")
    assert answer.status_code == 200
    assert answer.content == picture(mine)
    refused = [client.get(f"/media/{item_id}") for item_id in (mine + 1, 10**9)]
    assert {answer.status_code for answer in refused} == {403}
    assert len({answer.text for answer in refused}) == 1, "which ids exist is no news"


def test_an_admin_sees_every_image_and_is_told_what_is_missing(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in(Role.ADMIN)
    assert client.get(f"/media/{item_id}").status_code == 200
    assert client.get(f"/media/{10**9}").status_code == 404
    without_file = site.factory.item()
    answer = client.get(f"/media/{without_file}")
    assert (answer.status_code, "missing on disk" in answer.text) == (404, True)
    elsewhere = site.factory.item(image=NO_PICTURE | {"path": "a.png"})
    answer = client.get(f"/media/{elsewhere}")
    assert (answer.status_code, "not stored here" in answer.text) == (404, True)
    assert client.get(f"/media/{2**63}").status_code == 422
    assert client.get("/media/..%2f..%2fsecret.key").status_code in (404, 422)


def test_an_image_may_be_kept_by_its_viewer_alone_and_is_named_by_number(site: Site) -> None:
    item_id = site.items(1)[0]
    client, _ = site.signed_in(Role.ADMIN)
    headers = client.get(f"/media/{item_id}").headers
    assert headers["cache-control"] == "private, max-age=3600, immutable"
    assert headers["content-type"] == "image/png"
    assert headers["content-disposition"] == f'inline; filename="image-{item_id}.png"'
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_nobody_sees_images_without_a_session(site: Site) -> None:
    item_id = site.items(1)[0]
    assert site.anybody().get(f"/media/{item_id}").status_code == 401


def test_exports_hold_the_answers_and_are_recorded(site: Site) -> None:
    item_id = site.items(1)[0]
    client, reviewer = site.signed_in()
    admin, person = site.signed_in(Role.ADMIN)
    change_options(site.app.database, person, ReviewOptions(undo_minutes=0))
    client.post("/api/v1/review/take", json={"n": 1})
    answer = {"client_id": "answer-0001", "item_id": item_id, "value": "fake", "comment": "=1+1"}
    assert client.post("/api/v1/review/label", json=answer).status_code == 200
    for form in ("csv", "jsonl"):
        export = admin.get(f"/exports/labels.{form}")
        assert export.headers["content-disposition"] == f'attachment; filename="labels.{form}"'
        rows = (
            list(csv.DictReader(io.StringIO(export.text)))
            if form == "csv"
            else [json.loads(line) for line in export.text.splitlines()]
        )
        assert tuple(rows[0]) == COLUMNS
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
