"""Queue order: which images people see first, after how long any image comes first, and costs."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from review_app.bootstrap import Application
from review_app.errors import InputError
from review_app.permissions import Permission
from review_app.review.order import Order
from review_app.triage.options import (
    QueueOptions,
    change_queue_options,
    order_in_use,
    read_queue_options,
)
from review_app.web.admin.policy_whatif import prices
from review_app.web.handlers import Call, Refresh, Wiring, html, section
from review_app.web.markup import Tone, notice
from review_app.words import Text, significant, t

Values = tuple[str, float, float, float, float]


class OrderPanel:
    """What the panel's buttons do."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, *Values]:
        """The order in use in words, and the fields."""
        with self._app.database.read() as repos:
            options = read_queue_options(repos)
        costs = options.costs
        prices_now = (costs.missed_fake, costs.false_alarm, costs.reviewer_minute)
        return self._words(), options.order.value, options.deadline_hours or 0, *prices_now

    def refresh(self, _call: Call) -> Markup:
        """The words, but not the fields: somebody may be typing there."""
        return self._words()

    def save(
        self,
        call: Call,
        order: str | None,
        deadline: float | None,
        missed: float | None,
        alarm: float | None,
        minute: float | None,
    ) -> Markup:
        """Put order, deadline and costs in force, and give what waits its new place."""
        if order not in set(Order):
            raise InputError(Text("order.choose"))
        if deadline is None or not 0 <= deadline <= 24 * 365:
            raise InputError(Text("order.wrong_deadline"))
        if missed is None or alarm is None or minute is None:
            raise InputError(Text("order.fill_in"))
        options = QueueOptions(
            order=Order(order),
            deadline_hours=deadline or None,
            costs=prices(missed, alarm, minute),
        )
        change_queue_options(self._app.database, call.person, options)
        moved = self._app.triage.reorder()
        placed = [t("order.moved", n=moved)] if moved else []
        return notice(" ".join([t("order.saved"), *placed, self._in_use()]), Tone.DONE)

    def _words(self) -> Markup:
        return Markup("<p>{}</p>").format(self._in_use())

    def _in_use(self) -> str:
        with self._app.database.read() as repos:
            options, order = read_queue_options(repos), order_in_use(repos)
        words = t("order.in_use", order=order.words)
        if order is not options.order:
            words += f" {t('order.chosen', order=options.order.words)}"
        hours = options.deadline_hours
        if order is not Order.OLDEST and hours:
            words += f" {t('order.overdue', n=1 if hours == 1 else significant(hours, 6))}"
        return words


def build_order(app: Application, blocks: gr.Blocks) -> Refresh:
    """Add the panel to the open context; what draws its words anew after an event."""
    panel = OrderPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    choices = [(f"{t(f'order.first_{order}')} ({order.words})", order.value) for order in Order]
    with section(t("order.title"), t("order.remark")):
        words = html()
        order = gr.Radio(choices, label=t("order.people_first"))
        with gr.Row():
            deadline = gr.Number(24, label=t("order.deadline"), minimum=0)
            missed = gr.Number(label=t("order.missed"), minimum=0)
            alarm = gr.Number(label=t("order.alarm"), minimum=0)
            minute = gr.Number(label=t("order.minute"), minimum=0)
        save = gr.Button(t("order.save"))
        message = html()
    fields = [order, deadline, missed, alarm, minute]
    wiring.quick(blocks.load, panel.load, [words, *fields])
    saved = wiring.slow(save.click, panel.save, [message], fields)
    wiring.quick(saved.then, panel.refresh, [words])
    return lambda event: wiring.quick(event, panel.refresh, [words])
