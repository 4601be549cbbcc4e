"""``jobs``: list, show, cancel, resume and run."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from review_app.bootstrap import open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.jobs.triggers import LearningTriggers, change_learning_triggers
from storage.database import Database
from storage.enums import JobKind, LabelValue, Role
from tests.cli.conftest import Run
from tests.empty import begin
from tests.factories import Factory


def asked_for(data_dir: Path, *kinds: JobKind) -> list[int]:
    """Jobs that an admin has asked for."""
    begin(data_dir)
    app = open_application(Settings(data_dir=data_dir))
    account = app.people.ensure("root", Role.ADMIN, "test")
    root = Person(account.id, account.name, account.role)
    found = [app.jobs.submit(root, kind, {"detector": "none"}) for kind in kinds]
    app.close()
    return found


def test_jobs_from_the_command_line(run: Run, data_dir: Path) -> None:
    begin(data_dir)
    assert run("jobs", "list").out == "no jobs yet\n"
    assert run("jobs", "run").out == "nothing waits\n"
    learn, fuse = asked_for(data_dir, JobKind.LEARN, JobKind.FUSE)
    listed = run("jobs", "list", "--json").document["jobs"]
    assert [(job["id"], job["kind"], job["state"]) for job in listed] == [
        (fuse, "fuse", "queued"),
        (learn, "learn", "queued"),
    ]
    assert run("jobs", "cancel", learn, "--json").document["state"] == "cancelled"
    assert "is cancelled" in run("jobs", "cancel", learn).out
    shown = run("jobs", "show", learn, "--json").document
    assert (shown["state"], shown["asked_by"], shown["cause"]) == ("cancelled", "root", "hand")
    assert shown["parameters"] == {"detector": "none"}
    assert "queued" in run("jobs", "list").out

    assert "no job 99" in run("jobs", "show", 99).fault
    assert "neither failed nor was cancelled" in run("jobs", "resume", fuse).fault


def test_run_asks_for_learning_that_is_due(run: Run, data_dir: Path) -> None:
    begin(data_dir)
    with closing(Database(f"sqlite:///{data_dir / 'review.db'}")) as database:
        factory = Factory(database)
        change_learning_triggers(database, factory.admin(), LearningTriggers(every_labels=10), None)
        reviewer = factory.person()
        for item in factory.items(10):
            factory.label(reviewer, item, LabelValue.REAL)
    outcome = run("jobs", "run", "--json")
    assert outcome.code == 3
    (job,) = outcome.document["jobs"]
    assert (job["kind"], job["cause"], job["asked_by"]) == ("learn", "labels", "system")
    assert job["error"], "ten labels of one kind teach nothing"
    assert run("jobs", "run").out == "nothing waits\n"


def test_run_does_what_waits_and_says_what_failed(run: Run, data_dir: Path) -> None:
    (job,) = asked_for(data_dir, JobKind.FUSE)
    outcome = run("jobs", "run", "--json")
    assert outcome.code == 3
    (done,) = outcome.document["jobs"]
    assert (done["id"], done["state"], done["attempts"]) == (job, "failed", 1)
    assert done["error"]
    assert outcome.document["busy"] is False
    assert run("jobs", "resume", job, "--json").document["state"] == "queued"
    again = run("jobs", "run")
    assert (again.code, done["error"] in again.out) == (3, True)
