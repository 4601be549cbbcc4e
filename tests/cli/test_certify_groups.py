"""``certify --groups``: one try for all groups, told before, and kept until somebody says else."""

from __future__ import annotations

from pathlib import Path

from storage.enums import AuditKind, LabelValue
from tests.applications import deployment
from tests.cli.conftest import Run

TERMS = ("--risk-limit", "0.3", "--confidence", "0.5", "--audit-probability", "0")


def test_one_try_for_all_groups_is_told_and_stays_the_policys_way(run: Run, tmp_path: Path) -> None:
    run("user", "add", "ada", "--role", "admin")
    with deployment(tmp_path) as place:
        place.calibrated(source="agency", split="calibration")
        place.scored_alike(3, 1.0, LabelValue.FAKE, source="tip", split="calibration")
        waiting = [place.scored(1.0, source=source) for source in ("agency", "tip", "new", None)]
    run("triage")
    told = run("certify", "--groups", "source", *TERMS, "--forecast", "--json").document
    assert (told["grouping"], told["images"]) == ("source", 37)
    assert [(g["group"], g["tested"]) for g in told["groups"]] == [
        ("agency", True),
        ("new", False),
        ("tip", False),
        ("unknown", False),
    ]
    assert told["coverage_lost"] > 0
    assert "What the labels say is not looked at" in run("certify", *TERMS, "--forecast").out
    done = run("certify", "--groups", "source", *TERMS, "--json")
    assert "these groups have labels enough for a test: agency" in done.err
    assert "This is try 1 to certify this detector, group by group" in done.err
    policy = done.document
    assert (policy["schema"], policy["grouping"], policy["real"]) == (4, "source", None)
    assert [(g["name"], g["fake"] is not None) for g in policy["groups"]] == [
        ("agency", True),
        ("tip", False),
    ]
    run("triage", "--again")
    with deployment(tmp_path) as place, place.app.database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)) == 1
        rows = repos.decisions.newest_of(waiting)
        assert [(rows[i].route, rows[i].group_name) for i in waiting] == [
            ("accept_fake", "agency"),
            ("review", "tip"),
            ("review", "new"),
            ("review", "unknown"),
        ]
    assert run("certify", *TERMS, "--json").document["grouping"] == "source"
    assert run("certify", *TERMS, "--groups", "none", "--json").document["grouping"] is None
    assert run("certify", "--groups", "colour").code == 2
    assert run("db", "check").code == 0
