"""The tab of learning: the jobs in the background, and when learning begins by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import gradio as gr
import pytest

from review_app.core.errors import ConflictError, InputError, NotAllowedError
from review_app.i18n import LANGUAGES, use_language
from review_app.web.admin.learning_jobs import JobsPanel
from review_app.web.admin.learning_triggers import TriggersPanel
from review_app.web.admin.overview import OverviewTab
from review_app.web.handlers import Call
from storage.enums import JobCause, JobKind, JobState
from storage.repositories.jobs import JobProgress
from storage.types import utc_now
from tests.applications import Deployment, deployment

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Deployment]:
    with deployment(tmp_path) as place:
        yield place


def call_by(place: Deployment, name: str = "root") -> Call:
    return Call(place.factory.admin(name), "http://localhost", gr.Progress())


def test_a_job_is_shown_from_its_turn_to_its_end(place: Deployment) -> None:
    panel, call = JobsPanel(place.app), call_by(place)
    shown, ended, _, look = panel.load(call)
    assert "Nothing waits or runs." in shown
    assert ended == ""
    assert look["value"] == 5

    job_id = place.app.jobs.submit(call.person, JobKind.EXPORT, {})
    shown, _, which, look = panel.load(call)
    assert "waits for its turn" in shown
    assert "by root" in shown
    assert which["choices"] == [(f"{job_id}: Export, waits for its turn", job_id)]
    assert look["value"] == 2

    job = place.app.jobs.leases.take("runner")
    assert job is not None
    shown, *_ = panel.load(call)
    assert "runs; is being prepared" in shown
    began = utc_now() - timedelta(seconds=100)
    place.app.jobs.leases.renew(job, JobProgress(0, 0, began))
    shown, *_ = panel.load(call)
    assert "runs; is being prepared" in shown
    place.app.jobs.leases.renew(job, JobProgress(7, None, began))
    shown, *_ = panel.load(call)
    assert "runs; 7 so far" in shown
    place.app.jobs.leases.renew(job, JobProgress(1_000, 5_000, began))
    shown, *_ = panel.load(call)
    assert "runs; 1,000 of 5,000; 10 per second; 6 min left" in shown
    assert 'aria-valuenow="20"' in shown

    said, shown, *_ = panel.cancel(call, job_id)
    assert f"Job {job_id} ends as soon as its process hears of it." in said
    assert "is being cancelled" in shown
    place.app.jobs.leases.end(job, JobState.CANCELLED)
    said, shown, *_ = panel.again(call, job_id)
    assert f"Job {job_id} waits for its turn." in said

    job = place.app.jobs.leases.take("runner")
    assert job is not None
    place.app.jobs.leases.end(job, JobState.DONE, {"rows": 12, "path": HOSTILE})
    shown, ended, which, look = panel.load(call)
    assert "Nothing waits or runs." in shown
    assert "rows: 12; path: &lt;img" in ended
    assert HOSTILE not in ended
    assert (which["choices"], look["value"]) == ([], 5)


def test_an_error_is_told_and_who_asked(place: Deployment) -> None:
    panel, call = JobsPanel(place.app), call_by(place)
    with place.app.database.write() as repos:
        repos.jobs.add(JobKind.LEARN, {}, "system", JobCause.ALARM)
    job = place.app.jobs.leases.take("runner")
    assert job is not None
    place.app.jobs.leases.end(job, JobState.FAILED, error=HOSTILE)
    _, ended, which, look = panel.load(call)
    assert "after an alarm" in ended
    assert "failed" in ended
    assert "&lt;img" in ended
    assert HOSTILE not in ended
    assert ([value for _, value in which["choices"]], look["value"]) == ([job.id], 5)
    with pytest.raises(ConflictError, match="has ended"):
        panel.cancel(call, job.id)


def test_the_first_screen_tells_of_learning_that_failed_and_nobody_had_asked_for(
    place: Deployment,
) -> None:
    tab, call, words = OverviewTab(place.app), call_by(place), "Learning that had begun by itself"
    assert words not in tab.refresh(call)[0]
    for cause in (JobCause.LABELS, JobCause.HAND):
        with place.app.database.write() as repos:
            repos.jobs.add(JobKind.LEARN, {}, "somebody", cause)
        job = place.app.jobs.leases.take("runner")
        assert job is not None
        place.app.jobs.leases.end(job, JobState.FAILED, error="too few labels")
        assert (words in tab.refresh(call)[0]) is (cause is JobCause.LABELS)


@pytest.mark.parametrize("chosen", [None, "1", [1], True])
def test_what_no_page_of_ours_sends_is_refused(place: Deployment, chosen: object) -> None:
    panel, call = JobsPanel(place.app), call_by(place)
    with pytest.raises(InputError, match="choose a job first"):
        panel.cancel(call, chosen)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        panel.again(call, chosen)  # type: ignore[arg-type]


def test_a_reviewer_cancels_nothing(place: Deployment) -> None:
    panel, call = JobsPanel(place.app), call_by(place)
    job_id = place.app.jobs.submit(call.person, JobKind.COMPARE, {})
    reviewer = Call(place.factory.person("rita"), "http://localhost", gr.Progress())
    for action in (panel.cancel, panel.again):
        with pytest.raises(NotAllowedError):
            action(reviewer, job_id)
    assert place.app.jobs.get(job_id).state is JobState.QUEUED


@pytest.mark.parametrize("kind", JobKind)
def test_each_kind_state_and_cause_has_its_words(place: Deployment, kind: JobKind) -> None:
    panel, call = JobsPanel(place.app), call_by(place)
    with place.app.database.write() as repos:
        for cause in JobCause:
            for state in JobState:
                repos.jobs.get(repos.jobs.add(kind, {}, "root", cause)).state = state  # type: ignore[union-attr]
    for language in LANGUAGES:
        with use_language(language):
            shown, ended, *_ = panel.load(call)
            assert "jobs." not in shown + ended


def test_an_admin_says_when_learning_begins_by_itself(place: Deployment) -> None:
    panel, call = TriggersPanel(place.app), call_by(place)
    words, *fields, seen = panel.load(call)
    assert "0 labels have become final" in words
    assert fields == [0, 0, False]
    saved, *fields, seen = panel.save(call, seen, 500, 24, True)
    assert "Saved." in saved
    assert fields == [500, 24, True]
    assert place.app.learning_triggers.current().every_labels == 500
    saved, *_ = panel.save(call, seen, 0, 0, False)
    assert "by hand alone" in saved
    assert place.app.learning_triggers.current().every_hours is None


def test_what_makes_no_sense_is_refused(place: Deployment) -> None:
    panel, call = TriggersPanel(place.app), call_by(place)
    *_, seen = panel.load(call)
    for values, why in (
        ((5, 0, False), "the number of labels is 0"),
        (("many", 0, False), "the number of labels is 0"),
        ((0, 0.5, False), "the number of hours is 0"),
        ((0, -1, False), "the number of hours is 0"),
    ):
        with pytest.raises(InputError, match=why):
            panel.save(call, seen, *values)
    reviewer = Call(place.factory.person("rita"), "http://localhost", gr.Progress())
    with pytest.raises(NotAllowedError):
        panel.save(reviewer, seen, 500, 0, False)


def test_an_admin_asks_for_learning_by_hand_and_once(place: Deployment) -> None:
    panel, call = TriggersPanel(place.app), call_by(place)
    said = panel.learn(call)
    (row,) = place.app.jobs.newest()
    assert f"Job {row.id} waits for its turn." in said
    assert (row.kind, row.cause, row.asked_by) == (JobKind.LEARN, JobCause.HAND, "root")
    assert f"Job {row.id} does just that: it waits or runs already." in panel.learn(call)
    assert len(place.app.jobs.newest()) == 1
    with pytest.raises(NotAllowedError):
        panel.learn(Call(place.factory.person("rita"), "http://localhost", gr.Progress()))


def test_two_admins_do_not_overwrite_each_other(place: Deployment) -> None:
    panel, one, other = TriggersPanel(place.app), call_by(place), call_by(place, "rosa")
    *_, seen = panel.load(one)
    panel.save(other, seen, 500, 0, False)
    saved, *fields, _ = panel.save(one, seen, 900, 0, True)
    assert "rosa" in saved
    assert fields == [500, 0, True], "what both changed is as it is in force"
    assert not place.app.learning_triggers.current().after_alarm
