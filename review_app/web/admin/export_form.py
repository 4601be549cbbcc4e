"""The form that an export is asked for with: what it holds, and what that asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import gradio as gr

from review_app.core.errors import InputError
from review_app.i18n import Text, t
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.records.exports.selection import Selection, moment_of
from review_app.records.exports.tables import RowKind
from storage.enums import ItemState, LabelValue, TriageFlag

LONGEST_LIST = 2000
"""Letters of the names in one field: a job keeps them, and the history shows them again and
again."""
_LONGEST_TIME = 40


def build_export_form() -> list[Any]:
    """Add the form to the open context; its fields, as `asked_for` takes them."""
    with gr.Row():
        kind = gr.Dropdown(_choices(ExportKind, "kind"), label=t("export.format"), value="csv")
        rows = gr.Dropdown(_choices(RowKind, "rows"), label=t("export.rows"), value="images")
        marks = [(t("export.any_mark"), ""), *_choices(TriageFlag, "mark")]
        mark = gr.Dropdown(marks, label=t("export.only_marked"), value="")
    with gr.Row():
        labels = gr.Dropdown(
            _choices(LabelValue, "label"), label=t("export.only_labels"), multiselect=True
        )
        states = gr.Dropdown(
            _choices(ItemState, "state"), label=t("export.only_states"), multiselect=True
        )
    with gr.Row():
        lists = [
            gr.Textbox(label=t(f"export.only_{name}"), max_length=LONGEST_LIST)
            for name in ("sources", "reviewers", "tags")
        ]
    with gr.Row():
        times = [
            gr.Textbox(
                label=t(f"export.answered_{name}"),
                placeholder="2026-11-30T08:00",
                max_length=_LONGEST_TIME,
            )
            for name in ("from", "before")
        ]
        changed = gr.Checkbox(label=t("export.only_changed"))
    return [kind, rows, mark, labels, states, *lists, *times, changed]


def asked_for(
    kind: str,
    rows: str,
    mark: str,
    labels: Sequence[str],
    states: Sequence[str],
    sources: str,
    reviewers: str,
    tags: str,
    answered_from: str,
    answered_before: str,
) -> ExportRequest:
    """The export that the form asks for, whenever what it tells has changed.

    Raises:
        InputError: a field holds what no page offers, or a time that is none.
    """
    request = ExportRequest(
        _choice(ExportKind, kind),
        Selection(
            labels=frozenset(_choice(LabelValue, one) for one in labels or ()),
            states=frozenset(_choice(ItemState, one) for one in states or ()),
            sources=_names(sources, ","),
            reviewers=_names(reviewers, ","),
            tags=_names(tags, ";"),
            mark=_choice(TriageFlag, mark) if mark else None,
            answered_from=_moment(answered_from),
            answered_before=_moment(answered_before),
        ),
        _choice(RowKind, rows),
    )
    if request.row_kind is RowKind.ANSWERS and request.kind.table is None:
        raise InputError(Text("export.answers_are_tables"))
    return request


def _choices(kind: Iterable[Any], name: str) -> list[tuple[str, str]]:
    return [(t(f"export.{name}_{one.value}"), one.value) for one in kind]


def _choice(kind: Any, value: Any) -> Any:
    """The member of ``kind`` that the page sent. Raises InputError for anything else."""
    try:
        return kind(value)
    except ValueError:
        raise InputError(Text("refusals.odd_call")) from None


def _names(text: str | None, by: str) -> frozenset[str]:
    if len(text or "") > LONGEST_LIST:
        raise InputError(Text("refusals.odd_call"))  # the field takes no more
    return frozenset(filter(None, map(str.strip, (text or "").split(by))))


def _moment(text: str | None) -> datetime | None:
    text = (text or "").strip()
    try:
        return moment_of(text) if text else None
    except InputError:
        raise InputError(Text("export.no_time", {"text": repr(text[:_LONGEST_TIME])})) from None
