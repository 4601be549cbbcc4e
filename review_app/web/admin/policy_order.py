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
from review_app.triage.wording import count
from review_app.web.admin.policy_whatif import prices
from review_app.web.handlers import Call, Refresh, Wiring, html, section
from review_app.web.markup import Tone, notice

ORDERS = {
    Order.OLDEST: "the oldest",
    Order.RISK: "where a look avoids the highest cost",
    Order.LEARNING: "where a label teaches the detector most",
}
_REMARK = (
    "Audited images are hidden in every order. Verdicts on images placed by anything but age never "
    "count for a certificate, so the order is by age while auto-accept is off."
)
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
            raise InputError("choose which images people see first")
        if deadline is None or not 0 <= deadline <= 24 * 365:
            raise InputError("the deadline is a number of hours from 0 (none) to 8760")
        if missed is None or alarm is None or minute is None:
            raise InputError("fill in every cost with a number")
        options = QueueOptions(
            order=Order(order),
            deadline_hours=deadline or None,
            costs=prices(missed, alarm, minute),
        )
        change_queue_options(self._app.database, call.person, options)
        moved = self._app.triage.reorder()
        placed = f" {count(moved, 'waiting image')} got a new place." if moved else ""
        return notice(f"Saved.{placed} {self._in_use()}", Tone.DONE)

    def _words(self) -> Markup:
        return Markup("<p>{}</p>").format(self._in_use())

    def _in_use(self) -> str:
        with self._app.database.read() as repos:
            options, order = read_queue_options(repos), order_in_use(repos)
        words = f"In use: {order.words}."
        if order is not options.order:
            words += f" Chosen for when auto-accept is on: {options.order.words}."
        if order is not Order.OLDEST and options.deadline_hours:
            words += f" Images that have waited {options.deadline_hours:g} hours come before all."
        return words


def build_order(app: Application, blocks: gr.Blocks) -> Refresh:
    """Add the panel to the open context; what draws its words anew after an event."""
    panel = OrderPanel(app)
    wiring = Wiring(app, Permission.MANAGE_POLICY)
    choices = [(f"{words} ({order.words})", order.value) for order, words in ORDERS.items()]
    with section("The order of the queue", _REMARK):
        words = html()
        order = gr.Radio(choices, label="People see first")
        with gr.Row():
            deadline = gr.Number(24, label="Deadline, hours (0: none)", minimum=0)
            missed = gr.Number(label="A missed fake costs", minimum=0)
            alarm = gr.Number(label="A false alarm costs", minimum=0)
            minute = gr.Number(label="A reviewer's minute costs", minimum=0)
        save = gr.Button("Save and reorder")
        message = html()
    fields = [order, deadline, missed, alarm, minute]
    wiring.quick(blocks.load, panel.load, [words, *fields])
    saved = wiring.slow(save.click, panel.save, [message], fields)
    wiring.quick(saved.then, panel.refresh, [words])
    return lambda event: wiring.quick(event, panel.refresh, [words])
