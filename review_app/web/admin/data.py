"""Data: take images in, triage them, and say what was refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError, RefusedFile
from review_app.core.permissions import Permission
from review_app.i18n import Text, current_language, significant, t
from review_app.triage.uploaded import UploadedBatch
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, join, moment, notice, table

LOOK_SECONDS = 3
"""The seconds between two looks whether an upload is through that was under way when the page was
opened."""


class DataTab:
    """The handler of the tab's button."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def remark(self, _call: Call) -> Markup:
        """What is taken, and what of it is not."""
        limits = self._app.settings
        words = t(
            "data.remark",
            mib=significant(limits.max_file_mb, 6),
            megapixels=significant(limits.max_megapixels, 6),
        )
        return Markup('<p class="remark">{}</p>').format(words)

    def take_in(self, call: Call, uploads: Sequence[str] | None) -> tuple[Markup, Markup, None]:
        """Take the uploaded files in and triage them. The uploads themselves are deleted."""
        if not uploads:
            raise InputError(Text("data.choose_first"))
        paths = [Path(upload) for upload in uploads]
        person, kept = call.person, self._app.uploaded
        with kept.under_way(person.id) as began_at:
            try:
                report = self._app.intake.ingest(
                    paths, person.name, call.count(t("data.taking_in")), bare_names=True
                )
            finally:
                for path in paths:
                    path.unlink(missing_ok=True)
            batch = UploadedBatch.of(began_at, report)
            kept.keep(person.id, batch)
            triaged = self._app.triage.run(person.name, call.count(t("data.scoring")))
            batch = replace(batch, triaged=triaged)
            kept.keep(person.id, batch)
        return _outcome(batch), _told(batch), None

    def last(self, call: Call) -> tuple[Markup, Markup, Any]:
        """What became of the last upload, and whether to look again soon, since it is under way."""
        batch = self._app.uploaded.last(call.person.id)
        under_way = self._app.uploaded.is_under_way(call.person.id)
        look = gr.update(active=under_way)
        if batch is None:
            return Markup(), Markup(), look
        if under_way:
            return notice(t("data.under_way")), Markup(), look
        return _outcome(batch), _told(batch), look


def build_data(app: Application, blocks: gr.Blocks) -> None:
    """Add the tab's components to the open context."""
    actions = DataTab(app)
    with section(t("data.title")):
        remark = html()
        files = gr.File(label=t("data.files"), file_count="multiple", height=180)
        button = gr.Button(t("data.take_in"), variant="primary")
        message = html(min_height=96)
        refused = html()
    wiring = Wiring(app, Permission.ADD_IMAGES)
    wiring.quick(blocks.load, actions.remark, [remark])
    look = gr.Timer(LOOK_SECONDS, active=False)
    for event in (blocks.load, look.tick):
        wiring.quick(event, actions.last, [message, refused, look])
    outputs: list[Any] = [message, refused, files]
    wiring.slow(button.click, actions.take_in, outputs, [files])


def _outcome(batch: UploadedBatch) -> Markup:
    report, triaged = batch.report, batch.triaged
    known = "_known" if report.duplicates else ""
    refused = "_refused" if batch.n_refused else ""
    taken = t(
        f"data.taken{known}{refused}",
        n=report.added,
        known=report.duplicates,
        refused=batch.n_refused,
    )
    remark = Markup('<p class="remark">{} {}</p>')
    when = remark.format(t("data.last_upload"), moment(batch.began_at))
    if triaged is None:
        return when + notice(f"{taken} {t('data.cut_off')}", Tone.PROBLEM)
    labels = t("data.labels", n=report.labelled, new=report.labels) if report.labelled else ""
    routed = t("data.triaged", accepted=triaged.auto_accepted, waiting=triaged.to_review)
    words = " ".join(filter(None, (taken, labels, routed)))
    if triaged.failed:
        words += f" {t('data.failed', n=triaged.failed)}"
    words += triaged.rescored_words
    return when + notice(words, Tone.DONE if report.added or report.duplicates else Tone.NOTE)


def _told(batch: UploadedBatch) -> Markup:
    report = batch.report
    return _refusals(report.refused, batch.n_refused) + _remarks(report.remarks)


def _refusals(refused: Sequence[RefusedFile], n: int) -> Markup:
    """The first of ``n`` refused files."""
    if not refused:
        return Markup()
    caption = t("data.refused", n=n)
    if n > len(refused):
        caption = t("data.refused_most", n=n, shown=len(refused))
    language = current_language()
    rows = [
        (file.path, t(f"intake.reason_{file.reason}"), file.detail_in(language)) for file in refused
    ]
    return table(caption, [t(f"data.{name}") for name in ("file", "reason", "found")], rows)


def _remarks(remarks: Sequence[Text]) -> Markup:
    """What people may want to know besides of what was taken."""
    if not remarks:
        return Markup()
    language = current_language()
    lines = join(Markup("<li>{}</li>").format(remark.render(language)) for remark in remarks)
    return Markup('<ul class="remark" aria-label="{}">{}</ul>').format(t("data.remarks"), lines)
