"""The deployment's other queues: who works in which, a new one, and the end of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from markupsafe import Markup
from pydantic import BaseModel

from review_app.bootstrap import Application
from review_app.core.errors import ChangedSinceError, ConflictError, InputError
from review_app.core.permissions import Permission
from review_app.i18n import Text, listed, t
from review_app.people import HOME, MAX_TITLE, DeskBook, DeskView
from review_app.web.addresses import prefix_of
from review_app.web.admin.confirm import Confirm, Question
from review_app.web.admin.form import held
from review_app.web.handlers import Call, Wiring, held_as, html, refusal, section
from review_app.web.markup import Tone, long, notice, table
from storage.enums import Role

MAX_NAME = 32


class TakenPlace(BaseModel):
    """Somebody's place in a queue, which is taken from them."""

    desk: str
    name: str


class Opening(BaseModel):
    """The queue that is closed or opened again."""

    desk: str
    open: bool


class DesksPanel:
    """The handlers of the panel's buttons."""

    def __init__(self, app: Application, desks: DeskBook) -> None:
        self._app = app
        self._desks = desks

    def load(self, _call: Call) -> tuple[Markup, Any, Any, Any, dict[str, str]]:
        """The queues, as a table and as choices; who there is; and, for the page to hold, what each
        queue is called, by its name, and who has which role where, by both names."""
        views = self._desks.all()
        own = [(view.title, view.name) for view in views]
        names = [one.name for one in self._app.people.all() if not one.disabled]
        every = [(t("desks.main"), HOME), *own]
        return (
            _table(views),
            gr.update(choices=every),
            gr.update(choices=own),
            gr.update(choices=names),
            {view.name: view.title for view in views}
            | {
                f"{view.name}/{seat.name}": seat.role.value
                for view in views
                for seat in view.members
            },
        )

    def add(self, call: Call, name: str | None, title: str | None) -> tuple[Any, ...]:
        """Make a queue that nobody works in yet."""
        view = self._desks.add((name or "").strip(), title or "", call.person.name)
        words = t("desks.added", title=view.title)
        return notice(words, Tone.DONE), *self.load(call), "", ""

    def give(
        self, call: Call, desk: str | None, who: str | None, role: str | None, seen: Any = None
    ) -> tuple[Any, ...]:
        """Give somebody a place in a queue, or another role there than the page shows; whoever was
        quicker is told of."""
        place = _place(desk, who)
        if role not in set(Role):
            raise InputError(Text("people.choose_role"))
        shown = seen.get(f"{place.desk}/{place.name}", "") if isinstance(seen, dict) else None
        try:
            self._desks.add_member(place.desk, place.name, Role(role), call.person.name, shown)
        except ChangedSinceError as error:
            return refusal(error), *self.load(call)
        words = t("desks.gave", name=place.name, title=self._title(place.desk))
        return notice(words, Tone.DONE), *self.load(call)

    def ask_take(self, _call: Call, desk: str | None, who: str | None) -> Question:
        """The question before somebody's place is taken."""
        place = _place(desk, who)
        words = t("desks.ask_take", name=place.name, title=self._title(place.desk))
        return Question(words, place)

    def take(self, call: Call, asked: Any) -> tuple[Any, ...]:
        """Take the place that was asked about; whoever was quicker is told of."""
        place = held_as(TakenPlace, asked)
        try:
            self._desks.remove_member(place.desk, place.name, call.person.name)
        except ConflictError as error:
            return refusal(error), *self.load(call)
        words = t("desks.took", name=place.name, title=self._title(place.desk))
        return notice(words, Tone.DONE), *self.load(call)

    def ask_switch(self, _call: Call, desk: str | None) -> Question:
        """The question before a queue is closed or opened again."""
        view = self._desks.get(_chosen(desk))
        key = "desks.ask_reopen" if view.is_closed else "desks.ask_close"
        about = Opening(desk=view.name, open=view.is_closed)
        return Question(t(key, title=view.title, n=len(view.members)), about)

    def switch(self, call: Call, asked: Any) -> tuple[Any, ...]:
        """Close or open the queue, as was asked; whoever was quicker is told of."""
        about = held_as(Opening, asked)
        try:
            view = self._desks.set_open(about.desk, about.open, call.person.name)
        except ConflictError as error:
            return refusal(error), *self.load(call)
        key = "desks.closed_now" if view.is_closed else "desks.reopened_now"
        return notice(t(key, title=view.title), Tone.DONE), *self.load(call)

    def rename(
        self, call: Call, desk: str | None, title: str | None, seen: Any = None
    ) -> tuple[Any, ...]:
        """Call a queue something else than the page shows; its address stays. Whoever was quicker
        is told of, and what was typed stays."""
        name = _chosen(desk)
        shown = seen.get(name) if isinstance(seen, dict) else None
        try:
            view = self._desks.rename(name, title or "", call.person.name, shown)
        except ConflictError as error:
            return refusal(error), *self.load(call), title
        return notice(t("desks.renamed", title=view.title), Tone.DONE), *self.load(call), ""

    def _title(self, desk: str) -> str:
        return t("desks.main") if desk == HOME else self._desks.get(desk).title


def build_desks(
    app: Application, desks: DeskBook, blocks: gr.Blocks, tab: gr.Tab, roles: Sequence[Role]
) -> None:
    """Add the panel to the open context. ``roles``: in the order in which they are offered."""
    panel, wiring = DesksPanel(app, desks), Wiring(app, Permission.MANAGE_PEOPLE)
    with section(t("desks.title"), t("desks.remark")):
        every, message = html(), html()
        with gr.Row():
            name = gr.Textbox(label=t("desks.new_name"), max_length=MAX_NAME)
            title = gr.Textbox(label=t("desks.new_title"), max_length=MAX_TITLE)
            add = gr.Button(t("desks.add"), variant="primary")
        with gr.Row():
            desk = gr.Dropdown([], label=t("desks.queue"), value=None)
            who = gr.Dropdown([], label=t("people.person"), value=None)
            choices = [(t(f"people.role_{role}"), role.value) for role in roles]
            role = gr.Radio(
                choices, value=Role.REVIEWER.value, label=t("people.role"), min_width=240
            )
        with gr.Row():
            give = gr.Button(t("desks.give"), variant="primary")
            take = gr.Button(t("desks.take"))
        leaving = Confirm(t("desks.yes_take"))
        with gr.Row():
            which = gr.Dropdown([], label=t("desks.which"), value=None)
            other = gr.Textbox(label=t("desks.other_title"), max_length=MAX_TITLE)
            rename = gr.Button(t("desks.rename"))
            switch = gr.Button(t("desks.switch"))
        closing = Confirm(t("desks.yes_switch"))
    seen = held()
    shown = [every, desk, which, who, seen]
    for event in (blocks.load, tab.select):
        wiring.quick(event, panel.load, shown)
    wiring.quick(add.click, panel.add, [message, *shown, name, title], [name, title])
    wiring.quick(give.click, panel.give, [message, *shown], [desk, who, role, seen])
    leaving.ask(wiring, take, panel.ask_take, [desk, who])
    leaving.withdraw(desk.input)
    leaving.withdraw(who.input)
    leaving.then(wiring, panel.take, [message, *shown])
    wiring.quick(rename.click, panel.rename, [message, *shown, other], [which, other, seen])
    closing.ask(wiring, switch, panel.ask_switch, [which])
    closing.withdraw(which.input)
    closing.then(wiring, panel.switch, [message, *shown])


def _place(desk: str | None, who: str | None) -> TakenPlace:
    if not who:
        raise InputError(Text("people.choose_person"))
    return TakenPlace(desk=_chosen(desk), name=who)


def _chosen(desk: str | None) -> str:
    if not desk:
        raise InputError(Text("desks.choose"))
    return desk


def _table(views: list[DeskView]) -> Markup:
    if not views:
        return Markup('<p class="remark">{}</p>').format(t("desks.none"))
    rows = [
        (
            view.title,
            Markup('<a class="address" href="{0}/">{0}/</a>').format(prefix_of(view.name)),
            long(_members(view)),
            t("desks.state_closed" if view.is_closed else "desks.state_open"),
        )
        for view in views
    ]
    headers = [t(f"desks.{name}") for name in ("queue", "address", "members", "state")]
    return table(t("desks.all"), headers, rows)


def _members(view: DeskView) -> str:
    names = [t("desks.member", name=s.name, role=t(f"people.{s.role}")) for s in view.members]
    return listed(names) if names else t("desks.nobody")
