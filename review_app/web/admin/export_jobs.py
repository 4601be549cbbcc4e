"""Exports in the background: asked for, how far each is, their history, and what is there to
fetch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, number, t
from review_app.records.exports.job import export_parameters
from review_app.records.exports.request import OVERLAP, ExportKind, ExportRequest
from review_app.records.exports.selection import Selection, moment_of
from review_app.records.exports.tables import RowKind
from review_app.web.admin.learning_jobs import BUSY_SECONDS, IDLE_SECONDS, asked, standing
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, clamped, long, notice, table
from storage.enums import ItemState, JobKind, JobState, LabelValue, TriageFlag
from storage.models import JobRow

SHOWN, LOOKED_AT = 20, 200
"""Exports in the history, and the jobs of every kind among which they are looked for."""
LONGEST_SOURCES = 2000
"""Letters of the sources that somebody names: a job keeps them, and the history shows them again
and again."""
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
        return self._history(rows), gr.update(choices=going_on, value=None), look

    def begin(
        self,
        call: Call,
        kind: str,
        rows: str,
        labels: Sequence[str],
        states: Sequence[str],
        sources: str,
        marked: bool,
        changed: bool,
    ) -> tuple[Markup, *History]:
        """Ask for an export."""
        if len(sources or "") > LONGEST_SOURCES:
            raise InputError(Text("refusals.odd_call"))  # the field takes no more
        request = ExportRequest(
            _choice(ExportKind, kind),
            Selection(
                labels=frozenset(_choice(LabelValue, one) for one in labels or ()),
                states=frozenset(_choice(ItemState, one) for one in states or ()),
                sources=frozenset(filter(None, map(str.strip, (sources or "").split(",")))),
                mark=TriageFlag.RETRAIN if marked else None,
                changed_since=self._last() if changed else None,
            ),
            _choice(RowKind, rows),
        )
        if request.row_kind is RowKind.ANSWERS and request.kind.table is None:
            raise InputError(Text("export.answers_are_tables"))
        parameters = export_parameters(request, call.person.name)
        job = self._app.jobs.submit(call.person, JobKind.EXPORT, parameters)
        return notice(t("jobs.is_queued", job=job), Tone.DONE), *self.load(call)

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

    def _last(self) -> datetime:
        """The moment that the newest export tells, a little earlier."""
        for row in self._rows():
            as_of = (row.result or {}).get("as_of")
            if row.state is JobState.DONE and isinstance(as_of, str):
                return moment_of(as_of) - OVERLAP
        raise InputError(Text("export.none_before"))

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
        place = str(row.parameters.get("place"))
        links = Markup("<br>").join(
            Markup('<a href="/exports/kept/{}/{}" download>{}</a>').format(place, name, name)
            for name in self._app.exports.kept.files(place)
        )
        told = t("export.rows_and_hash", rows=number(int(row.result.get("rows", 0))))
        digest = Markup("<code>{}</code>").format(str(row.result.get("sha256", "")))
        return long(Markup("{}<br>{} {}").format(links or t("export.not_kept"), told, digest))


def build_export_jobs(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = ExportJobsPanel(app)
    wiring = Wiring(app, Permission.EXPORT)
    with section(t("export.in_background"), t("export.in_background_remark")):
        with gr.Row():
            kind = gr.Dropdown(_choices(ExportKind, "kind"), label=t("export.format"), value="csv")
            rows = gr.Dropdown(_choices(RowKind, "rows"), label=t("export.rows"), value="images")
        with gr.Row():
            values = [(t(f"export.label_{one.value}"), one.value) for one in LabelValue]
            labels = gr.Dropdown(values, label=t("export.only_labels"), multiselect=True)
            values = [(t(f"export.state_{one.value}"), one.value) for one in ItemState]
            states = gr.Dropdown(values, label=t("export.only_states"), multiselect=True)
            sources = gr.Textbox(label=t("export.only_sources"), max_length=LONGEST_SOURCES)
        with gr.Row():
            marked = gr.Checkbox(label=t("export.only_marked"))
            changed = gr.Checkbox(label=t("export.only_changed"))
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
    given = [kind, rows, labels, states, sources, marked, changed]
    wiring.quick(begin.click, panel.begin, [message, *shown], given)
    wiring.quick(cancel.click, panel.cancel, [message, *shown], [which])


def _choices(kind: type[ExportKind] | type[RowKind], name: str) -> list[tuple[str, str]]:
    return [(t(f"export.{name}_{one.value}"), one.value) for one in kind]


def _choice(kind: Any, value: Any) -> Any:
    """The member of ``kind`` that the page sent. Raises InputError for anything else."""
    try:
        return kind(value)
    except ValueError:
        raise InputError(Text("refusals.odd_call")) from None


def _what(row: JobRow) -> Markup:
    """The format, and the conditions, which are records."""
    request = row.parameters.get("request", {})
    told = [", ".join(str(request[name]) for name in ("kind", "rows") if name in request)]
    told += [f"{name}: {value}" for name, value in request.get("selection", {}).items()]
    return long(Markup('<span lang="en">{}</span>').format(clamped("; ".join(told))))
