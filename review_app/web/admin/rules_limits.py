"""A panel of limits: how much of the queue one person may see without answering, and how long they
may hold it."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.policy.review_options import ReviewOptions
from review_app.web.admin.form import Field, OptionsForm, Values, allowed, held
from review_app.web.handlers import Call, Wiring, html, section


def _number(name: str) -> Field:
    bounds = ReviewOptions.model_json_schema()["properties"][name]
    least, most = f"{bounds['minimum']:g}", f"{bounds['maximum']:g}"
    wrong = Text("rules.wrong_limit", {"what": Text(f"rules.{name}"), "least": least, "most": most})
    return Field(name, f"rules.{name}", allowed(ReviewOptions, name, wrong))


_FIELDS = tuple(map(_number, ("hold_hours", "skips_per_minute", "skips_per_day", "new_per_hour")))


class LimitsPanel:
    """The handler of the panel's button."""

    def __init__(self, app: Application) -> None:
        self._form = OptionsForm(app.review_options, _FIELDS)

    def load(self, _call: Call) -> tuple[str, *Values]:
        """The limits now."""
        return "", *self._form.load()

    def save(self, call: Call, seen: Any, *values: float | None) -> tuple[Markup, *Values]:
        """Change the limits; what was skipped or handed out before counts under the new ones."""
        return self._form.save(call.person, seen, values, lambda _: t("rules.limits_saved"))


def build_limits(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = LimitsPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("rules.limits"), t("rules.limits_info")):
        with gr.Row():
            fields = [
                gr.Number(
                    label=t(field.label),
                    precision=None if field.path == "hold_hours" else 0,
                    min_width=200,
                )
                for field in _FIELDS
            ]
        save = gr.Button(t("rules.limits_save"))
        message, seen = html(), held()
    form = [message, *fields, seen]
    wiring.quick(blocks.load, panel.load, form)
    wiring.quick(save.click, panel.save, form, [seen, *fields])
