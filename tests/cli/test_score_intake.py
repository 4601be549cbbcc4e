"""A team's own detector through the whole product, by its scores alone, from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from review_app.bootstrap import open_application
from review_app.core.permissions import Person
from review_app.core.settings import load_settings
from review_app.manifests.manifest import ManifestLabel
from review_app.review.tasks import AnswerInput
from storage.enums import LabelValue, Role
from tests.cli.conftest import Run
from tests.factories import Factory
from tests.scores.files import good_detector, row, write


def answer_everything(truth: dict[str, LabelValue]) -> int:
    """A reviewer who knows the ``truth`` by path takes and answers all that waits; how many."""
    app = open_application(load_settings())
    try:
        account = app.people.ensure("rita", Role.REVIEWER, "test")
        rita = Person(account.id, account.name, account.role)
        Factory(app.database).review_options(undo_minutes=0)
        done = 0
        while tasks := app.review.take(rita, 5):
            for task in tasks:
                assert task.image_url is None
                assert task.path is not None
                done += 1
                answer = AnswerInput(
                    client_id=f"answer-{done:06}", item_id=task.item_id, value=truth[task.path]
                )
                app.review.label(rita, answer)
        return done
    finally:
        app.close()


def test_from_cold_start_over_a_certificate_to_auto_accept(run: Run, tmp_path: Path) -> None:
    rows = good_detector(900)
    truth = {
        each.path: LabelValue.FAKE if at % 2 else LabelValue.REAL
        for at, each in enumerate(rows)
        if each.path is not None
    }
    first, later = write(tmp_path / "1.csv", rows[:400]), write(tmp_path / "2.csv", rows[400:])
    taken = run("ingest", "--scores", first, "--json").document
    assert (taken["added"], taken["duplicates"], taken["refused"]) == (400, 0, [])
    (detector,) = taken["detectors"]
    assert (detector["checkpoint"], detector["in_force"]) == ("external:theirs", True)
    assert run("triage", "--json").document["to_review"] == 400
    assert answer_everything(truth) == 400
    run("user", "add", "boss", "--role", "admin")
    policy = run("certify", "--risk-limit", 0.1, "--audit-probability", 0.1, "--json").document
    assert (policy["state"], policy["checkpoint"]) == ("certified", "external:theirs")
    used = policy["fake"]["n_calibration"]
    assert used == 400 - detector["ladder_images"]
    assert run("ingest", "--scores", later).code == 0
    triaged = run("triage", "--json").document
    assert triaged["failed"] == 0
    assert triaged["auto_accepted"] > 300
    assert sum(side["open"] for side in run("monitor", "--json").document["sides"].values()) > 10
    run("export", tmp_path / "labels.jsonl", "--format", "jsonl")
    lines = (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    exported = [json.loads(line) for line in lines]
    decided = {"accept_real": LabelValue.REAL, "accept_fake": LabelValue.FAKE}
    accepted = [each for each in exported if each["state"] == "auto_accepted"]
    assert len(accepted) == triaged["auto_accepted"]
    assert all(decided[each["decision"]] is truth[each["path"]] for each in accepted)
    assert {each["checkpoint"] for each in exported} == {"external:theirs"}


def test_the_outcome_is_told_with_the_next_step(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [row(1), row(2, label=ManifestLabel.FAKE)])
    first = run("ingest", "--scores", path)
    assert first.out.splitlines()[0] == "2 images added, 0 known already, 1 known label added"
    assert first.out.splitlines()[-1] == (
        "next: deepfake-review triage (external:theirs is in force)"
    )
    two = [row(i, detector=name) for i in range(2) for name in ("second", "third")]
    other = run("ingest", "--scores", write(tmp_path / "t.csv", two))
    assert "  deepfake-review checkpoint adopt external:second" in other.out
    assert "external:theirs stays in force" in other.out


def test_a_detector_is_put_in_force_by_its_name(run: Run, tmp_path: Path) -> None:
    rows = [row(i, detector=name) for i in range(30) for name in ("one", "two")]
    run("ingest", "--scores", write(tmp_path / "s.csv", rows))
    assert "there is none yet" in run("checkpoint", "adopt", "external:one").fault
    run("user", "add", "boss", "--role", "admin")
    policy = run("checkpoint", "adopt", "external:one", "--json").document
    assert (policy["checkpoint"], policy["head"], policy["state"]) == (
        "external:one",
        "score",
        "learning",
    )
    assert "in force already" in run("checkpoint", "adopt", "external:one").fault
    assert "no external detector" in run("checkpoint", "adopt", "external:three").fault
    listed = run("checkpoint", "list", "--json").document
    assert [(each["id"], each["images"], each["in_force"]) for each in listed["external"]] == [
        ("external:one", 30, True),
        ("external:two", 30, False),
    ]
    assert "* external:one: scores of 30 images" in run("checkpoint", "list").out
    shown = run("checkpoint", "show", "external:one", "--json").document
    assert (shown["images"], shown["card"]["files"][0]["rows"]) == (30, 30)
    assert "s.csv, 30 rows" in run("checkpoint", "show", "external:one").out
    assert "no score file" in run("checkpoint", "show", "external:three").fault
    assert run("triage", "--json").document["to_review"] == 30
    shipped = run("checkpoint", "adopt", "default", "--json").document
    assert shipped["checkpoint"].startswith("default-")


def test_a_bad_file_ends_with_one_line_and_nothing_taken(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [row(1), row(2), row(1)])
    fault = run("ingest", "--scores", path).fault
    assert "nothing of it was taken; 1 fault: row 4: the same image" in fault
    assert run("stats", "--json").document["items"]["total"] == 0


@pytest.mark.parametrize("arguments", [(), ("a.png", "--scores", "s.csv")])
def test_files_or_scores_are_needed_and_not_both(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run("ingest", *arguments)
    assert outcome.code == 2
    assert "--scores" in outcome.err


def test_doctor_and_export_cope_with_images_that_are_not_here(run: Run, tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [row("=a/1.jpg", sha256="ab" * 32), row("b.jpg")])
    run("ingest", "--scores", path)
    document = run("doctor", "--json").document
    assert document["checkpoint"] == "external:theirs"
    run("export", tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = {each["path"]: each["sha256"] for each in csv.DictReader(file)}
    assert rows == {"'=a/1.jpg": "ab" * 32, "b.jpg": ""}


def test_a_score_that_says_the_opposite_of_p_fake_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    rows = "".join(f"{n}.png,{n % 2},{1 - n % 2},{'fake' if n % 2 else 'real'}\n" for n in range(8))
    path.write_text(f"path,p_fake,score,label\n{rows}")
    told = "in 8 of 8 rows score says the opposite of p_fake"
    assert told in run("evaluate", "--scores", path, "--detector", "d").err
    outcome = run("ingest", "--scores", path, "--detector", "d")
    assert (outcome.code, told in outcome.out) == (0, True)
    assert run("ingest", "--scores", path, "--detector", "d", "--json").document["added"] == 0
