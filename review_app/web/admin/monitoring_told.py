"""Who is told: of alarms by mail or into a channel, of decisions by webhook; and what became of the
telling."""

from __future__ import annotations

from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, current_language, listed, significant, t
from review_app.notifications.messages import ALERTS, ITEMS
from review_app.notifications.subscriptions import (
    MAX_ADDRESS,
    MAX_NAME,
    MAX_OVERLAP,
    USUAL_OVERLAP,
    DeliveryView,
    MadeSubscription,
    NewSubscription,
    SubscriptionView,
)
from review_app.notifications.worker import KEPT
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.copying import COPYING, to_be_copied
from review_app.web.handlers import Call, Wiring, held_as, html, section, show_by_permission
from review_app.web.markup import Content, Tone, long, moment, notice, recorded, table
from storage.enums import Channel, DeliveryState, Topic

SHOWN = 10
"""Deliveries that are shown of all, the newest."""


class EndedSubscription(BaseModel):
    """The subscription that is ended."""

    id: int


class ToldPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def load(self, _call: Call) -> tuple[Markup, Any]:
        """Who is told, and what was told last; and the subscriptions as choices."""
        views = self._app.subscriptions.all()
        last = {view.id: self._app.subscriptions.deliveries(view.id, SHOWN) for view in views}
        words = Markup('<div class="watched">{}{}</div>').format(
            _subscriptions(views, last), _deliveries(views, last)
        )
        return words, gr.update(choices=[(_choice(view), view.id) for view in views], value=None)

    def topics(self, _call: Call, channel: str | None) -> tuple[str, Any]:
        """What may be chosen of a channel; what most want of it is chosen at first."""
        usual = ITEMS if channel == Channel.WEBHOOK else ALERTS
        return "", gr.update(choices=_topics(channel), value=[topic.value for topic in usual])

    def add(
        self,
        call: Call,
        name: str | None,
        channel: str | None,
        address: str | None,
        topics: list[str] | None,
    ) -> tuple[Any, ...]:
        """Have somebody told from now on; a secret is shown with this answer, and never again."""
        wanted = NewSubscription(
            name or "",
            _channel(channel),
            address or "",
            tuple(_topic(word) for word in topics or []),
            None,
            current_language(),
        )
        made = self._app.subscriptions.add(wanted, call.person.name)
        message = notice(t("told.added", name=made.view.name), Tone.DONE)
        return message, _once(made), *self.load(call), "", ""

    def test(self, call: Call, number: int | None) -> tuple[Any, ...]:
        """Send a test."""
        view = self._chosen(number)
        self._app.subscriptions.test(view.id)
        self._app.deliveries.wake()
        return notice(t("told.test_sent", name=view.name), Tone.DONE), *self.load(call)

    def retry(self, call: Call, number: int | None) -> tuple[Any, ...]:
        """Have tried again what was given up."""
        view = self._chosen(number)
        n = self._app.subscriptions.retry(view.id)
        self._app.deliveries.wake()
        return notice(t("told.retried", n=n), Tone.DONE if n else Tone.NOTE), *self.load(call)

    def drop(self, call: Call, number: int | None) -> tuple[Any, ...]:
        """Let go what was given up."""
        n = self._app.subscriptions.drop(self._chosen(number).id)
        return notice(t("told.dropped", n=n), Tone.DONE if n else Tone.NOTE), *self.load(call)

    def pause(self, call: Call, number: int | None) -> tuple[Any, ...]:
        """Tell nothing until that is taken back."""
        view = self._app.subscriptions.pause(self._chosen(number).id, call.person.name)
        words = t("told.paused", name=view.name, n=KEPT.days)
        return notice(words, Tone.DONE), *self.load(call)

    def resume(self, call: Call, number: int | None) -> tuple[Any, ...]:
        """Tell what has waited, and go on."""
        view = self._app.subscriptions.resume(self._chosen(number).id, call.person.name)
        self._app.deliveries.wake()
        return notice(t("told.resumed", name=view.name), Tone.DONE), *self.load(call)

    def rotate(self, call: Call, number: int | None, hours: float | None) -> tuple[Any, ...]:
        """Have a webhook sign with another secret, which is shown with this answer alone."""
        view = self._chosen(number)
        overlap = USUAL_OVERLAP if hours is None else hours
        made = self._app.subscriptions.rotate(view.id, call.person.name, overlap)
        words = t("told.rotated", name=view.name, hours=significant(overlap, 3))
        return notice(words, Tone.DONE), _once(made), *self.load(call)

    def ask_remove(self, _call: Call, number: int | None) -> Question:
        """The question before somebody is told no more."""
        view = self._chosen(number)
        return Question(t("told.ask_remove", name=view.name), EndedSubscription(id=view.id))

    def remove(self, call: Call, asked: Any) -> tuple[Any, ...]:
        """Tell no more whom it was asked about."""
        number = held_as(EndedSubscription, asked).id
        view = self._app.subscriptions.remove(number, call.person.name)
        return notice(t("told.removed", name=view.name), Tone.DONE), *self.load(call)

    def _chosen(self, number: int | None) -> SubscriptionView:
        if number is None:
            raise InputError(Text("told.choose"))
        return self._app.subscriptions.get(number)


def build_told(app: Application, tab: gr.Tab) -> None:
    """Add the panel to the open context."""
    panel, wiring = ToldPanel(app), Wiring(app, Permission.MANAGE_NOTIFICATIONS)
    with section(t("told.title"), t("told.remark")) as part:
        told, message = html(), html()
        once = gr.HTML(apply_default_css=False, js_on_load=COPYING)
        with gr.Row():
            name = gr.Textbox(label=t("told.name"), max_length=MAX_NAME)
            choices = [(t(f"told.channel_{one}"), one.value) for one in Channel]
            channel = gr.Radio(
                choices, value=Channel.MAIL.value, label=t("told.channel"), min_width=280
            )
            address = gr.Textbox(label=t("told.address"), max_length=MAX_ADDRESS)
        alarms = [topic.value for topic in ALERTS]
        topics = gr.CheckboxGroup(_topics(Channel.MAIL), value=alarms, label=t("told.topics"))
        add = gr.Button(t("told.add"), variant="primary")
        with gr.Row():
            which = gr.Dropdown([], label=t("told.which"), value=None)
            test = gr.Button(t("told.test"))
            retry = gr.Button(t("told.retry"))
            drop = gr.Button(t("told.drop"))
            remove = gr.Button(t("told.remove"))
        with gr.Row(equal_height=True):
            pause = gr.Button(t("told.pause"))
            resume = gr.Button(t("told.resume"))
            overlap = gr.Number(
                USUAL_OVERLAP, label=t("told.overlap"), minimum=0, maximum=MAX_OVERLAP
            )
            rotate = gr.Button(t("told.rotate"))
        confirm = Confirm(t("told.yes"))
    show_by_permission(app, [(part, Permission.MANAGE_NOTIFICATIONS)])
    shown = [told, which]
    wiring.quick(tab.select, panel.load, shown)
    wiring.quick(channel.input, panel.topics, [message, topics], [channel])
    made = [message, once, *shown, name, address]
    wiring.quick(add.click, panel.add, made, [name, channel, address, topics])
    plain = (
        *((test, panel.test), (retry, panel.retry), (drop, panel.drop)),
        *((pause, panel.pause), (resume, panel.resume)),
    )
    for button, action in plain:
        wiring.quick(button.click, action, [message, *shown], [which])
    wiring.quick(rotate.click, panel.rotate, [message, once, *shown], [which, overlap])
    confirm.ask(wiring, remove, panel.ask_remove, [which])
    confirm.withdraw(which.input)
    confirm.then(wiring, panel.remove, [message, *shown])


def _topics(channel: str | None) -> list[tuple[Any, str]]:
    known = (*ALERTS, *ITEMS) if channel == Channel.WEBHOOK else ALERTS
    return [(t(f"told.topic_{_key(topic)}"), topic.value) for topic in known]


def _key(topic: Topic) -> str:
    return topic.value.replace(".", "_")


def _topic(word: str) -> Topic:
    try:
        return Topic(word)
    except ValueError:
        raise InputError(Text("told.unknown_topic", {"topic": repr(word)})) from None


def _channel(word: str | None) -> Channel:
    try:
        return Channel(word or "")
    except ValueError:
        raise InputError(Text("told.choose_channel")) from None


def _choice(view: SubscriptionView) -> str:
    return t("told.choice", number=str(view.id), name=view.name)


def _once(made: MadeSubscription) -> Markup:
    if made.secret is None:
        return Markup()
    words = t("told.secret", name=made.view.name)
    return to_be_copied(words, made.secret, t("tokens.copy"), t("tokens.copied"))


def _subscriptions(views: list[SubscriptionView], last: dict[int, list[DeliveryView]]) -> Markup:
    if not views:
        return Markup('<p class="remark">{}</p>').format(t("told.nobody"))
    rows: list[tuple[Content, ...]] = [
        (
            str(view.id),
            view.name,
            t(f"told.channel_{view.channel}"),
            view.address,
            long(listed([t(f"told.topic_{_key(topic)}") for topic in view.topics])),
            view.made_by,
            _delivered(view, last[view.id]),
            view.backlog.open,
            view.backlog.dead,
        )
        for view in views
    ]
    names = ("number", "name", "channel", "address", "topics", "by", "last", "open", "dead")
    return table(t("told.who"), [t(f"told.{name}") for name in names], rows)


def _delivered(view: SubscriptionView, deliveries: list[DeliveryView]) -> Markup | str:
    """The time of what was taken last; of what is paused, since when."""
    if view.paused_at is not None:
        return Markup("{} {}").format(t("told.paused_since"), moment(view.paused_at))
    taken = [one.at for one in deliveries if one.state is DeliveryState.DELIVERED]
    return moment(taken[0]) if taken else t("told.never")


def _deliveries(views: list[SubscriptionView], last: dict[int, list[DeliveryView]]) -> Markup:
    found = [(view, one) for view in views for one in last[view.id]]
    newest = sorted(found, key=lambda pair: -pair[1].event)[:SHOWN]
    if not newest:
        return Markup()
    rows: list[tuple[Content, ...]] = [
        (
            moment(one.at),
            view.name,
            t(f"told.topic_{_key(one.topic)}"),
            t(f"told.state_{one.state}"),
            one.attempts,
            "" if one.due_at is None or not one.attempts else moment(one.due_at),
            long(recorded(one.error or "")),
        )
        for view, one in newest
    ]
    names = ("at", "name", "topic", "state", "attempts", "next", "error")
    return table(t("told.deliveries"), [t(f"told.{name}") for name in names], rows)
