"""``jobs list|show|cancel|resume|run``: what runs in the background, and what has run."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from review_app.cli.common import REFUSED, AsJson, application, result
from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.cli.operator import operator
from review_app.jobs.leases import new_runner
from review_app.jobs.work import work_off
from storage.enums import JobState
from storage.models import JobRow
from storage.types import utc_now

JobNumber = Annotated[int, typer.Argument(metavar="JOB", help="The job's number.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    group = typer.Typer(help="Work in the background.", no_args_is_help=True)
    group.command("list")(list_jobs)
    group.command("show")(show)
    group.command("cancel")(cancel)
    group.command("resume")(resume)
    group.command("run")(run)
    app.add_typer(group, name="jobs")


def list_jobs(
    most: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List the jobs, newest first; and whatever has not ended."""
    with application() as app:
        rows = app.jobs.newest(most)
    words = "\n".join(map(_line, rows)) or "no jobs yet"
    result({"jobs": [_document(row) for row in rows]}, as_json, words)


def show(job: JobNumber, as_json: AsJson = False) -> None:
    """Show everything of one job."""
    with application() as app:
        row = app.jobs.get(job)
    result(_document(row), as_json, json.dumps(_document(row), indent=2, ensure_ascii=False))


def cancel(job: JobNumber, as_json: AsJson = False) -> None:
    """End a job: at once where it waits, else as soon as the process that does it hears of it."""
    with application() as app:
        row = app.jobs.cancel(operator(app), job)
    ending = f"job {row.id} ends as soon as its process hears of it"
    words = f"job {row.id} is cancelled" if row.state is JobState.CANCELLED else ending
    result(_document(row), as_json, words)


def resume(job: JobNumber, as_json: AsJson = False) -> None:
    """Have a job that failed or was cancelled done after all, as it was asked for."""
    with application() as app:
        row = app.jobs.again(operator(app), job)
    result(_document(row), as_json, f"job {row.id} waits for its turn")


def run(as_json: AsJson = False) -> None:
    """Do the jobs that wait, here and now, until none does: a server does this by itself.

    Learning that is due by what an admin has chosen is one of them, and so are files of deleted
    images that are due to go.
    """
    with application() as app:
        app.learning_schedule.ask_if_due()
        app.purge_schedule.ask_if_due(utc_now())
        ended = work_off(app.jobs.leases, JOB_FUNCTIONS, app, new_runner())
        rows = [app.jobs.get(job) for job in ended]
        is_busy = app.jobs.is_busy()
    lines = list(map(_line, rows)) or ["nothing waits"]
    if is_busy:
        lines = [*map(_line, rows), "another process works on a job"]
    document = {"jobs": [_document(row) for row in rows], "busy": is_busy}
    result(document, as_json, "\n".join(lines))
    if any(row.state is JobState.FAILED for row in rows):
        raise typer.Exit(REFUSED)


def _line(row: JobRow) -> str:
    words = f"{row.id:>5}  {row.kind:<8} {row.state:<9}"
    words += f" {_count(row)}" if row.state is JobState.RUNNING else ""
    words += f"  asked for by {row.asked_by} ({row.cause}) at {row.asked_at:%Y-%m-%d %H:%M} UTC"
    return words + (f"; {row.error}" if row.error else "")


def _count(row: JobRow) -> str:
    """How far it is; in words until the job has told a number."""
    if row.total:
        return f"{row.done:,} of {row.total:,}"
    return f"{row.done:,} so far" if row.done else "is being prepared"


def _document(row: JobRow) -> dict[str, Any]:
    times = {name: getattr(row, name) for name in ("asked_at", "started_at", "ended_at")}
    return {
        "id": row.id,
        "kind": row.kind.value,
        "state": row.state.value,
        "asked_by": row.asked_by,
        "cause": row.cause.value,
        **{name: None if time is None else time.isoformat() for name, time in times.items()},
        "done": row.done,
        "total": row.total,
        "attempts": row.attempts,
        "cancel_asked": row.cancel_asked,
        "parameters": row.parameters,
        "result": row.result,
        "error": row.error,
    }
