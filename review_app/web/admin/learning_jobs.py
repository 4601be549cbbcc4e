"""The jobs in the background: how far each is, what came of it, cancelling and doing it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, significant, t
from review_app.jobs.service import JobAsked
from review_app.web.charts import progress
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, age, clamped, long, moment, notice, table
from storage.enums import JobState
from storage.models import JobRow
from storage.types import utc_now

BUSY_SECONDS, IDLE_SECONDS = 2, 5
"""The seconds between two looks while a job waits or runs, and while none does."""
SHOWN = 20
_OPEN = (JobState.QUEUED, JobState.RUNNING)
_SAID = {
    JobState.CANCELLED: "jobs.is_cancelled",
    JobState.QUEUED: "jobs.is_queued",
    JobState.RUNNING: "jobs.is_ending",
}

Shown = tuple[Markup, Markup, Any, Any]
"""What waits and runs, what has ended, the choices, and when to look again. What has ended stands
by itself, so that it stays as somebody left it while the rest is drawn again and again."""


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
        waiting = [row for row in rows if row.state in _OPEN]
        ended = [row for row in rows if row.state not in _OPEN]
        look = gr.update(value=BUSY_SECONDS if waiting else IDLE_SECONDS)
        return _waiting(waiting), _ended(ended), gr.update(choices=choices), look

    def cancel(self, call: Call, job: int | None) -> tuple[Markup, *Shown]:
        """End the job that is chosen."""
        row = self._app.jobs.cancel(call.person, _chosen(job))
        words = t(_SAID[row.state], job=row.id)
        return notice(words, Tone.DONE), *self.load(call)

    def again(self, call: Call, job: int | None) -> tuple[Markup, *Shown]:
        """Have the job that is chosen done after all."""
        row = self._app.jobs.again(call.person, _chosen(job))
        return notice(t(_SAID[row.state], job=row.id), Tone.DONE), *self.load(call)


def answer_to(job: JobAsked, words: str) -> Markup:
    """What whoever asked for ``job`` reads: ``words``, or where it was there already, that."""
    return notice(words, Tone.DONE) if job.is_new else notice(t("jobs.is_there", job=job.id))


def build_jobs(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = JobsPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("jobs.title"), t("jobs.remark")):
        waiting, ended = html(), html()
        with gr.Row():
            which = gr.Dropdown([], label=t("jobs.which"), value=None)
            cancel = gr.Button(t("jobs.cancel"))
            again = gr.Button(t("jobs.again"))
        message = html()
    look = gr.Timer(IDLE_SECONDS)
    shown: list[Any] = [waiting, ended, which, look]
    for event in (blocks.load, tab.select, look.tick):
        wiring.quick(event, panel.load, shown)
    wiring.quick(cancel.click, panel.cancel, [message, *shown], [which])
    wiring.quick(again.click, panel.again, [message, *shown], [which])


def _waiting(rows: Sequence[JobRow]) -> Markup:
    if not rows:
        return Markup('<p class="empty">{}</p>').format(t("jobs.none_open"))
    # They come in their turn, the one that runs first.
    return _table("caption_open", list(reversed(rows)), ("number", "what", "state", "asked"))


def _ended(rows: Sequence[JobRow]) -> Markup:
    names = ("number", "what", "state", "asked", "outcome")
    return _table("caption_ended", rows, names) if rows else Markup()


def _table(caption: str, rows: Sequence[JobRow], columns: Sequence[str]) -> Markup:
    cells = [[_CELLS[column](row) for column in columns] for row in rows]
    return table(t(f"jobs.{caption}"), [t(f"jobs.{column}") for column in columns], cells)


def _chosen(job: int | None) -> int:
    if not isinstance(job, int) or isinstance(job, bool):
        raise InputError(Text("jobs.choose"))
    return job


def _kind(row: JobRow) -> str:
    return t(f"jobs.kind_{row.kind}")


def _state(row: JobRow) -> str:
    is_ending = row.state is JobState.RUNNING and row.cancel_asked
    return t("jobs.state_ending" if is_ending else f"jobs.state_{row.state}")


def standing(row: JobRow) -> Markup:
    """The state in words; of a job that runs also how far it is, how fast, and for how long."""
    words, bar = [_state(row)], Markup()
    if row.state is JobState.RUNNING:
        words += _pace(row)
        if row.total:
            bar = progress(t("jobs.bar", job=row.id), min(row.done / row.total, 1))
    elif row.started_at is not None and row.ended_at is not None:
        words.append(t("jobs.took", age=age(row.started_at, row.ended_at)))
    if row.attempts > 1:
        words.append(t("jobs.attempts", n=row.attempts))
    return long(Markup("{}{}").format("; ".join(words), bar))


def _pace(row: JobRow) -> list[str]:
    done = number(row.done)
    if row.total:
        words = [t("jobs.count", done=done, total=number(row.total))]
    else:
        words = [t("jobs.count_so_far" if row.done else "jobs.count_unknown", done=done)]
    now = utc_now()
    seconds = 0.0 if row.counting_since is None else (now - row.counting_since).total_seconds()
    if row.done and seconds >= 1:
        rate = row.done / seconds
        per = "second" if rate >= 1 else "minute"
        words.append(t(f"jobs.per_{per}", n=significant(rate if rate >= 1 else 60 * rate, 2)))
        if row.total and row.total > row.done:
            left = timedelta(seconds=(row.total - row.done) / rate)
            words.append(t("jobs.left", age=age(now, now + left)))
    return words


def asked(row: JobRow) -> Markup:
    """The time at which it was asked for, and by whom or why."""
    return Markup("{}<br>{}").format(
        moment(row.asked_at), t(f"jobs.cause_{row.cause}", name=row.asked_by)
    )


def _outcome(row: JobRow) -> Markup:
    """The result or the error, which are records; the longer ones can be opened."""
    told = row.error or "; ".join(
        f"{name}: {value}"
        for name, value in (row.result or {}).items()
        if isinstance(value, str | int | float)
    )
    return long(Markup('<span lang="en">{}</span>').format(clamped(told))) if told else Markup()


_CELLS: dict[str, Callable[[JobRow], Markup | str]] = {
    "number": lambda row: str(row.id),
    "what": _kind,
    "state": standing,
    "asked": asked,
    "outcome": _outcome,
}
"""What stands in each column."""
