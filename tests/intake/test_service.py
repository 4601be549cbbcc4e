"""Intake into a real database: each image once, each refusal named, nothing half done."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from review_app.bulk.order import BulkOrder, ImageSelection
from review_app.core.errors import ManifestError, RefusalReason
from review_app.core.hashing import sha256
from review_app.intake.decode import DecodedImage
from review_app.intake.public_copy import public_copy
from review_app.intake.service import IntakeReport
from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import BulkKind, ItemState, LabelValue
from storage.models import Image as ImageRow
from storage.models import Item
from storage.types import utc_now
from tests.applications import Deployment, deployment, write_pictures
from tests.intake.samples import SECRET, encode, exif, picture, png_declaring, png_text

ROOT = Path(__file__).parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def ingest(place: Deployment, *paths: Path) -> tuple[int, int, list[str]]:
    report = place.app.intake.ingest(paths, "tester")
    return report.added, report.duplicates, [refusal.reason.value for refusal in report.refused]


def images(place: Deployment) -> list[ImageRow]:
    return [item.image for _, item in sorted(place.items().items())]


def known(place: Deployment, item: Item) -> LabelValue | None:
    with place.app.database.read() as repos:
        return repos.known_labels.of_item(item.id)


def test_a_second_run_changes_nothing(place: Deployment, tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 5)
    assert ingest(place, tmp_path / "in") == (5, 0, [])
    before = place.items()
    assert ingest(place, tmp_path / "in") == (0, 5, [])
    after = place.items()
    assert list(before) == list(after)
    assert all(place.events(item_id) == ["ingested"] for item_id in after)


def test_the_same_bytes_twice_in_one_batch_are_one_item(place: Deployment, tmp_path: Path) -> None:
    (first,) = write_pictures(tmp_path, 1)
    second = tmp_path / "the same.png"
    second.write_bytes(first.read_bytes())
    assert ingest(place, first, second) == (1, 1, [])
    (item,) = place.items().values()
    assert item.name == str(first)


def test_near_duplicates_are_linked_to_the_earlier_one(place: Deployment, tmp_path: Path) -> None:
    original = picture(400, 300, seed=1)
    rows = {
        "a.png": encode(original, "PNG"),
        "b.jpg": encode(original.resize((200, 150)), "JPEG", quality=80),
        "c.png": encode(picture(400, 300, seed=2), "PNG"),
    }
    for name, data in rows.items():
        (tmp_path / name).write_bytes(data)
    assert ingest(place, *(tmp_path / name for name in rows)) == (3, 0, [])
    first, similar, other = images(place)
    assert (first.near_id, other.near_id) == (None, None)
    assert similar.near_id == first.id
    assert similar.near_distance is not None
    assert similar.near_distance <= 8


def test_near_duplicates_of_an_earlier_batch_are_linked_too(
    place: Deployment, tmp_path: Path
) -> None:
    original = picture(400, 300, seed=1)
    (tmp_path / "a.png").write_bytes(encode(original, "PNG"))
    (tmp_path / "b.jpg").write_bytes(encode(original, "JPEG", quality=85))
    ingest(place, tmp_path / "a.png")
    ingest(place, tmp_path / "b.jpg")
    first, second = images(place)
    assert second.near_id == first.id
    assert [item.duplicate_group_id for item in place.items().values()] == [None, first.id]


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png"])
def test_reviewers_get_no_metadata_and_the_original_is_kept(
    place: Deployment, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    if name.endswith("jpg"):
        data = encode(picture(), "JPEG", exif=exif(6), comment=SECRET)
    else:
        data = encode(picture(), "PNG", exif=exif(6), pnginfo=png_text())
    path.write_bytes(data)
    assert ingest(place, path) == (1, 0, [])
    (row,) = images(place)
    media = place.app.media
    stored = row.picture
    assert stored is not None
    assert media.original(stored.sha256).read_bytes() == data
    public = media.public(stored.sha256, stored.public_type)
    assert SECRET not in public.read_bytes()
    with Image.open(public) as image:
        assert not image.getexif()
        assert image.size == (stored.width, stored.height) == (32, 48)  # upright
    assert "gps" in (row.file_metadata or {})


def test_bad_files_are_named_with_their_reason_and_good_ones_go_in(
    place: Deployment, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    write_pictures(folder, 2)
    jpeg = encode(picture(200, 200), "JPEG")
    bad = {
        "bomb.png": (png_declaring(50_000, 50_000), "bomb"),
        "cut.jpg": (jpeg[: len(jpeg) // 3], "unreadable"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported"),
        "empty.jpg": (b"", "empty"),
        "page.jpg": (b"<!DOCTYPE html><html><body>no</body></html>", "not_an_image"),
        "text.png": (b"only words", "not_an_image"),
    }
    for name, (data, _) in bad.items():
        (folder / name).write_bytes(data)
    (folder / "mislabelled.png").write_bytes(encode(picture(seed=9), "JPEG"))  # a good image
    report = place.app.intake.ingest([folder, tmp_path / "gone.jpg"], "tester")
    assert (report.added, report.duplicates) == (3, 0)
    found = {Path(r.path).name: r.reason.value for r in report.refused}
    svg = found.pop("drawing.svg")
    assert svg in ("unsupported", "not_an_image")
    expected = {name: reason for name, (_, reason) in bad.items() if name != "drawing.svg"}
    assert found == {**expected, "gone.jpg": "missing"}
    assert all(refusal.detail for refusal in report.refused)


def test_a_zip_is_taken_in_like_a_folder(place: Deployment, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        for path in write_pictures(tmp_path / "in", 3):
            archive.write(path, f"deep/{path.name}")
        archive.writestr("notes.txt", "not an image")
    assert ingest(place, tmp_path / "some.zip") == (3, 0, ["not_an_image"])
    assert {i.name for i in place.items().values()} == {
        f"{tmp_path}/some.zip/deep/{n:04}.png" for n in range(3)
    }


def manifest(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text("path,label,source,group,split\n" + "\n".join(lines) + "\n")
    return path


def test_labels_of_a_manifest_become_known_labels(place: Deployment, tmp_path: Path) -> None:
    write_pictures(tmp_path, 3)
    path = manifest(
        tmp_path, "0000.png,real,archive,a,calibration", "0001.png,fake,,,", "0002.png,,,,"
    )
    assert ingest(place, path) == (3, 0, [])
    first, second, third = (item for _, item in sorted(place.items().items()))
    assert [known(place, i) for i in (first, second, third)] == [
        LabelValue.REAL,
        LabelValue.FAKE,
        None,
    ]
    assert (first.source, first.group_key, first.split) == ("archive", "a", "calibration")
    assert place.events(first.id) == ["ingested", "known_label"]


def test_a_manifest_completes_items_that_came_without_one(
    place: Deployment, tmp_path: Path
) -> None:
    (path,) = write_pictures(tmp_path, 1)
    ingest(place, path)
    assert ingest(place, manifest(tmp_path, "0000.png,fake,archive,a,test")) == (0, 1, [])
    (item,) = place.items().values()
    assert (item.source, item.group_key, item.split) == ("archive", "a", "test")
    assert known(place, item) is LabelValue.FAKE


def test_the_opposite_label_for_known_content_is_a_conflict(
    place: Deployment, tmp_path: Path
) -> None:
    write_pictures(tmp_path, 1)
    assert ingest(place, manifest(tmp_path, "0000.png,real,first,,")) == (1, 0, [])
    report = place.app.intake.ingest([manifest(tmp_path, "0000.png,fake,second,,test")], "tester")
    assert [refusal.reason.value for refusal in report.refused] == ["label_conflict"]
    assert "row 2 says fake" in str(report.refused[0])
    (item,) = place.items().values()
    assert known(place, item) is LabelValue.REAL
    assert (item.source, item.split) == ("first", None)


def test_a_manifest_that_cannot_be_used_takes_nothing_in(place: Deployment, tmp_path: Path) -> None:
    (good,) = write_pictures(tmp_path, 1)
    with pytest.raises(ManifestError, match="row 2"):
        place.app.intake.ingest([good, manifest(tmp_path, "0000.png,maybe,,,")], "tester")
    assert place.items() == {}


def test_items_want_as_many_answers_as_the_options_say(place: Deployment, tmp_path: Path) -> None:
    admin = place.factory.admin()
    change_options(place.app.database, admin, ReviewOptions(needed_labels=3))
    ingest(place, *write_pictures(tmp_path, 1))
    (item,) = place.items().values()
    assert (item.needed_labels, item.open_slots) == (3, 3)


def test_progress_counts_up_to_the_total(place: Deployment, tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 40)
    seen: list[tuple[int, int]] = []
    place.app.intake.ingest([tmp_path / "in"], "tester", lambda *step: seen.append(step))
    assert seen == [(32, 40), (40, 40)]


def test_pixels_are_let_go_before_a_batch_is_written(place: Deployment, tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 20)
    before = _live_images()
    during: list[int] = []
    place.app.intake.ingest([tmp_path / "in"], "tester", lambda *_: during.append(_live_images()))
    assert max(during) <= before + 4, "a batch of decoded photographs would fill the memory"


def _live_images() -> int:
    gc.collect()
    # type(), not isinstance(): some objects warn when they are asked for their class.
    return sum(issubclass(type(thing), Image.Image) for thing in gc.get_objects())


WORKER = """
import os, signal, sys, threading
from pathlib import Path
from review_app.bootstrap import open_application
from review_app.core.settings import Settings

app = open_application(Settings(data_dir=Path(sys.argv[1])))
killed = threading.Timer(0.02, os.kill, [os.getpid(), signal.SIGKILL])
app.intake.ingest([Path(sys.argv[2])], "worker", lambda *step: killed.is_alive() or killed.start())
"""


def test_an_intake_that_was_killed_is_completed_by_the_next_run(tmp_path: Path) -> None:
    n = 160
    write_pictures(tmp_path / "in", n)
    command = [sys.executable, "-c", WORKER, str(tmp_path / "data"), str(tmp_path / "in")]
    # It kills itself when one batch is in and the next is under way: another might come too late.
    worker = subprocess.run(command, cwd=ROOT, check=False)
    assert worker.returncode == -signal.SIGKILL
    with deployment(tmp_path) as place:
        kept = len(place.items())
        assert 32 <= kept < n
        report = place.app.intake.ingest([tmp_path / "in"], "tester")
        assert report == IntakeReport(added=n - kept, duplicates=kept)
        assert len(place.items()) == n
        assert place.chain_holds()
        for image in images(place):
            stored = image.picture
            assert stored is not None
            assert sha256(place.app.media.original(stored.sha256).read_bytes()) == stored.sha256
            with Image.open(place.app.media.public(stored.sha256, stored.public_type)) as public:
                public.load()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "CSV"])
def test_an_uploaded_table_is_no_manifest_for_it_could_name_any_file(
    place: Deployment, tmp_path: Path, suffix: str
) -> None:
    secret = write_pictures(tmp_path / "elsewhere", 1)[0]
    table = tmp_path / "upload" / f"list.{suffix}"
    table.parent.mkdir()
    table.write_text(f"path\n{secret}\n")
    report = place.app.intake.ingest([table], "tester", bare_names=True)
    assert (report.added, [str(one.reason) for one in report.refused]) == (0, ["unsupported"])


def test_a_manifest_in_an_uploaded_zip_reaches_only_its_own_images(
    place: Deployment, tmp_path: Path
) -> None:
    secret = write_pictures(tmp_path / "elsewhere", 1)[0]
    upload = tmp_path / "set.zip"
    with zipfile.ZipFile(upload, "w") as archive:
        archive.writestr("a.png", encode(picture(seed=5), "PNG"))
        archive.writestr("m.csv", f"path,label\na.png,real\n{secret},fake\n../elsewhere/x,real\n")
    report = place.app.intake.ingest([upload], "tester", bare_names=True)
    assert (report.added, report.labels) == (1, 1)
    assert [str(one.reason) for one in report.refused] == ["missing", "missing"]


def test_a_file_that_nothing_foresaw_is_one_refusal_and_the_others_come_in(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path / "in", 3)
    strange = (tmp_path / "in" / "0001.png").read_bytes()

    def fails(data: bytes, decoded: DecodedImage) -> tuple[bytes, str]:
        if data == strange:
            raise ZeroDivisionError
        return public_copy(data, decoded)

    monkeypatch.setattr("review_app.intake.service.public_copy", fails)
    assert ingest(place, tmp_path / "in") == (2, 0, ["unreadable"])


def test_a_file_that_was_deleted_is_refused_with_who_and_why(
    place: Deployment, tmp_path: Path
) -> None:
    (path,) = write_pictures(tmp_path / "in", 1)
    assert ingest(place, path) == (1, 0, [])
    (item_id,) = place.items()
    place.factory.bring(item_id, ItemState.FAILED)
    root = place.factory.admin("root")
    selection = ImageSelection(picked=(item_id,))
    order = BulkOrder(BulkKind.DELETE, selection, hours=0, reason="the person in it asked")
    action = place.app.bulk.ask(root, order, in_background=False)
    place.app.bulk.run(action.id, lambda _done, _total: None)

    def comes_again() -> None:
        (refusal,) = place.app.intake.ingest([path], "tester").refused
        assert refusal.reason is RefusalReason.DELETED
        assert f"image {item_id} here; root deleted it" in refusal.detail
        assert "the person in it asked" in refusal.detail

    comes_again()
    assert len([*place.app.media.all_stored()]) == 2, "the deletion can be undone yet"
    (purge,) = place.app.purge_schedule.ask_if_due(utc_now(), in_background=False)
    place.app.bulk.run(purge.id, lambda _done, _total: None)
    assert [*place.app.media.all_stored()] == []
    comes_again()
    assert [*place.app.media.all_stored()] == []
    assert list(place.items()) == [item_id]
