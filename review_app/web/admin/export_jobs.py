"""Exports in the background: asked for, how far each is, their history, and what is there to
fetch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, t
from review_app.records.exports.job import export_parameters
from review_app.web.addresses import here
from review_app.web.admin.export_form import asked_for, build_export_form
from review_app.web.admin.learning_jobs import BUSY_SECONDS, IDLE_SECONDS, asked, standing
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, clamped, long, notice, table
from storage.enums import JobKind, JobState
from storage.models import JobRow

SHOWN, LOOKED_AT = 20, 200
"""Exports in the history, and the jobs of every kind among which they are looked for."""
_OPEN = (JobState.QUEUED, JobState.RUNNING)

History = tuple[Markup, Any, Any]
"""The history, the jobs that can be cancelled, and when to look again."""


class ExportJobsPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> History:
        """The exports as they stand."""
        rows = self._rows()
        going_on = [(f"{row.id}", row.id) for row in rows if row.state in _OPEN]
        look = gr.update(value=BUSY_SECONDS if going_on else IDLE_SECONDS)
        return self._history(rows), gr.update(choices=going_on), look

    def begin(self, call: Call, *form: Any) -> tuple[Markup, *History]:
        """Ask for the export that the form, as `build_export_form` has it, asks for; the same one
        that waits or runs already is enough."""
        *asked, changed = form
        request, last = asked_for(*asked), None
        if changed:
            last = self._app.exports.history.last_alike(request)
            if last is None:
                raise InputError(Text("export.none_before"))
            request = request.since(last.since)
        parameters = export_parameters(request, call.person.name)
        job = self._app.jobs.ask(call.person, JobKind.EXPORT, parameters)
        words = [t("jobs.is_queued" if job.is_new else "export.is_asked_for", job=job.id)]
        if last is not None:
            time = f"{last.as_of:%Y-%m-%d %H:%M} UTC"
            words.append(t("export.goes_on", job=last.job, file=last.file, time=time))
        return notice(" ".join(words), Tone.DONE), *self.load(call)

    def cancel(self, call: Call, job: int | None) -> tuple[Markup, *History]:
        """End the export that is chosen."""
        if not isinstance(job, int) or isinstance(job, bool):
            raise InputError(Text("jobs.choose"))
        row = self._app.jobs.cancel(call.person, job)
        key = "jobs.is_cancelled" if row.state is JobState.CANCELLED else "jobs.is_ending"
        return notice(t(key, job=row.id), Tone.DONE), *self.load(call)

    def _rows(self) -> list[JobRow]:
        rows = self._app.jobs.newest(LOOKED_AT)
        return [row for row in rows if row.kind is JobKind.EXPORT][:SHOWN]

    def _history(self, rows: Sequence[JobRow]) -> Markup:
        if not rows:
            return Markup('<p class="empty">{}</p>').format(t("export.none_yet"))
        names = [t(f"jobs.{name}") for name in ("number", "asked", "state")]
        names += [t("export.what"), t("export.to_fetch")]
        cells = [
            (str(row.id), asked(row), standing(row), _what(row), self._to_fetch(row))
            for row in rows
        ]
        return table(t("export.history"), names, cells)

    def _to_fetch(self, row: JobRow) -> Markup:
        """What came of it: links, and the checksum; or what went wrong."""
        if row.error:
            return long(Markup('<span lang="en">{}</span>').format(clamped(row.error)))
        if row.state is not JobState.DONE or not row.result:
            return Markup()
        told = t("export.rows_and_hash", rows=number(int(row.result.get("rows", 0))))
        digest = Markup("<code>{}</code>").format(str(row.result.get("sha256", "")))
        return long(Markup("{}<br>{} {}").format(self._links(row), told, digest))

    def _links(self, row: JobRow) -> Markup | str:
        place = row.parameters.get("place")
        if place is None:
            return t("export.by_command", file=str((row.result or {}).get("file", "")))
        kept = here(f"/exports/kept/{place}")
        links = Markup("<br>").join(
            Markup('<a href="{}/{}" download>{}</a>').format(kept, name, name)
            for name in self._app.exports.kept.files(str(place))
        )
        return links or t("export.not_kept")


def build_export_jobs(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = ExportJobsPanel(app)
    wiring = Wiring(app, Permission.EXPORT)
    with section(t("export.in_background"), t("export.in_background_remark")):
        form = build_export_form()
        begin = gr.Button(t("export.begin"), variant="primary")
        message = html()
        history = html()
        with gr.Row():
            which = gr.Dropdown([], label=t("jobs.which"), value=None)
            cancel = gr.Button(t("jobs.cancel"))
    look = gr.Timer(IDLE_SECONDS)
    shown: list[Any] = [history, which, look]
    for event in (tab.select, look.tick):
        wiring.quick(event, panel.load, shown)
    wiring.quick(begin.click, panel.begin, [message, *shown], form)
    wiring.quick(cancel.click, panel.cancel, [message, *shown], [which])


def _what(row: JobRow) -> Markup:
    """The format, and the conditions, which are records."""
    request = row.parameters.get("request", {})
    told = [", ".join(str(request[name]) for name in ("kind", "rows") if name in request)]
    told += [f"{name}: {value}" for name, value in request.get("selection", {}).items()]
    return long(Markup('<span lang="en">{}</span>').format(clamped("; ".join(told))))
