"""What is deleted is hidden at once and gone later; until then it can be brought back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from review_app.bulk.purging import PurgeSchedule
from review_app.core.errors import ConflictError, InputError
from review_app.core.permissions import Person
from review_app.durability.backup.content import Content
from review_app.intake.media_check import check_media
from review_app.records.record import read_record
from storage.enums import BulkKind, ItemState, JobKind, LabelValue, PlacedBy
from storage.repositories.bulk_bars import BulkBar
from storage.snapshot import snapshot
from storage.types import utc_now
from tests.bulk.scene import Scene

ACCEPTED, REVIEW, RESOLVED = ItemState.AUTO_ACCEPTED, ItemState.IN_REVIEW, ItemState.RESOLVED
ASKED = {"reason": "asked to be forgotten"}


def stored(scene: Scene, item_id: int) -> int:
    """The image's files are on disk; its item."""
    image = scene.item(item_id).image
    assert image.sha256 is not None
    scene.media.add(image.sha256, b"original", b"public", "image/png")
    return item_id


@pytest.fixture
def settled(scene: Scene) -> int:
    scene.certify()
    return stored(scene, scene.decided(1, RESOLVED, verdict=LabelValue.FAKE)[0])


def test_it_is_hidden_at_once_and_its_files_stay_until_it_is_due(
    scene: Scene, settled: int
) -> None:
    before = scene.as_it_was()
    number = scene.act(BulkKind.DELETE, [settled], hours=24, **ASKED)
    assert scene.item(settled).image.picture is None
    with scene.database.read() as repos:
        record = read_record(repos, scene.item(settled), scene.root.id, utc_now())
    assert record.deleted is not None
    assert record.deleted.due is not None
    assert timedelta(hours=23) < record.deleted.due - utc_now() <= timedelta(hours=24)
    assert scene.purge() == []
    assert len([*scene.media.all_stored()]) == 2
    report = check_media(scene.database, scene.media)
    assert (report.checked, report.orphans) == (2, []), "they are wanted yet"
    assert scene.faults() == []
    scene.undo(number)
    assert scene.as_it_was() == before
    assert scene.purge() == []
    assert scene.faults() == []


def test_a_backup_has_the_files_of_what_can_be_brought_back(
    scene: Scene, settled: int, tmp_path: Path
) -> None:
    scene.act(BulkKind.DELETE, [settled], **ASKED)
    path = scene.database.engine.url.database
    assert path is not None
    snapshot(Path(path), tmp_path / "copy.db")
    kept = {scene.media.relative(path) for path in scene.media.all_stored()}
    assert {media.path for media in Content(tmp_path / "copy.db").media()} == kept


def test_what_is_due_goes_once_whoever_looks(scene: Scene, settled: int) -> None:
    number = scene.act(BulkKind.DELETE, [settled], hours=0, **ASKED)
    now, schedules = utc_now(), [PurgeSchedule(scene.database) for _ in range(2)]
    (purge,) = [one for each in schedules for one in each.ask_if_due(now)]
    with scene.database.read() as repos:
        (job,) = repos.jobs.of_kind(JobKind.BULK)
    assert (purge.asked_by, job.parameters) == (scene.root.name, {"action": purge.id})
    scene.run(purge.id)
    scene.run(purge.id)
    assert [*scene.media.all_stored()] == []
    assert scene.touched(purge.id) == 1
    assert scene.service.preview_undo(scene.root, number).left_out == {BulkBar.DELETED: 1}
    with pytest.raises(ConflictError, match="cannot be taken back"):
        scene.undo(purge.id)
    assert scene.purge() == []
    assert scene.faults() == []


def test_no_form_takes_the_place_of_what_is_due(scene: Scene, settled: int) -> None:
    number = scene.act(BulkKind.DELETE, [settled], hours=0, **ASKED)
    for key in (f"purge:{number}", f"purge:{number:>08}"):
        with pytest.raises(InputError):
            scene.service.ask(scene.root, scene.order(BulkKind.TAG, [settled], tag="x"), key)
    assert len(scene.purge()) == 1


def test_an_undo_that_is_asked_for_in_time_saves_the_files(scene: Scene, settled: int) -> None:
    number = scene.act(BulkKind.DELETE, [settled], hours=0, **ASKED)
    (purge,) = PurgeSchedule(scene.database).ask_if_due(utc_now(), in_background=False)
    undo = scene.service.undo(scene.root, number, in_background=False)
    scene.run(purge.id)
    assert len([*scene.media.all_stored()]) == 2
    scene.run(undo.id)
    assert scene.item(settled).image.picture is not None
    assert scene.purge() == []


def test_what_came_to_be_needed_meanwhile_stays(scene: Scene, settled: int) -> None:
    scene.act(BulkKind.DELETE, [settled], hours=0, **ASKED)
    scene.factory.prediction(settled)
    scene.factory.decision(settled, audited=True, proposal="accept_fake")
    scene.purge()
    assert len([*scene.media.all_stored()]) == 2
    assert scene.item(settled).image.picture is None


def test_what_was_accepted_comes_back_to_people_once_auto_accept_was_closed(
    scene: Scene,
) -> None:
    """An alarm reopens nothing that is hidden: it must not stay accepted behind its back."""
    scene.certify()
    (accepted,) = scene.decided(1, ACCEPTED)
    (settled,) = scene.decided(1, RESOLVED, verdict=LabelValue.FAKE)
    number = scene.act(BulkKind.DELETE, [accepted, settled], **ASKED)
    scene.factory.policy(3, "suspended")
    undo = scene.undo(number)
    assert scene.touched(undo) == 2
    assert (scene.item(accepted).state, scene.item(accepted).placed_by) == (REVIEW, PlacedBy.HAND)
    assert scene.item(settled).state is RESOLVED
    assert scene.faults() == []


def test_what_somebody_has_before_them_is_left_out(scene: Scene, ada: Person, settled: int) -> None:
    with scene.database.write() as repos:
        repos.claims.give(ada.id, settled, utc_now(), utc_now() + timedelta(hours=1))
    told = scene.preview(BulkKind.DELETE, [settled], **ASKED)
    assert told.left_out == {BulkBar.HELD: 1}
