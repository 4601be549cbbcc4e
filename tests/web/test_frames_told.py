"""Of an animation or of several pages one picture is shown and scored: everybody is told so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from review_app.web.admin.images_record import record_html
from storage.enums import AuditKind, ItemState, Role
from storage.repositories.items import Move
from tests.intake.samples import encode, picture
from tests.records.exporting import rows
from tests.web.site import Site

TOLD = {
    "GIF": "6 frames; this is the first",
    "PNG": "6 frames; this is the first",
    "WEBP": "6 frames; this is the first",
    "AVIF": "6 frames; this is the first",
    "TIFF": "6 pages; this is the first",
}


def several(format_name: str, n: int = 6) -> bytes:
    frames = [picture(seed=n) for n in range(n)]
    return encode(frames[0], format_name, save_all=True, append_images=frames[1:])


@pytest.fixture
def taken(fresh: Site, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Site, int]:
    """A site with one image of several frames, and its item."""
    path = tmp_path / f"a.{request.param.lower()}"
    path.write_bytes(several(request.param))
    fresh.app.intake.ingest([path], "tester")
    with fresh.app.database.write() as repos:
        (item,) = repos.items.in_state(ItemState.PENDING, 10)
        repos.items.move("tester", [Move(item.id, ItemState.IN_REVIEW, AuditKind.TRIAGED)])
        return fresh, item.id


def task_of(client: TestClient) -> dict[str, Any]:
    (task,) = client.post("/api/v1/review/take", json={"n": 1}).json()
    assert isinstance(task, dict)
    return task


@pytest.mark.parametrize("taken", TOLD, indirect=True)
def test_the_page_the_record_and_exports_tell_that_one_of_several_frames_is_shown(
    taken: tuple[Site, int], request: pytest.FixtureRequest
) -> None:
    site, item_id = taken
    words = TOLD[request.node.callspec.params["taken"]]
    client, _ = site.signed_in()
    task = task_of(client)
    assert (task["frames"], task["paged"]) == (6, "pages" in words)
    told = client.get(f"{task['image_url']}/metadata").json()
    assert {"name": "About this file", "value": words} in told
    _, admin = site.signed_in(Role.ADMIN)
    record = site.app.records.show(admin, item_id)
    assert words in record_html(record)
    (row,) = rows(site.app.database)
    assert row["n_frames"] == 6


def test_a_file_of_one_picture_says_nothing_of_frames(site: Site) -> None:
    site.items(1)
    client, _ = site.signed_in()
    task = task_of(client)
    assert (task["frames"], task["paged"]) == (1, False)
