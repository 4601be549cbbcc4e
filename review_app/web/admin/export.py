"""Export: the labels with their provenance, and what each column means."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import t
from review_app.records.exports.columns import COLUMNS
from review_app.web.addresses import here
from review_app.web.admin.export_jobs import build_export_jobs
from review_app.web.handlers import Call, Wiring, html
from review_app.web.markup import notice, table

_PAGE = Markup("""
<h2>{title}</h2>
<p class="remark">{remark}</p>
<p class="downloads">
<a class="download" href="{exports}/labels.csv" download>{csv}</a>
<a class="download" href="{exports}/labels.jsonl" download>{jsonl}</a>
</p>
""")


class ExportTab:
    """The handler of the tab, when it is opened."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def held_back(self, _call: Call) -> Markup:
        """Which answers an export leaves out now."""
        words = self._app.policies.not_final()
        return notice(f"{words} {t('export.left_out')}") if words else Markup()


def build_export(app: Application, tab: gr.Tab) -> None:
    """Add the tab's components to the open context. The routes behind the links check the role."""
    left_out = html()
    texts = {name: t(f"export.{name}") for name in ("title", "remark", "csv", "jsonl")}
    html(_PAGE.format(**texts, exports=here("/exports")))
    build_export_jobs(app, tab)
    html(columns())
    Wiring(app, Permission.EXPORT).quick(tab.select, ExportTab(app).held_back, [left_out])


def columns() -> Markup:
    """What each column of an export means, as a table."""
    name = Markup('<span lang="en">{}</span>')
    rows = [(name.format(column.name), t(column.description)) for column in COLUMNS]
    return table(t("export.columns"), (t("export.column"), t("export.meaning")), rows)
