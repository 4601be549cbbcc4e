"""Desks from the command line: made, closed, who works there, and which one a command is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.applications import write_pictures
from tests.cli.conftest import Run


@pytest.fixture
def two(run: Run, tmp_path: Path) -> None:
    """A deployment with a desk; each has an image that the other has not."""
    run("user", "add", "root", "--role", "admin")
    run("user", "add", "ada", "--away")
    run("desk", "add", "second", "--title", "Second queue")
    run("desk", "member", "add", "second", "ada", "--role", "admin")
    run("ingest", *write_pictures(tmp_path / "here", 1))
    run("--desk", "second", "ingest", *write_pictures(tmp_path / "there", 2, first=5))


@pytest.mark.usefixtures("two")
def test_a_command_is_about_one_queue(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def images(*of: str) -> int:
        return int(run(*of, "stats", "--json").document["items"]["pending"])

    assert (images(), images("--desk", "second")) == (1, 2)
    monkeypatch.setenv("REVIEW_DESK", "second")
    assert (images(), images("--desk", "")) == (2, 1)
    assert "leave out --desk" in run("user", "list").fault
    assert "no queue 'third'" in run("--desk", "third", "stats").fault
    assert "REVIEW_DESK" in run("--desk", "../x", "stats").fault


@pytest.mark.usefixtures("two")
def test_desks_and_members_are_listed(run: Run) -> None:
    (desk,) = run("desk", "list", "--json").document["desks"]
    assert (desk["name"], desk["title"], desk["closed"]) == ("second", "Second queue", False)
    assert desk["members"] == [{"name": "ada", "role": "admin", "disabled": False}]
    assert run("desk", "member", "list", "second").out == "ada  admin\n"
    run("desk", "rename", "second", "Other")
    run("desk", "close", "second")
    assert run("desk", "list").out == "second  Other  1 members  closed\n"
    assert run("desk", "reopen", "second", "--json").document["closed"] is False
    run("desk", "member", "remove", "second", "ada")
    assert run("desk", "member", "list", "second").out == "no members yet\n"
    users = run("user", "list", "--json").document["users"]
    assert {user["name"]: user["away"] for user in users} == {"root": False, "ada": True}


@pytest.mark.usefixtures("two")
def test_a_token_is_made_for_a_member(run: Run) -> None:
    make = ("--desk", "second", "token", "make")
    assert run(*make, "ada", "ci", "--scope", "stats").code == 0
    assert "root" in run(*make, "root", "ci", "--scope", "stats").fault


@pytest.mark.usefixtures("two")
def test_backups_checks_and_upgrades_cover_every_desk(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(run("db", "check", "--json").document["desks"]) == ["second"]
    assert list(run("db", "upgrade", "--json").document["desks"]) == ["second"]
    made = run("backup", tmp_path / "backup", "--json").document
    assert [desk["counts"]["image"] for desk in made["desks"]] == [2]
    one = run("--desk", "second", "backup", tmp_path / "one", "--json").document
    assert (one["counts"]["image"], one["desks"]) == (2, [])
    monkeypatch.setenv("REVIEW_DATA_DIR", str(tmp_path / "new"))
    assert run("restore", tmp_path / "backup").code == 0
    assert run("--desk", "second", "stats", "--json").document["items"]["pending"] == 2
    assert run("db", "check").code == 0


@pytest.mark.usefixtures("two")
def test_a_backup_that_lost_a_desk_is_not_restored(run: Run, tmp_path: Path) -> None:
    run("backup", tmp_path / "backup")
    (tmp_path / "backup" / "desks" / "second").rename(tmp_path / "lost")
    assert "manifest.json" in run("restore", tmp_path / "backup", "--replace").fault
    assert run("desk", "list").code == 0, "nothing was moved aside"
