"""Faces are looked for while images are scored, and told wherever an image is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from review_app.demo.photos import PHOTOS
from review_app.inference.faces import FINDER_VERSION, networks
from review_app.records.record import read_record
from storage.types import utc_now
from tests.applications import Deployment, deployment
from tests.intake.samples import encode, picture
from tests.records.exporting import rows

PICTURE, FACELESS = "astronaut.jpg", "noise.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A photo of a person, stored on its side as a camera does, and one of nobody."""
    photo = next(photo for photo in PHOTOS if photo.name == "astronaut")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter when shown
    folder = tmp_path / "in"
    folder.mkdir()
    turned = Image.fromarray(photo.load()).crop((60, 0, 460, 300)).rotate(90, expand=True)
    turned.save(folder / PICTURE, quality=95, exif=exif)
    (folder / FACELESS).write_bytes(encode(picture(seed=1), "PNG"))
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def scored(place: Deployment, folder: Path) -> dict[str, int]:
    """The ids of the items, by name, once they are triaged."""
    place.app.intake.ingest([folder], "tester")
    report = place.app.triage.run("tester")
    assert (report.scored, report.failed) == (2, 0)
    return {Path(item.name).name: item_id for item_id, item in place.items().items()}


def test_boxes_are_stored_with_the_scores(place: Deployment, folder: Path) -> None:
    ids = scored(place, folder)
    with place.app.database.read() as repos:
        found = repos.faces.of_items(list(ids.values()))
    assert {row.finder for row in found.values()} == {FINDER_VERSION}
    assert found[ids[FACELESS]].boxes == []
    ((left, top, width, height, probability),) = found[ids[PICTURE]].boxes
    # Of the upright picture: 400 by 300, cut from the photo at (60, 0).
    assert 110 < (left + width / 2) * 400 < 220
    assert 60 < (top + height / 2) * 300 < 190
    assert probability > 0.9


def test_reviewers_are_told_where_faces_are_and_nothing_else(
    place: Deployment, folder: Path
) -> None:
    scored(place, folder)
    told = {task.width: task for task in place.app.review.take(place.factory.person(), 2)}
    (face,) = told[400].faces
    assert face.model_dump(mode="json").keys() == {"shape", "points"}
    assert 0.005 < face.area < 0.2
    assert next(task for width, task in told.items() if width != 400).faces == ()


def test_the_record_and_exports_tell_how_many_there_are(place: Deployment, folder: Path) -> None:
    ids = scored(place, folder)
    unlooked = place.factory.item()
    now = utc_now()
    with place.app.database.read() as repos:
        records = {}
        for name, item_id in {**ids, "unlooked": unlooked}.items():
            item = repos.items.get(item_id)
            assert item is not None
            records[name] = read_record(repos, item, place.factory.admin().id, now).faces
    assert records == {PICTURE: 1, FACELESS: 0, "unlooked": None}
    exported = [row["faces"] for row in rows(place.app.database)]
    by_item = zip(sorted([*ids.values(), unlooked]), exported, strict=True)
    assert dict(by_item) == {ids[PICTURE]: 1, ids[FACELESS]: 0, unlooked: None}


def test_nobody_looks_twice_nor_where_it_is_switched_off(
    place: Deployment, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = scored(place, folder)
    with place.app.database.write() as repos:
        repos.faces.put_many(FINDER_VERSION, {ids[PICTURE]: [[0.1, 0.1, 0.2, 0.2, 0.99]]})
        repos.faces.put_many("another", {ids[FACELESS]: [[0.1, 0.1, 0.2, 0.2, 0.99]]})
        repos.session.connection().exec_driver_sql("DELETE FROM feature")
        items = repos.items.get_many(list(ids.values()))
    place.app.detectors.score(items, place.app.policies.current().checkpoint)
    with place.app.database.read() as repos:
        found = repos.faces.of_items(list(ids.values()))
    assert found[ids[PICTURE]].boxes == [[0.1, 0.1, 0.2, 0.2, 0.99]]
    assert (found[ids[FACELESS]].finder, found[ids[FACELESS]].boxes) == (FINDER_VERSION, [])

    monkeypatch.setenv("REVIEW_FIND_FACES", "false")
    with deployment(tmp_path / "off") as off:
        silent = scored(off, folder)
        with off.app.database.read() as repos:
            assert repos.faces.of_items(list(silent.values())) == {}


def test_a_finder_that_fails_holds_no_image_up(
    place: Deployment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = Path("/nowhere/mtcnn.safetensors")
    monkeypatch.setattr(networks.load_cascade, "__defaults__", (nowhere, ""))
    ids = scored(place, folder)
    with place.app.database.read() as repos:
        assert [row.boxes for row in repos.faces.of_items(list(ids.values())).values()] == [[], []]


def test_inspect_tells_how_many_there_are(place: Deployment, folder: Path) -> None:
    admin = place.factory.admin()
    place.app.policies.current()
    said = [
        place.app.inspector.read(admin, folder / name, name).result().said["faces"]
        for name in (PICTURE, FACELESS)
    ]
    assert said == [1, 0]
