"""The tab of learning in a real browser."""

from __future__ import annotations

from playwright.sync_api import expect

from storage.enums import JobKind, JobState, Role
from storage.repositories.jobs import JobProgress
from storage.types import utc_now
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.test_admin import open_tab
from tests.web.site import Site

LONG = "the labels of 3 images are too few to learn from, " * 12


def some_jobs(site: Site) -> None:
    """A job that has ended, one that failed with a long story, one that runs, one that waits."""
    _, admin = site.signed_in(Role.ADMIN)
    jobs = site.app.jobs
    for row in jobs.newest(1000):
        if row.state in (JobState.QUEUED, JobState.RUNNING):
            jobs.cancel(admin, row.id)
            jobs.leases.give_back(row.runner or "")
    for _ in range(4):
        jobs.submit(admin, JobKind.EXPORT, {})
    for state, result, error in (
        (JobState.DONE, {"rows": 1200, "path": "exports/labels.parquet"}, None),
        (JobState.FAILED, None, LONG),
    ):
        job = jobs.leases.take("runner")
        assert job is not None
        jobs.leases.end(job, state, result, error)
    job = jobs.leases.take("runner")
    assert job is not None
    jobs.leases.renew(job, JobProgress(1, 4, utc_now()))


def test_an_admin_follows_a_job_and_cancels_it(site: Site, sign_in: SignIn) -> None:
    some_jobs(site)
    running = next(row for row in site.app.jobs.newest(9) if row.state is JobState.RUNNING)
    page = sign_in(Role.ADMIN)
    open_tab(page, "Learning")
    jobs = page.get_by_role("region", name="Waiting and running, in their turn")
    ended = page.get_by_role("region", name="Ended, the newest first")
    bar = page.get_by_role("progressbar", name=f"Job {running.id}: how far it is")
    expect(bar).to_have_attribute("aria-valuenow", "25")
    expect(ended.get_by_role("row").filter(has_text="rows: 1200")).to_contain_text("done")
    ended.get_by_role("button", name="Show more").click()
    assert barriers(page) == []
    assert not sticks_out(page)

    with site.app.database.write() as repos:
        assert running.runner
        assert running.lease_until
        repos.jobs.renew(running.id, running.runner, running.lease_until, JobProgress(3, 4))
    expect(bar).to_have_attribute("aria-valuenow", "75")
    more = ended.locator(".show-more")
    expect(more).to_have_attribute("aria-expanded", "true")  # what somebody opened stays open

    page.get_by_label("Job", exact=True).click()
    page.get_by_role("option", name=f"{running.id}: Export, runs").click()
    page.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text(f"Job {running.id} ends as soon as")).to_be_visible()
    expect(jobs).to_contain_text("is being cancelled")
    site.app.jobs.leases.give_back(running.runner)
    expect(ended.get_by_role("row").filter(has_text="cancelled")).to_have_count(1)


def test_an_admin_says_when_learning_begins(site: Site, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "Learning")
    page.get_by_role("button", name="Learn now").click()
    expect(page.get_by_text("waits for its turn.")).to_be_visible()
    jobs = page.get_by_role("region", name="Waiting and running, in their turn")
    expect(jobs.get_by_role("row").filter(has_text="Learning")).to_be_visible()  # by itself
    page.get_by_label("After so many new final labels").fill("500")
    page.get_by_label("After an alarm of the audits").check()
    page.get_by_role("button", name="Save when to learn").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("After so many new final labels")).to_have_value("500")
    expect(page.get_by_label("After an alarm of the audits")).to_be_checked()
    triggers = site.app.learning_triggers.current()
    assert (triggers.every_labels, triggers.after_alarm) == (500, True)
