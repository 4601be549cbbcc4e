"""Data: take images in, triage them, and say what was refused and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError, RefusedFile
from review_app.intake.service import IntakeReport
from review_app.permissions import Permission
from review_app.triage.report import TriageReport
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, join, notice, table
from review_app.words import Text, current_language, significant, t

SHOWN_REFUSALS = 200
"""More would make the page heavy; the count tells of the rest."""


class DataTab:
    """What the tab's button does."""

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
        try:
            report = self._app.intake.ingest(
                paths, call.person.name, call.count(t("data.taking_in")), bare_names=True
            )
        finally:
            for path in paths:
                path.unlink(missing_ok=True)
        triaged = self._app.triage.run(call.person.name, call.count(t("data.scoring")))
        told = _refusals(report.refused) + _remarks(report.remarks)
        return _outcome(report, triaged), told, None


def build_data(app: Application, blocks: gr.Blocks) -> None:
    """Add the tab's components to the open context."""
    desk = DataTab(app)
    with section(t("data.title")):
        remark = html()
        files = gr.File(label=t("data.files"), file_count="multiple", height=180)
        button = gr.Button(t("data.take_in"), variant="primary")
        message = html(min_height=96)
        refused = html()
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    wiring.quick(blocks.load, desk.remark, [remark])
    outputs: list[Any] = [message, refused, files]
    wiring.slow(button.click, desk.take_in, outputs, [files])


def _outcome(report: IntakeReport, triaged: TriageReport) -> Markup:
    known = "_known" if report.duplicates else ""
    refused = "_refused" if report.refused else ""
    taken = t(
        f"data.taken{known}{refused}",
        n=report.added,
        known=report.duplicates,
        refused=len(report.refused),
    )
    labels = t("data.labels", n=report.labelled, new=report.labels) if report.labelled else ""
    routed = t("data.triaged", accepted=triaged.auto_accepted, waiting=triaged.to_review)
    words = " ".join(filter(None, (taken, labels, routed)))
    if triaged.failed:
        words += f" {t('data.failed', n=triaged.failed)}"
    words += triaged.rescored_words
    return notice(words, Tone.DONE if report.added or report.duplicates else Tone.NOTE)


def _refusals(refused: Sequence[RefusedFile]) -> Markup:
    if not refused:
        return Markup()
    caption = t("data.refused", n=len(refused))
    if len(refused) > SHOWN_REFUSALS:
        caption = t("data.refused_most", n=len(refused), shown=SHOWN_REFUSALS)
    language = current_language()
    rows = [
        (file.path, t(f"intake.reason_{file.reason}"), file.detail_in(language))
        for file in refused[:SHOWN_REFUSALS]
    ]
    return table(caption, [t(f"data.{name}") for name in ("file", "reason", "found")], rows)


def _remarks(remarks: Sequence[Text]) -> Markup:
    """What people may want to know besides of what was taken."""
    if not remarks:
        return Markup()
    language = current_language()
    lines = join(Markup("<li>{}</li>").format(remark.said(language)) for remark in remarks)
    return Markup('<ul class="remark" aria-label="{}">{}</ul>').format(t("data.remarks"), lines)
