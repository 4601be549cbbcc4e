"""The jobs in the background: how far each is, what came of it, cancelling and doing it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, significant, t
from review_app.web.charts import progress
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, age, clamped, join, moment, notice, table
from storage.enums import JobState
from storage.models import JobRow
from storage.types import utc_now

LOOK_SECONDS = 2
"""The seconds between two looks while a job waits or runs."""
SHOWN = 20
_OPEN = (JobState.QUEUED, JobState.RUNNING)
_ENDED = {
    JobState.CANCELLED: "jobs.is_cancelled",
    JobState.QUEUED: "jobs.is_queued",
    JobState.RUNNING: "jobs.is_ending",
}

Shown = tuple[Markup, Any, Any]
"""The table, the choices, and whether to look again soon."""


class JobsPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> Shown:
        """The jobs as they stand."""
        rows = self._app.jobs.newest(SHOWN)
        choices = [
            (t("jobs.choice", job=row.id, kind=_kind(row), state=_state(row)), row.id)
            for row in rows
            if row.state is not JobState.DONE
        ]
        is_open = any(row.state in _OPEN for row in rows)
        return jobs_table(rows), gr.update(choices=choices), gr.update(active=is_open)

    def cancel(self, call: Call, job: int | None) -> tuple[Markup, Markup, Any, Any]:
        """End the job that is chosen."""
        row = self._app.jobs.cancel(call.person, _chosen(job))
        words = t(_ENDED[row.state], job=row.id)
        return notice(words, Tone.DONE), *self.load(call)

    def again(self, call: Call, job: int | None) -> tuple[Markup, Markup, Any, Any]:
        """Have the job that is chosen done after all."""
        row = self._app.jobs.again(call.person, _chosen(job))
        return notice(t(_ENDED[row.state], job=row.id), Tone.DONE), *self.load(call)


def build_jobs(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = JobsPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("jobs.title"), t("jobs.remark")):
        jobs = html()
        with gr.Row():
            which = gr.Dropdown([], label=t("jobs.which"), value=None)
            cancel = gr.Button(t("jobs.cancel"))
            again = gr.Button(t("jobs.again"))
        message = html()
    look = gr.Timer(LOOK_SECONDS, active=False)
    for event in (blocks.load, tab.select, look.tick):
        wiring.quick(event, panel.load, [jobs, which, look])
    wiring.quick(cancel.click, panel.cancel, [message, jobs, which, look], [which])
    wiring.quick(again.click, panel.again, [message, jobs, which, look], [which])


def jobs_table(rows: Sequence[JobRow]) -> Markup:
    """The jobs as a table, each in words."""
    if not rows:
        return Markup('<p class="empty">{}</p>').format(t("jobs.none"))
    names = ("number", "what", "state", "asked", "outcome")
    cells = [(str(row.id), _kind(row), _standing(row), _asked(row), _outcome(row)) for row in rows]
    return table(t("jobs.caption"), [t(f"jobs.{name}") for name in names], cells)


def _chosen(job: int | None) -> int:
    if not isinstance(job, int) or isinstance(job, bool):
        raise InputError(Text("jobs.choose"))
    return job


def _kind(row: JobRow) -> str:
    return t(f"jobs.kind_{row.kind}")


def _state(row: JobRow) -> str:
    is_ending = row.state is JobState.RUNNING and row.cancel_asked
    return t("jobs.state_ending" if is_ending else f"jobs.state_{row.state}")


def _standing(row: JobRow) -> Markup:
    """The state in words; of a job that runs also how far it is, how fast, and for how long."""
    lines = [_state(row)]
    bar = Markup()
    if row.state is JobState.RUNNING:
        lines += _pace(row)
        if row.total:
            bar = progress(t("jobs.bar", job=row.id), min(row.done / row.total, 1))
    elif row.started_at is not None and row.ended_at is not None:
        lines.append(t("jobs.took", age=age(row.started_at, row.ended_at)))
    if row.attempts > 1:
        lines.append(t("jobs.attempts", n=row.attempts))
    return Markup("{}{}").format("; ".join(lines), bar)


def _pace(row: JobRow) -> list[str]:
    done = number(row.done)
    if row.total is None:
        words = [t("jobs.count_so_far", done=done)]
    else:
        words = [t("jobs.count", done=done, total=number(row.total))]
    now = utc_now()
    seconds = 0.0 if row.counting_since is None else (now - row.counting_since).total_seconds()
    if row.done and seconds >= 1:
        rate = row.done / seconds
        words.append(t("jobs.rate", rate=significant(rate, 2)))
        if row.total is not None and row.total > row.done:
            left = timedelta(seconds=(row.total - row.done) / rate)
            words.append(t("jobs.left", age=age(now, now + left)))
    return words


def _asked(row: JobRow) -> Markup:
    return Markup("{}<br>{}").format(
        moment(row.asked_at), t(f"jobs.cause_{row.cause}", name=row.asked_by)
    )


def _outcome(row: JobRow) -> Markup:
    """The result or the error, which are records; the longer ones can be opened."""
    if row.error:
        return _recorded(row.error)
    if not row.result:
        return Markup()
    told = "; ".join(
        f"{name}: {value}"
        for name, value in row.result.items()
        if isinstance(value, str | int | float)
    )
    return _recorded(told)


def _recorded(text: str) -> Markup:
    """``text`` of a record; of a long one its beginning, and a button for the rest."""
    return join([Markup('<span lang="en">'), clamped(text), Markup("</span>")])
