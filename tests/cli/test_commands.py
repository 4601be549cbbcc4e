"""The command line as a whole: faults, streams, users, the database, and its documentation."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from review_app.cli import app
from review_app.cli.contents import CONTENTS, commands_of
from tests.applications import write_pictures
from tests.cli.conftest import Run, hear_ctrl_c

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "review_app"]


def commands() -> list[str]:
    """Every command, with the group's name before it."""
    found = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        found += [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]
    return found


def test_the_contents_say_which_module_has_which_command() -> None:
    for module, names in CONTENTS.items():
        assert tuple(commands_of(module)) == names


def test_the_documentation_names_every_command_and_option() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    missing = []
    for name in commands():
        if f"`{name}" not in text:
            missing.append(name)
        command = group
        for part in name.split():
            command = command.commands[part]  # type: ignore[attr-defined]
        for parameter in command.params:
            for option in (o for o in parameter.opts if o.startswith("--")):
                if f"`{option}" not in text:
                    missing.append(f"{name} {option}")
    assert missing == []


def test_every_command_explains_itself(run: Run) -> None:
    for name in commands():
        outcome = run(*name.split(), "--help")
        assert outcome.code == 0
        assert re.search(r"[A-Z].*\.", outcome.out), name


def test_settings_that_cannot_be_used_are_named_in_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_PORT", "many")
    assert "REVIEW_PORT: " in run("stats", "--json").fault


def test_a_data_directory_that_cannot_be_made_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REVIEW_DATA_DIR", str(tmp_path / "file" / "data"))
    assert re.search(r"REVIEW_DATA_DIR: .*choose a folder", run("stats").fault)


def test_a_file_that_is_no_database_is_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.db").write_text("these are not the pages of a database " * 100)
    monkeypatch.setenv("REVIEW_DATABASE_URL", f"sqlite:///{tmp_path}/notes.db")
    fault = run("stats").fault
    assert "not a database" in fault
    assert "REVIEW_DATABASE_URL" in fault


def test_databases_of_other_versions_are_refused_with_the_command_that_helps(
    run: Run, data_dir: Path
) -> None:
    assert run("stats").code == 0
    with sqlite3.connect(data_dir / "review.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (("stats",), ("db", "check"), ("db", "upgrade"), ("doctor",)):
        assert "pip install --upgrade deepfake-review" in run(*command).fault


@pytest.mark.usefixtures("nothing_yet")
def test_the_database_is_upgraded_and_checked(run: Run, data_dir: Path) -> None:
    assert run("db", "upgrade", "--json").document["before"] is None
    after = run("db", "upgrade", "--json").document
    assert list(after) == ["before", "after", "sealed_from"]
    assert after["before"] == after["after"]
    nothing = dict.fromkeys(("head", "sealed_since", "sealed_from"))
    assert run("db", "check", "--json").document == {"findings": [], **nothing}
    run("user", "add", "ada")
    with sqlite3.connect(data_dir / "review.db") as connection:
        connection.execute("DROP TRIGGER IF EXISTS audit_event_no_update")
        triggers = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE audit_event SET actor = 'nobody' WHERE id = 1")
    connection.close()
    told = run("db", "check")
    assert (told.code, "audit_event 1: not made with the key" in told.out) == (1, True)
    assert "error: 3 findings: restore a backup from before" in told.err
    found = run("db", "check", "--json").document["findings"]
    # What a forged event sealed is sealed no longer.
    assert {"audit_event", "schema", "user"} == {finding["table"] for finding in found}


def test_users_are_added_listed_disabled_and_let_in_again(run: Run) -> None:
    assert run("user", "list", "--json").document == {"users": []}
    added = run("user", "add", "ada", "--role", "admin", "--json").document
    assert list(added) == ["name", "role", "pseudonym", "disabled", "away", "link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:7860/login/link/[\w-]{20,}", added["link"])
    run("user", "add", "bo")
    assert run("user", "add", "bo").code == 1
    assert run("user", "add", "cy", "--role", "king").code == 2
    listed = run("user", "list", "--json").document["users"]
    assert [(u["name"], u["role"]) for u in listed] == [("ada", "admin"), ("bo", "reviewer")]
    assert run("user", "disable", "bo", "--json").document == {"name": "bo", "disabled": True}
    assert "no enabled user" in run("user", "link", "bo").fault
    assert run("user", "enable", "bo", "--json").document == {"name": "bo", "disabled": False}
    assert list(run("user", "link", "bo", "--json").document) == ["name", "link"]
    assert "only admin" in run("user", "disable", "ada").fault
    assert "only admin" in run("user", "role", "ada", "lead").fault
    made = {"name": "bo", "role": "lead", "changed": True}
    assert run("user", "role", "bo", "lead", "--json").document == made
    assert list(run("user", "reset", "bo", "--json").document) == ["name", "link"]
    ended = {"name": "bo", "sessions_ended": 0}
    assert run("user", "sign-out", "bo", "--json").document == ended


def test_doctor_says_what_this_installation_scores_with(run: Run, data_dir: Path) -> None:
    document = run("doctor", "--json").document
    told = ["data_dir", "database", "checkpoint", "backbone", "heads"]
    assert list(document) == [*told, "engine", "certified_on", "engines"]
    assert (document["engine"], document["certified_on"]) == ("torch", [])
    assert document["data_dir"] == str(data_dir)
    assert set(document["heads"]) == {
        "linear",
        "naive_bayes",
        "mc_dropout",
        "variational",
        "ensemble",
    }


def test_as_a_process_results_and_everything_else_keep_to_their_streams(
    data_dir: Path, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "in", 2)
    (tmp_path / "in" / "notes.jpg").write_text("words")
    ingest = [*COMMAND, "ingest", str(tmp_path / "in"), "--json"]
    environment = {**os.environ, "REVIEW_LOG_LEVEL": "DEBUG"}
    done = subprocess.run(ingest, cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == 3
    assert json.loads(done.stdout)["added"] == 2
    assert b"refused: " in done.stderr
    assert b"notes.jpg" in done.stderr


def test_a_command_that_is_interrupted_says_that_nothing_is_lost(
    data_dir: Path, tmp_path: Path
) -> None:
    write_pictures(tmp_path / "in", 1)
    os.mkfifo(tmp_path / "manifest.csv")  # reading it never ends
    process = subprocess.Popen(
        [*COMMAND, "evaluate", str(tmp_path / "manifest.csv")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_ctrl_c,
    )
    writer = os.open(tmp_path / "manifest.csv", os.O_WRONLY)  # waits until it is being read
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=240)
    os.close(writer)
    assert process.returncode == 130
    assert b"run the command again to go on" in err
    assert b"Traceback" not in err
