"""backup and restore from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.applications import write_pictures
from tests.cli.conftest import Run


@pytest.fixture
def filled(run: Run, tmp_path: Path) -> None:
    run("user", "add", "ada", "--role", "admin")
    run("ingest", *write_pictures(tmp_path / "pictures", 2))


@pytest.mark.usefixtures("filled")
def test_there_and_back(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    made = run("backup", tmp_path / "backup", "--json")
    assert (made.code, made.document["counts"]["image"], made.document["left_out"]) == (0, 2, [])
    before = run("stats", "--json").document
    assert "in use" in run("restore", tmp_path / "backup").fault
    monkeypatch.setenv("REVIEW_DATA_DIR", str(tmp_path / "new"))
    restored = run("db", "restore", tmp_path / "backup", "--json")
    assert restored.code == 0
    assert restored.document["kept"] is None
    assert run("stats", "--json").document == before
    assert run("db", "check").code == 0
    again = run("restore", tmp_path / "backup", "--replace", "--json")
    assert Path(again.document["kept"]).is_dir()


@pytest.mark.usefixtures("filled")
def test_a_missing_image_is_named_and_the_rest_backed_up(
    run: Run, tmp_path: Path, data_dir: Path
) -> None:
    lost = next(path for path in (data_dir / "media" / "original").rglob("*") if path.is_file())
    lost.unlink()
    made = run("db", "backup", tmp_path / "backup")
    assert made.code == 3
    assert lost.name in " ".join(made.err.split())
    assert (tmp_path / "backup" / "review.db").is_file()


@pytest.mark.usefixtures("filled")
def test_a_database_elsewhere_is_not_restored_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("backup", tmp_path / "backup")
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")
    assert "REVIEW_DATABASE_URL" in run("restore", tmp_path / "backup").fault


def test_what_is_no_backup_is_told(run: Run, tmp_path: Path) -> None:
    assert "manifest.json" in run("restore", tmp_path).fault


@pytest.mark.usefixtures("filled")
def test_every_stored_image_is_read(run: Run, data_dir: Path) -> None:
    whole = run("db", "check", "--media", "--json").document["media"]
    assert whole == {"checked": 4, "missing": [], "damaged": [], "orphans": []}
    first, second = (p for p in (data_dir / "media" / "public").rglob("*") if p.is_file())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-50])
    orphan = second.with_name("0" * 64 + ".png")
    orphan.write_bytes(b"of no image")
    found = run("db", "check", "--media", "--json")
    media = json.loads(found.out)["media"]
    assert found.code == 1
    assert [len(media[name]) for name in ("missing", "damaged", "orphans")] == [1, 1, 1]
    assert media["damaged"] == [second.relative_to(data_dir).as_posix()]
    assert "take the same files in again" in found.err
    assert run("db", "check").code == 0, "which reads no image"
