"""Backups are whole, and come back as they were."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from review_app.core.errors import InputError
from review_app.core.permissions import Person
from review_app.durability.backup.manifest import DATABASE, BackupManifest, read_manifest
from review_app.durability.backup.restore import restore_backup
from review_app.durability.backup.verify import verify
from storage.enums import Role
from tests.applications import Deployment, deployment, write_pictures
from tests.durability.backup.conftest import make
from tests.storage.full import no_room_in_files


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr)
            for (name,) in names.fetchall()
        }


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_restored_is_what_was_there(place: Deployment, tmp_path: Path) -> None:
    old, new = place.app.settings.data_dir, tmp_path / "elsewhere" / "data"
    make(place, backup := tmp_path / "backup")
    restore_backup(backup, new)
    assert tables(new / DATABASE) == tables(old / DATABASE)
    kept = {p: data for p, data in files(old).items() if p.startswith(("media/", "checkpoints/"))}
    assert {p: data for p, data in files(new).items() if p.startswith(("media", "check"))} == kept
    assert (new / "secret.key").read_bytes() == (old / "secret.key").read_bytes()
    for secret in (new / "secret.key", new / DATABASE, backup / "secret.key", backup / DATABASE):
        assert secret.stat().st_mode & 0o777 == 0o600
    assert backup.stat().st_mode & 0o777 == 0o700
    with deployment(tmp_path / "elsewhere") as restored:
        assert restored.states() == place.states()
        assert restored.chain_holds()
        account = restored.app.people.ensure("ada", Role.REVIEWER, "test")
        person = Person(account.id, account.name, account.role)
        assert restored.app.review.take(person)


def test_the_manifest_names_every_file_and_what_was_backed_up(
    place: Deployment, tmp_path: Path
) -> None:
    make(place, backup := tmp_path / "backup")
    manifest = read_manifest(backup)
    assert set(files(backup)) == {*manifest.files, "manifest.json"}
    assert {path.split("/")[0] for path in manifest.files} == {
        "media", "checkpoints", "secret.key", "seal.key", "seal.heads", DATABASE
    }  # fmt: skip
    assert (manifest.counts["item"], manifest.counts["label"]) == (6, 2)
    with place.app.database.read() as repos:
        assert manifest.audit_log is not None
        assert manifest.audit_log.event == repos.event_history.latest(1)[0].id
    assert manifest.left_out == []


def test_images_that_come_in_meanwhile_leave_it_consistent(
    place: Deployment, tmp_path: Path
) -> None:
    """Between the copy of the database and the images', others are taken in."""

    def take_in(done: int, total: int) -> None:
        if done == total:
            place.app.intake.ingest(write_pictures(tmp_path / "more", 3, first=100), "test")

    make(place, tmp_path / "backup", copying_database=take_in)
    manifest = read_manifest(tmp_path / "backup")
    verify(tmp_path / "backup", manifest)
    assert manifest.left_out == []
    assert manifest.counts["item"] == 6
    assert sum(path.startswith("media/original/") for path in manifest.files) == 6


def write_much(place: Deployment) -> None:
    """So much that the database is copied in many steps."""
    with place.app.database.write() as repos:
        for i in range(300):
            repos.options.set(f"much {i}", {"value": "x" * 60_000}, None)


def test_nobody_waits_for_its_next_step(place: Deployment, tmp_path: Path) -> None:
    write_much(place)
    steps = []

    def write_at_once(done: int, _total: int) -> None:
        url = place.app.settings.data_dir / DATABASE
        with closing(sqlite3.connect(url, timeout=0, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE option SET value = '{}'")
            connection.execute("ROLLBACK")
        steps.append(done)

    make(place, tmp_path / "backup", copying_database=write_at_once)
    assert len(set(steps)) > 3


def test_others_write_meanwhile_and_all_that_was_told_before_is_in_it(
    place: Deployment, tmp_path: Path
) -> None:
    write_much(place)
    told: list[str] = []
    copying: list[int] = []
    stop = threading.Event()

    def go_on_writing() -> None:
        while not stop.is_set():
            with place.app.database.write() as repos:
                repos.options.set(f"told {len(told)}", {}, None)
            told.append(f"told {len(told)}")

    def look(_done: int, _total: int) -> None:
        copying.append(len(told))
        time.sleep(0.01)  # so that the writer has its turn

    writer = threading.Thread(target=go_on_writing)
    writer.start()
    while len(told) < 20:
        time.sleep(0.01)
    for attempt in range(20):  # where the machine is busy the writer may sleep through one
        out = tmp_path / f"backup-{attempt}"
        before = len(told)
        copying.clear()
        make(place, out, copying_database=look)
        if copying[-1] > copying[0]:
            break
    stop.set()
    writer.join()
    assert copying[-1] > copying[0], "writers went on while the database was copied"
    keys = {row[0] for row in tables(out / DATABASE)["option"]}
    assert set(told[:before]) <= keys


def spoil_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replace_by_a_link(path: Path) -> None:
    aside = path.with_name(f"{path.name}-aside")
    path.rename(aside)
    path.symlink_to(aside)


@pytest.mark.parametrize("harm", [spoil_a_byte, cut_off, Path.unlink, replace_by_a_link])
@pytest.mark.parametrize(
    "kind", [DATABASE, "secret.key", "media/original", "media/public", "check"]
)
def test_a_backup_that_was_changed_is_refused_and_nothing_is_written(
    harm: Callable[[Path], None], kind: str, backup: Path, tmp_path: Path
) -> None:
    path = next(path for path in read_manifest(backup).files if path.startswith(kind))
    harm(backup / path)
    with pytest.raises(InputError, match="not the backup that was made"):
        restore_backup(backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "path",
    ["../out", "/etc/out", "media/../../out", "manifest.json", "a\\..\\b", "", "a//b"],
)
def test_a_manifest_cannot_lead_outside(path: str, backup: Path, tmp_path: Path) -> None:
    document = json.loads((backup / "manifest.json").read_text())
    document["files"][path] = document["files"]["secret.key"]
    (backup / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="no manifest of a backup"):
        restore_backup(backup, tmp_path / "new")


def test_a_data_directory_in_use_is_refused_and_kept_where_told_to_go_on(
    place: Deployment, backup: Path, tmp_path: Path
) -> None:
    old = files(place.app.settings.data_dir)
    with pytest.raises(InputError, match="in use"):
        restore_backup(backup, place.app.settings.data_dir)
    place.app.close()
    old = files(place.app.settings.data_dir)
    _, kept = restore_backup(backup, place.app.settings.data_dir, replace=True)
    assert kept is not None
    assert files(kept) == old
    restore_backup(backup, empty := tmp_path / "empty")
    assert (empty / DATABASE).is_file()


def test_an_existing_folder_is_never_overwritten(place: Deployment, backup: Path) -> None:
    before = files(backup)
    with pytest.raises(InputError, match="exists already"):
        make(place, backup)
    assert files(backup) == before


@pytest.mark.parametrize("harm", [spoil_a_byte, cut_off, Path.unlink])
def test_a_stored_image_that_is_damaged_is_left_out_and_told(
    harm: Callable[[Path], None], place: Deployment, tmp_path: Path
) -> None:
    media = place.app.settings.data_dir / "media"
    original = next(path for path in sorted((media / "original").rglob("*")) if path.is_file())
    public = next(path for path in sorted((media / "public").rglob("*")) if path.is_file())
    for path in (original, public):
        harm(path)
    make(place, tmp_path / "backup")
    left_out = {left.path for left in read_manifest(tmp_path / "backup").left_out}
    assert left_out == {
        path.relative_to(place.app.settings.data_dir).as_posix() for path in (original, public)
    }


def test_a_full_disk_leaves_nothing(place: Deployment, tmp_path: Path) -> None:
    with (
        no_room_in_files(place.app.database.files.path, more=-1),
        pytest.raises(InputError, match="nothing is kept"),
    ):
        make(place, tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))


def test_second_names_take_no_room(place: Deployment, tmp_path: Path) -> None:
    make(place, tmp_path / "backup", links=True)
    path = next(p for p in read_manifest(tmp_path / "backup").files if p.startswith("media/"))
    assert (tmp_path / "backup" / path).samefile(place.app.settings.data_dir / path)
    restore_backup(tmp_path / "backup", tmp_path / "new")
    assert not (tmp_path / "new" / path).samefile(tmp_path / "backup" / path)


KILLED = """
import os, signal, sys
from pathlib import Path
from review_app.durability.backup.make import make_backup
from review_app.durability.backup.restore import restore_backup
what, at, *paths = sys.argv[1:]
def die(done, total):
    if done == int(at):
        os.kill(os.getpid(), signal.SIGKILL)
if what == "backup":
    data = Path(paths[0])
    make_backup(data / "review.db", data, Path(paths[1]), copying_files=die)
else:
    restore_backup(Path(paths[0]), Path(paths[1]), copying_files=die)
"""


def kill_it(what: str, at: int, *paths: Path) -> None:
    command = [sys.executable, "-c", KILLED, what, str(at), *map(str, paths)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


def test_a_backup_that_is_killed_is_none_and_the_next_one_clears_up(
    place: Deployment, tmp_path: Path
) -> None:
    out = tmp_path / "backup"
    kill_it("backup", 5, place.app.settings.data_dir, out)
    assert not out.exists()
    make(place, out)
    verify(out, read_manifest(out))
    assert list(tmp_path.glob("backup*")) == [out]


@pytest.mark.parametrize("at", [1, 10])
def test_a_restore_that_is_killed_is_none_and_can_be_done_again(
    at: int, backup: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    kill_it("restore", at, backup, new)
    assert not (new / DATABASE).exists()
    manifest, _ = restore_backup(backup, new)
    assert set(files(new)) == set(manifest.files)


def test_a_folder_of_somebody_else_is_not_cleared(place: Deployment, tmp_path: Path) -> None:
    (tmp_path / "backup.partial").mkdir()
    (tmp_path / "backup.partial" / "mine").touch()
    with pytest.raises(InputError, match="not of this command"):
        make(place, tmp_path / "backup")
    assert (tmp_path / "backup.partial" / "mine").exists()


def test_a_manifest_of_another_format_is_refused(backup: Path, tmp_path: Path) -> None:
    manifest = read_manifest(backup).model_copy(update={"format": 2})
    (backup / "manifest.json").write_text(BackupManifest.model_dump_json(manifest))
    with pytest.raises(InputError, match="format 2"):
        restore_backup(backup, tmp_path / "new")


def test_keys_that_lie_beside_a_database_elsewhere_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    url = f"sqlite:///{tmp_path}/elsewhere/review.db"
    with deployment(tmp_path, database_url=url) as place:
        make(place, tmp_path / "backup")
    assert {"secret.key", "seal.key", "seal.heads"} <= set(read_manifest(tmp_path / "backup").files)
