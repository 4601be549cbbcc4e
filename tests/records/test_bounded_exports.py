"""Exports of images take as little memory for many images as for few."""

from __future__ import annotations

import gc
import json
import random
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from review_app.core.hashing import sha256
from review_app.core.spooled_archive import SpooledArchive
from review_app.lab.datasets.families import equal_edges, families, one_split
from review_app.manifests.labels import ManifestLabel
from review_app.records.exports.kept import new_place
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.records.settled_images import SettledImage
from review_app.records.settled_spool import SettledSpool
from storage.enums import ItemState, LabelValue
from storage.repositories import export_batches
from tests.applications import Deployment, deployment

FEW, MANY = 150, 600
MOST_PER_IMAGE = 1500
"""Bytes, most of them chance, up to 1,030 beside other tests: lists of what is known of each image
took thousands."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployment(tmp_path_factory.mktemp("place")) as place:
        yield place


def settle(place: Deployment, upto: int) -> None:
    """Have so many images that came with a label, of a few bytes each."""
    with place.app.database.read() as repos:
        n = len(repos.items.in_state(ItemState.RESOLVED, MANY))
    for number in range(n, upto):
        data = f"image {number}".encode()
        place.app.media.add(sha256(data), data, data, "image/png")
        image = {"sha256": sha256(data), "public_sha256": sha256(data)}
        value = LabelValue.FAKE if number % 2 else LabelValue.REAL
        split = ("train", "val", "test")[number % 3]
        kept = {"known": value, "split": split, "group_key": f"group {number // 2}"}
        place.factory.item(ItemState.RESOLVED, image=image, **kept)  # type: ignore[arg-type]


def peak_of(place: Deployment, zipped: bool) -> int:
    """The most bytes that Python takes for the export: the least of three, for garbage lies about
    for longer or shorter."""
    return min(one_peak(place, zipped) for _ in range(3))


def one_peak(place: Deployment, zipped: bool) -> int:
    """The most bytes of one export, which is whole."""
    exports, name = place.app.exports, new_place()
    request = ExportRequest(ExportKind.IMAGEFOLDER, zipped=zipped)
    usual = gc.get_threshold()
    gc.collect()
    gc.set_threshold(700, 10, 10)  # as in the process of a job; tests look for garbage seldom
    tracemalloc.start()
    try:
        told = exports.kept.make(name, request, exports.run, lambda _done, _total: None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.set_threshold(*usual)
    with zipfile.ZipFile(exports.kept.path(name, told["file"])) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        listed = json.loads(archive.read("manifest.json"))
    assert listed["rows"] == told["rows"] == sum(listed["counts"]["label"].values())
    assert {one["path"] for one in listed["files"]} <= set(names)
    if not zipped:
        assert len([one for one in names if one.endswith(".png")]) == told["rows"]
    return peak


def test_memory_does_not_grow_with_the_images(
    place: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is read of the database at a time is bounded already, by far more than there is here.
    monkeypatch.setattr(export_batches, "WINDOW", 64)
    settle(place, FEW)
    one_peak(place, False)  # what is imported, and remembered once
    few = {zipped: peak_of(place, zipped) for zipped in (False, True)}
    settle(place, MANY)
    many = {zipped: peak_of(place, zipped) for zipped in (False, True)}
    growth = {zipped: (many[zipped] - few[zipped]) / (MANY - FEW) for zipped in few}
    assert max(growth.values()) < MOST_PER_IMAGE, growth


def image(number: int, draw: random.Random) -> SettledImage:
    return SettledImage(
        sha256=sha256(str(number).encode()),
        name=f"{number}.png",
        format="PNG",
        label=draw.choice(list(ManifestLabel)),
        weight=draw.random() + 1,
        source=draw.choice([None, "press"]),
        group=draw.choice([None, None, *(f"group {n}" for n in range(12))]),
        split=draw.choice([None, "train", "val", "test", "other"]),
        alike=draw.randrange(30),
        audited=draw.random() < 0.5,
        corrected=draw.random() < 0.5,
        put_first=draw.random() < 0.5,
    )


def in_memory(found: list[SettledImage]) -> list[tuple[str | None, str | None]]:
    """The group and the split of each, by the families that `lab.datasets` finds."""
    told: list[tuple[str | None, str | None]] = [(None, None)] * len(found)
    edges = (equal_edges([one.alike for one in found]), equal_edges([one.group for one in found]))
    for family in families(len(found), *edges):
        members = [found[at] for at in family]
        names = {one.group for one in members}
        is_named = len(names) == 1 and (len(members) == 1 or None not in names)
        name = names.pop() if is_named else f"family-{members[0].sha256[:16]}"
        for at in family:
            told[at] = (name, one_split(one.split for one in members))
    return told


@pytest.mark.parametrize("seed", range(8))
def test_families_on_disk_are_those_in_memory(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    given = [image(number, draw) for number in range(draw.choice([0, 1, 7, 60]))]
    expected = in_memory(given)
    with closing(SettledSpool(given, tmp_path)) as spool:
        found = list(spool)
        assert len(spool) == len(given)
        moved = sum(split != one.split for one, (_, split) in zip(given, expected, strict=True))
        assert spool.moved() == moved
        assert spool.has_splits() == any(one.split for one in given)
    assert [(one.group, one.split) for one in found] == expected
    assert [(one.sha256, one.label, one.weight) for one in found] == [
        (one.sha256, one.label, one.weight) for one in given
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_long_chain_is_one_family(tmp_path: Path) -> None:
    draw = random.Random(3)
    links = list(range(4000))
    draw.shuffle(links)

    def chain() -> Iterator[SettledImage]:
        for number in links:
            one = image(number, draw)
            for group in (number, number + 1):
                yield SettledImage(
                    **{
                        **{name: getattr(one, name) for name in SettledImage.__slots__},
                        "alike": number,
                        "group": f"group {group}",
                        "split": "train",
                    }
                )

    with closing(SettledSpool(chain(), tmp_path)) as spool:
        assert len({one.group for one in spool}) == 1


def test_an_archive_is_as_zipfile_writes_it(tmp_path: Path) -> None:
    members = {f"a/{n}.png": bytes([n]) * n for n in range(50)}
    (tmp_path / "file").write_bytes(b"of the disk")
    with SpooledArchive(tmp_path / "spooled.zip") as spooled:
        for name, data in members.items():
            spooled.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), data)
        spooled.write(tmp_path / "file", "ä.txt")
    with zipfile.ZipFile(tmp_path / "plain.zip", "w") as plain:
        for name, data in members.items():
            plain.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), data)
        plain.write(tmp_path / "file", "ä.txt")
    assert (tmp_path / "spooled.zip").read_bytes() == (tmp_path / "plain.zip").read_bytes()
