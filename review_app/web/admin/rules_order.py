"""Queue order: which images people see first, after how long any image comes first, and costs."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, percent, t
from review_app.policy.costs import Costs
from review_app.queueing.options import QueueOptions
from review_app.queueing.order import Order
from review_app.web.admin.form import Field, OptionsForm, Values, allowed, held
from review_app.web.handlers import Call, Wiring, html, section

_LABELS = {"missed_fake": "missed", "false_alarm": "alarm", "reviewer_minute": "minute"}
"""The labels of costs, by their keys."""
_order = allowed(QueueOptions, "order", Text("order.choose"))
_WRONG_SHARE = Text("order.wrong_share")
_hours = allowed(QueueOptions, "deadline_hours", Text("order.wrong_deadline"))


def _deadline(value: float | None) -> Any:
    if value is None:
        raise InputError(Text("order.wrong_deadline"))
    return _hours(value or None)  # 0: there is none


def _cost(name: str) -> Field:
    take = allowed(Costs, name, Text("whatif.wrong_cost"))

    def cost(value: float | None) -> Any:
        if value is None:
            raise InputError(Text("order.fill_in"))
        return take(value)

    return Field(f"costs.{name}", f"order.{_LABELS[name]}", cost)


_FIELDS = (
    Field("order", "order.people_first", _order),
    Field("deadline_hours", "order.deadline", _deadline, lambda hours: hours or 0),
    *map(_cost, _LABELS),
    Field("random_share", "order.share", allowed(QueueOptions, "random_share", _WRONG_SHARE)),
)


class OrderPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._form = OptionsForm(app.queue_options, _FIELDS)

    def load(self, _call: Call) -> tuple[Markup, *Values]:
        """The order in use in words, and the fields."""
        return self._words(), *self._form.load()

    def refresh(self, _call: Call) -> Markup:
        """The words, but not the fields: somebody may be typing there."""
        return self._words()

    def save(self, call: Call, seen: Any, *values: Any) -> tuple[Markup, *Values]:
        """Put order, deadline and costs in force, and give what waits its new place."""
        return self._form.save(call.person, seen, values, self._saved)

    def _saved(self, _options: QueueOptions) -> str:
        moved = self._app.triage.reorder()
        placed = [t("order.moved", n=moved)] if moved else []
        return " ".join([t("order.saved"), *placed, self._in_use()])

    def _words(self) -> Markup:
        return Markup("<p>{}</p>").format(self._in_use())

    def _in_use(self) -> str:
        options, order = self._app.queue_options.current(), self._app.triage.order_in_use()
        words = t("order.in_use", order=order.text)
        if order is not options.order:
            words += f" {t('order.chosen', order=options.order.text)}"
        if order is Order.LEARNING:
            words += f" {t('order.chance', share=percent(options.random_share))}"
        hours = options.deadline_hours
        if order is not Order.OLDEST and hours:
            words += f" {t('order.overdue', n=hours)}"
        return words


def build_order(app: Application, blocks: gr.Blocks, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel = OrderPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    choices = [(f"{t(f'order.first_{order}')} ({order.text})", order.value) for order in Order]
    with section(t("order.title"), t("order.remark")):
        words = html()
        order = gr.Radio(choices, label=t("order.people_first"))
        with gr.Row():
            deadline = gr.Number(24, label=t("order.deadline"), minimum=0)
            missed = gr.Number(label=t("order.missed"), minimum=0)
            alarm = gr.Number(label=t("order.alarm"), minimum=0)
            minute = gr.Number(label=t("order.minute"), minimum=0)
            share = gr.Number(0.2, label=t("order.share"), minimum=0.05, maximum=1, step=0.05)
        save = gr.Button(t("order.save"))
        message, seen = html(), held()
    fields = [order, deadline, missed, alarm, minute, share]
    wiring.quick(blocks.load, panel.load, [words, *fields, seen])
    saved = wiring.slow(save.click, panel.save, [message, *fields, seen], [seen, *fields])
    for event in (saved.then, tab.select):
        wiring.quick(event, panel.refresh, [words])
