"""export --manifest: what is settled can be trained on, weighed, and what is not is counted."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from review_app.core.hashing import sha256
from review_app.manifests.manifest import Manifest, read_manifest
from storage.enums import ItemState, LabelValue
from storage.models import Item
from tests.applications import Deployment, deployment, write_pictures
from tests.cli.conftest import Run

REAL, FAKE, UNSURE = LabelValue.REAL, LabelValue.FAKE, LabelValue.UNSURE


def taken_in(run: Run, folder: Path, n: int) -> None:
    """``n`` images of a folder, in the queue as items 1, 2, ... n."""
    write_pictures(folder / "in", n)
    assert run("ingest", folder / "in").code == 0


def settle(place: Deployment, item_id: int, value: LabelValue, **decision: Any) -> None:
    """As one reviewer's answer under a decision would."""
    place.factory.decision(item_id, **decision)
    place.factory.label(place.factory.person(), item_id, value)
    place.factory.bring(item_id, ItemState.RESOLVED, verdict=value)


def change(place: Deployment, item_id: int, **values: Any) -> None:
    with place.app.database.write() as repos:
        item = repos.session.get(Item, item_id)
        assert item is not None
        for name, value in values.items():
            setattr(item, name, value)


def test_images_of_a_zip_with_an_unsure_one_among_them_can_be_trained_on(
    run: Run, data_dir: Path, tmp_path: Path
) -> None:
    taken_in(run, tmp_path, 3)
    for path in (tmp_path / "in").iterdir():
        path.unlink()  # as if they had come in an archive, or been uploaded
    with deployment(tmp_path) as place:
        settle(place, 1, REAL)
        settle(place, 2, FAKE)
        place.factory.label(place.factory.person(), 3, UNSURE)
    made = run("export", "--manifest", tmp_path / "out", "--json").document
    assert made["path"] == str(tmp_path / "out" / "manifest.csv")
    assert (made["rows"], made["labels"]) == (2, {"real": 1, "fake": 1})
    assert made["left_out"] == {"unsure": 1}
    manifest = read_manifest(tmp_path / "out" / "manifest.csv", check_files=True)
    for row in manifest.rows:
        assert row.path.is_absolute()
        assert row.path.is_relative_to(data_dir / "media" / "original")
        assert sha256(row.path.read_bytes()) == row.path.name


def test_only_what_is_settled_as_real_or_fake_is_in_and_the_rest_is_counted(
    run: Run, tmp_path: Path
) -> None:
    taken_in(run, tmp_path, 9)
    with deployment(tmp_path) as place:
        factory = place.factory
        admin, first, second = factory.admin(), factory.person(), factory.person()
        settle(place, 1, REAL)
        settle(place, 2, LabelValue.UNDECIDABLE)
        for person, value in ((first, REAL), (second, FAKE)):
            factory.label(person, 3, value)
        place.factory.bring(3, ItemState.ESCALATED)
        place.factory.bring(4, ItemState.ESCALATED)
        factory.label(first, 5, FAKE)  # a second answer is wanted
        factory.decision(6, route="accept_real", inclusion_probability=0.05)
        place.factory.bring(6, ItemState.AUTO_ACCEPTED)
        factory.correction(admin, 6, FAKE, was=REAL)
        factory.decision(7, route="accept_real", inclusion_probability=0.05)
        place.factory.bring(7, ItemState.AUTO_ACCEPTED)
        settle(place, 8, FAKE)
        with place.app.database.write() as repos:
            repos.known_labels.add(8, REAL, "known.csv (row 2)", "test")
            repos.known_labels.add(9, REAL, "known.csv (row 3)", "test")
        factory.item(image={"public_type": None, "sha256": None, "path": "elsewhere.jpg"})
    outcome = run("export", "--manifest", tmp_path / "out", "--json")
    made = outcome.document
    assert made["left_out"] == {
        "accepted": 1, "contradicted": 1, "disputed": 1, "escalated": 1, "no_picture": 1,
        "undecidable": 1, "unsettled": 1,
    }  # fmt: skip
    assert made["told"]["corrected"] == 1
    labels = [row.label for row in rows_of(tmp_path / "out").rows]
    assert labels == ["real", "fake", "real"]
    words = run("export", "--manifest", tmp_path / "again").out
    assert "left out: " in words
    assert "1 of them have the label that an admin put right" in words
    assert "next: deepfake-review dataset split" in words


def rows_of(folder: Path) -> Manifest:
    return read_manifest(folder / "manifest.csv", check_files=True)


def test_the_weight_is_one_over_the_chance_of_having_been_asked(run: Run, tmp_path: Path) -> None:
    taken_in(run, tmp_path, 4)
    with deployment(tmp_path) as place:
        settle(place, 1, REAL)
        settle(place, 2, REAL, audited=True, inclusion_probability=0.05)
        place.factory.decision(3, route="accept_fake", inclusion_probability=0.05)
        with place.app.database.write() as repos:
            repos.known_labels.add(3, FAKE, "known.csv (row 2)", "test")  # nobody was asked
        place.factory.decision(4, route="accept_fake", inclusion_probability=0.05)
        place.factory.correction(place.factory.admin(), 4, REAL)  # found by looking
    made = run("export", "--manifest", tmp_path / "out", "--json").document
    assert [row.weight for row in rows_of(tmp_path / "out").rows] == [1, 20, 1, 1]
    assert made["weights"] == {
        "smallest": 1.0,
        "largest": 20.0,
        "effective_n": pytest.approx(23**2 / 403),
    }
    assert made["told"]["audited"] == 1


def test_near_duplicates_are_one_group_in_one_split(run: Run, tmp_path: Path) -> None:
    taken_in(run, tmp_path, 5)
    with deployment(tmp_path) as place:
        for item_id in range(1, 6):
            settle(place, item_id, REAL if item_id % 2 else FAKE)
        change(place, 1, split="train")
        change(place, 2, split="test", duplicate_group_id=1)
        change(place, 3, group_key="video")
        change(place, 4, group_key="video", duplicate_group_id=1)
    made = run("export", "--manifest", tmp_path / "out", "--json").document
    rows = rows_of(tmp_path / "out").rows  # groups that were torn would be refused
    groups = [row.group for row in rows]
    assert len(set(groups[:4])) == 1
    assert groups[4] is None
    assert [row.split for row in rows] == ["test"] * 4 + [None]
    assert made["told"]["moved"] == 3
    assert made["splits"] == {"none": 1, "test": 4}


def test_whoever_trains_on_what_the_certificate_rests_on_is_told(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", 1)
    with deployment(tmp_path) as place:
        place.calibrated()
        place.certify(place.factory.admin())
    run("ingest", tmp_path / "in")
    with deployment(tmp_path) as place:
        own = max(place.items())
        settle(place, own, REAL)
    made = run("export", "--manifest", tmp_path / "out", "--json")
    # The made-up images that certify have no file: they are counted as lost, and named.
    assert made.code == 3
    assert made.document["left_out"] == {"missing": 30}
    assert made.document["rows"] == 1
    assert made.document["told"]["certifying"] == 30
    assert made.err.count("lost: ") == 30


def test_a_folder_that_is_there_is_never_written_over(run: Run, tmp_path: Path) -> None:
    taken_in(run, tmp_path, 2)
    out = tmp_path / "out"
    assert "nothing to train on" in run("export", "--manifest", out).fault
    assert not out.exists()
    with deployment(tmp_path) as place:
        settle(place, 1, REAL)
        settle(place, 2, FAKE)
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert "is there already" in run("export", "--manifest", out).fault
    assert [path.name for path in out.iterdir()] == ["mine.txt"]
    assert run("export", tmp_path / "a.csv", "--manifest", out).code == 2
    assert run("export").code == 2


def test_a_folder_with_copies_can_be_taken_to_another_machine(run: Run, tmp_path: Path) -> None:
    taken_in(run, tmp_path, 2)
    with deployment(tmp_path) as place:
        settle(place, 1, REAL)
        settle(place, 2, FAKE)
    run("export", "--manifest", tmp_path / "out", "--copy")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    rows = rows_of(tmp_path / "elsewhere").rows
    assert [row.name.split("/")[0] for row in rows] == ["images", "images"]
    for row in rows:
        assert sha256(row.path.read_bytes()) == row.path.stem


def test_a_damaged_original_is_named_and_left_out(run: Run, data_dir: Path, tmp_path: Path) -> None:
    taken_in(run, tmp_path, 2)
    with deployment(tmp_path) as place:
        settle(place, 1, REAL)
        settle(place, 2, FAKE)
    (original, *_) = (p for p in (data_dir / "media" / "original").rglob("*") if p.is_file())
    original.write_bytes(original.read_bytes()[:-1])
    made = run("export", "--manifest", tmp_path / "out", "--json")
    assert (made.code, made.document["rows"]) == (3, 1)
    assert made.document["left_out"] == {"damaged": 1}
    assert original.name in made.err


def test_weights_go_with_a_manifest_through_a_split(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path, 4)
    rows = [f"000{i}.png,{('real', 'fake')[i % 2]},{(1, 2.5)[i % 2]}" for i in range(4)]
    (tmp_path / "m.csv").write_text("\n".join(["path,label,weight", *rows]))
    assert run("dataset", "split", tmp_path / "m.csv", tmp_path / "s.csv", "--json").code == 0
    with (tmp_path / "s.csv").open() as file:
        assert [row["weight"] for row in csv.DictReader(file)] == ["1.0", "2.5", "1.0", "2.5"]
    card = run("dataset", "card", tmp_path / "s.csv", "--json").document
    assert card["weights"] == {
        "n": 4,
        "smallest": 1.0,
        "largest": 2.5,
        "effective_n": pytest.approx(49 / 14.5),
        "fake_share": pytest.approx(5 / 7),
    }
