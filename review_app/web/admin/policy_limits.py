"""How much of the queue one person may see without answering, and how long they may hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, t
from review_app.web.admin.form import Field, OptionsForm, Values, held
from review_app.web.handlers import Call, Wiring, html, section


def _within(name: str, least: float, most: float, *, whole: bool = True) -> Callable[[Any], float]:
    """A reader that takes numbers between ``least`` and ``most``."""

    def take(value: float | None) -> float:
        fits = value is not None and least <= value <= most
        if value is None or not fits or (whole and not float(value).is_integer()):
            bounds = {"least": f"{least:g}", "most": f"{most:g}"}
            raise InputError(Text("rules.wrong_limit", {"what": Text(f"rules.{name}"), **bounds}))
        return round(value) if whole else value

    return take


_FIELDS = tuple(
    Field(name, f"rules.{name}", take)
    for name, take in {
        "hold_hours": _within("hold_hours", 0.1, 24 * 7, whole=False),
        "skips_per_minute": _within("skips_per_minute", 1, 1000),
        "skips_per_day": _within("skips_per_day", 1, 100_000),
        "new_per_hour": _within("new_per_hour", 10, 100_000),
    }.items()
)


class LimitsPanel:
    """What the panel's button does."""

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
