"""Images are found by the generator that their file says it was made by, and told only of what
nobody has to judge any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select, text

from review_app.core.permissions import Person
from review_app.forensics.claims import claimed_generators, generator_name
from review_app.opening import upgrade_database
from review_app.records.filters import Search, Trait, search_of
from review_app.records.service import RecordService
from storage.database import Database
from storage.enums import ItemState
from storage.models import ClaimedGenerator
from storage.types import utc_now
from tests.applications import deployment
from tests.factories import Factory

COMFY = {"text": {"workflow": '{"nodes": [{"class_type": "KSampler"}]}'}}
FIREFLY = {"exif": {"Software": "adobe_firefly 2"}, **COMFY}
NAMELESS = {"xmp": {"Iptc4xmpExt:DigitalSourceType": "trainedAlgorithmicMedia"}}
CAMERA = {"exif": {"Make": "Camera works"}}


def claiming(database: Database, factory: Factory, metadata: Any, state: ItemState) -> int:
    item = factory.item(state, image={"file_metadata": metadata})
    with database.write() as repos:
        repos.generator_claims.put(item, claimed_generators(metadata))
    return item


def found(records: RecordService, person: Person, **terms: Any) -> list[int]:
    return [line.item_id for line in records.find(person, Search(**terms)).lines]


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        (COMFY, {"ComfyUI"}),
        (FIREFLY, {"ComfyUI", "Adobe Firefly"}),
        (NAMELESS, {""}),
        (CAMERA, set()),
    ],
)
def test_a_generator_has_one_name_however_files_write_it(metadata: Any, names: set[str]) -> None:
    assert set(claimed_generators(metadata)) == names
    assert {generator_name(one) for one in ("STABLE-diffusion", "stable_diffusion v2")} == {
        "Stable Diffusion"
    }
    assert generator_name("x" * 200) == "x" * 80


def test_images_are_found_by_what_their_file_says(
    database: Database, factory: Factory, records: RecordService, root: Person
) -> None:
    comfy, both, nameless, _, with_people = (
        claiming(database, factory, told, state)
        for told, state in (
            (COMFY, ItemState.RESOLVED),
            (FIREFLY, ItemState.AUTO_ACCEPTED),
            (NAMELESS, ItemState.RESOLVED),
            (CAMERA, ItemState.RESOLVED),
            (COMFY, ItemState.IN_REVIEW),
        )
    )
    assert found(records, root, generator="ComfyUI") == [both, comfy]
    assert found(records, root, generator="Adobe Firefly") == [both]
    assert found(records, root, generator="nobody") == []
    assert found(records, root, trait=Trait.CLAIMED) == [nameless, both, comfy]
    assert with_people not in found(records, root, generator="ComfyUI"), "it is to be judged blind"
    assert records.generators(root, 9) == ["Adobe Firefly", "ComfyUI"]
    assert records.generators(root, 1) == ["Adobe Firefly"]
    assert search_of({"generator": " ComfyUI "}).generator == "ComfyUI"
    page = records.find(root, Search(generator="ComfyUI"), below=both)
    assert [line.item_id for line in page.lines] == [comfy]


def test_of_a_deleted_file_nothing_is_found(
    database: Database, factory: Factory, records: RecordService, root: Person
) -> None:
    item = claiming(database, factory, COMFY, ItemState.RESOLVED)
    with database.write() as repos:
        targets = repos.bulk_actions.targets([item], {})
        repos.item_marks.bury(targets, "root", utc_now(), "asked for")
    assert found(records, root, trait=Trait.CLAIMED) == []


def test_an_upgrade_reads_anew_what_is_stored(
    database: Database, factory: Factory, records: RecordService, root: Person
) -> None:
    old = factory.item(ItemState.RESOLVED, image={"file_metadata": FIREFLY})
    known_no_more = claiming(database, factory, COMFY, ItemState.RESOLVED)
    with database.write() as repos:
        row = repos.items.get(known_no_more)
        assert row is not None
        row.image.file_metadata = CAMERA
    upgrade_database(database)
    assert found(records, root, trait=Trait.CLAIMED) == [old]
    assert found(records, root, generator="ComfyUI") == [old]


def test_damaged_metadata_stands_in_no_upgrades_way(database: Database, factory: Factory) -> None:
    damaged = [factory.item(ItemState.RESOLVED) for _ in range(4)]
    intact = factory.item(ItemState.RESOLVED, image={"file_metadata": FIREFLY})
    with database.write() as repos:
        for item_id, stored in zip(damaged, (0, "[1]", '{"exif": ', '"text"'), strict=True):
            query = "UPDATE image SET file_metadata = :stored WHERE id = :id"
            image = {"stored": stored, "id": repos.items.get_many([item_id])[0].image_id}
            repos.session.execute(text(query), image)
    upgrade_database(database)
    with database.read() as repos:
        told = repos.session.scalars(select(ClaimedGenerator.item_id).distinct()).all()
    assert told == [intact]


def test_intake_keeps_what_the_file_says(tmp_path: Path) -> None:
    said = PngImagePlugin.PngInfo()
    said.add_text("Software", "Midjourney 6")
    (tmp_path / "in").mkdir()
    Image.new("RGB", (64, 64), "green").save(tmp_path / "in" / "a.png", pnginfo=said)
    with deployment(tmp_path) as place:
        place.app.intake.ingest([tmp_path / "in"], "test")
        with place.app.database.read() as repos:
            assert repos.generator_claims.names(9) == ["Midjourney"]
