"""How much of the queue one person may see without answering, and how long they may hold it."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError
from review_app.permissions import Permission
from review_app.review.options import ReviewOptions, change_options, read_options
from review_app.web.handlers import Call, Wiring, html, section
from review_app.web.markup import Tone, notice
from review_app.words import Text, t


@dataclass(frozen=True)
class _Field:
    """A number of `ReviewOptions`, and its bounds."""

    name: str
    least: float
    most: float
    precision: int | None = 0

    def takes(self, value: float) -> bool:
        """Whether the number may be ``value``."""
        is_whole = self.precision is None or float(value).is_integer()
        return self.least <= value <= self.most and is_whole


_FIELDS = (
    _Field("hold_hours", 0.1, 24 * 7, None),
    _Field("skips_per_minute", 1, 1000),
    _Field("skips_per_day", 1, 100_000),
    _Field("new_per_hour", 10, 100_000),
)


class LimitsPanel:
    """What the panel's button does."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[str | float, ...]:
        """The limits now."""
        with self._app.database.read() as repos:
            options = read_options(repos)
        return "", *(getattr(options, field.name) for field in _FIELDS)

    def save(self, call: Call, *values: float | None) -> Markup:
        """Change the limits; what was skipped or handed out before counts under the new ones."""
        given = {}
        for field, value in zip(_FIELDS, values, strict=True):
            if value is None or not field.takes(value):
                bounds = {"least": f"{field.least:g}", "most": f"{field.most:g}"}
                what = Text(f"rules.{field.name}")
                raise InputError(Text("rules.wrong_limit", {"what": what, **bounds}))
            given[field.name] = value if field.precision is None else round(value)
        with self._app.database.read() as repos:
            kept = read_options(repos).model_dump()
        change_options(self._app.database, call.person, ReviewOptions.model_validate(kept | given))
        return notice(t("rules.limits_saved"), Tone.DONE)


def build_limits(app: Application, blocks: gr.Blocks) -> None:
    """Add the panel to the open context."""
    panel = LimitsPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    with section(t("rules.limits"), t("rules.limits_info")):
        with gr.Row():
            fields = [
                gr.Number(label=t(f"rules.{field.name}"), precision=field.precision, min_width=200)
                for field in _FIELDS
            ]
        save = gr.Button(t("rules.limits_save"))
        message = html()
    wiring.quick(blocks.load, panel.load, [message, *fields])
    wiring.quick(save.click, panel.save, [message], fields)
