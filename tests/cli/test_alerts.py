"""``alerts`` and ``webhook``: who is told, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.empty import begin
from tests.notifications.receiver import receiving

HOOK = "https://hooks.example/in?token=abc"


def test_webhooks_from_the_command_line(run: Run, data_dir: Path) -> None:
    begin(data_dir)
    assert run("webhook", "list").out == "no webhooks yet\n"
    made = run("webhook", "add", "newsroom", HOOK, "--added-by", "ada", "--json").document
    assert (made["id"], made["added_by"], made["dead"]) == (1, "ada", 0)
    assert made["secret"].startswith("whsec_")
    listed = run("webhook", "list").out
    assert "newsroom" in listed
    assert "abc" not in listed
    assert run("webhook", "replay", 1, "--after", 5, "--json").document == {"count": 0}
    rotated = run("webhook", "rotate", 1, "--overlap-hours", 2, "--json").document
    assert rotated["secret"] not in (None, made["secret"])
    assert rotated["former_secret_until"] is not None
    assert "its former secret still signs" in run("webhook", "rotate", 1).fault
    assert run("webhook", "pause", 1, "--json").document["paused_at"] is not None
    assert run("webhook", "list").out.endswith("paused\n")
    assert "newsroom is told again" in run("webhook", "resume", 1).out
    assert "newsroom is told no more" in run("webhook", "remove", 1).out
    assert "no subscription 1" in run("webhook", "remove", 1).fault
    assert "https" in run("webhook", "add", "inside", "http://127.0.0.1/").fault


def test_alarms_and_who_is_told_of_them(run: Run, data_dir: Path) -> None:
    begin(data_dir)
    assert "mail is not set up" in run("alerts", "add", "ops@a.example").fault
    added = run("alerts", "add", HOOK, "--channel", "slack", "--language", "de", "--json").document
    assert (added["name"], added["address"]) == ("slack", "https://hooks.example/…")
    assert len(added["topics"]) == 8
    found = run("alerts", "list", "--json").document
    assert [one["id"] for one in found["told"]] == [1]
    assert run("alerts", "retry", 1, "--drop", "--json").document == {"count": 0}
    assert run("alerts", "add", HOOK, "--language", "tlh").code == 2
    assert "slack is told no more" in run("alerts", "remove", 1).out


def test_a_test_tells_what_came_of_it(
    run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(data_dir)
    monkeypatch.setenv("REVIEW_WEBHOOK_NETWORKS", "127.0.0.0/8")
    with receiving(204, 500) as receiver:
        run("webhook", "add", "newsroom", receiver.address)
        assert run("alerts", "test", 1).out == "it arrived\n"
        outcome = run("alerts", "test", 1, "--json")
        assert outcome.code == 1
        assert outcome.document["state"] == "dropped"
        assert outcome.document["error"] == "the receiver answered with status 500"
    assert [one["type"] for one in receiver.taken] == ["test", "test"]
